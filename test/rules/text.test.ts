/** Words that must not be in the repository: places of one machine, unfinished work, tests that do not run. */
import { expect, it } from 'vitest'
import { filesBelow, isGenerated, isSource, isTest, read } from './sources.ts'

const self = 'test/rules/text.test.ts'
const texts = filesBelow('.').filter(
  (path) => /\.(ts|mts|js|mjs|json|sql|md|yaml|yml|txt)$|^\.ci\//.test(path) && path !== self,
)
const sources = texts.filter((path) => isSource(path) && !isGenerated(path))

/** `file:line` of every match. */
function matches(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  )
}

it('sees the files', () => {
  expect(texts.length).toBeGreaterThan(150)
  expect(sources.length).toBeGreaterThan(80)
})

it('names no place of one machine', () => {
  expect(matches(texts, /(^|[\s'"`(=])\/(work|home|root|Users)\//)).toEqual([])
  expect(matches(sources, /['"`]\/tmp\b/)).toEqual([])
})

it('names no registry host: the client knows its own', () => {
  expect(matches(texts, /\bregistry\.[a-z0-9-]+\.[a-z]+|^\s*registry\s*=/i)).toEqual([])
})

it('holds no unfinished work', () => {
  expect(matches(sources, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([])
})

it('has no test that is skipped or runs alone', () => {
  // A capability of an engine is asked by name (skipIf); anything else that does not run is a test that lies.
  expect(matches(sources.filter(isTest), /\b(it|test|describe)\.(skip|only|todo|fails)\b|\bx(it|describe)\(/)).toEqual(
    [],
  )
})

it('never drops what depends on a thing it drops', () => {
  const drop = /\bdrop\s+(schema|table|view|materialized|function|index|type)\b.*\bcascade\b/i
  // A throwaway test database is emptied of everything: nobody else's data is in it.
  const emptied = 'packages/sdk/src/testing/test-database.ts'
  const places = sources.filter((path) => path !== emptied)
  expect(matches(places, drop)).toEqual([])
})

/** Every code a user can meet has a page, a test that produces it, and a hint or a reason for none. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { codes } from '@viewcast/compiler'
import { describe, expect, it } from 'vitest'
import { filesBelow, isSource, isTest, read, root } from './sources.ts'

const all = Object.keys(codes) as (keyof typeof codes)[]
const pageOf = (code: string): string => `docs/errors/${code.replace('/', '-')}.md`
const tests = ['packages', 'test']
  .flatMap(filesBelow)
  .filter((path) => isTest(path) && path !== 'test/rules/codes.test.ts')
  .map(read)

const isRegistry = (path: string): boolean => /^packages\/compiler\/src\/diagnostics\/([a-z]+-)?codes\.ts$/.test(path)
const sources = filesBelow('packages')
  .filter((path) => isSource(path) && !isTest(path) && !isRegistry(path))
  .map(read)

/** Codes that give no hint, because the sentence leaves nothing to add. */
const withoutHint: Readonly<Record<string, string>> = {
  'view/cycle': 'the circle is in the sentence; which view to change is the reader’s choice',
  'model/label-as-input': 'the sentence names the column to remove',
  'engine/interrupted': 'the user did it',
  'compile/identifier': 'the detail says what is wrong with the name',
  'compile/literal': 'the detail says what is wrong with the value',
  'run/not-active': 'there is nothing to do but to look at the runs',
  'project/load': 'the detail is the message of whatever the file threw',
  'project/no-file': 'the sentence names the file that is missing',
  'project/duplicate-name': 'the sentence names the definition to rename',
}
/** Hints that only come with parameters, such as the nearest name or what the server adds. */
const hintParameters = { near: 'price', hint: 'a hint of the place it was raised', detail: 'd', view: 'v', model: 'm' }

/** Every sentence of a code, whichever of its parameters are there, with anything in their places. */
function sentences(code: keyof typeof codes): RegExp[] {
  const read = new Set<string>()
  const given = (absent: ReadonlySet<string>): Record<string, string> =>
    new Proxy({} as Record<string, string>, {
      get: (_, name: string) => {
        read.add(name)
        return absent.has(name) ? undefined : '\0'
      },
    })
  const found = new Set<string>()
  // What is read may depend on what is there: look again until nothing new is read.
  for (let known = -1; known < read.size; ) {
    known = read.size
    const names = [...read]
    for (let mask = 0; mask < 2 ** names.length; mask++) {
      found.add(codes[code].message(given(new Set(names.filter((_, i) => mask & (2 ** i))))))
    }
  }
  const literal = (text: string) => text.replaceAll('`', '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return [...found].map((text) => new RegExp(`^${text.split('\0').map(literal).join('.+')}$`, 's'))
}

it('sees the codes and the tests', () => {
  expect(all.length).toBeGreaterThan(40)
  expect(tests.length).toBeGreaterThan(20)
})

describe.each(all)('%s', (code) => {
  it('is a family and a name in kebab-case', () => {
    expect(code).toMatch(/^[a-z]+\/[a-z]+(-[a-z]+)*$/)
  })

  it('has a page of its own that says what to do', () => {
    expect(existsSync(join(root, pageOf(code))), pageOf(code)).toBe(true)
    const page = read(pageOf(code))
    expect(page).toContain(`# ${code}\n`)
    expect(page).toMatch(/\bWhat to do\b/)
  })

  it('has a page that quotes a sentence the code gives', () => {
    const quoted = /^> (.*)$/m.exec(read(pageOf(code)))?.[1]?.replaceAll('`', '')
    expect(
      sentences(code).some((sentence) => sentence.test(quoted ?? '')),
      quoted,
    ).toBe(true)
  })

  it('is raised somewhere', () => {
    expect(sources.some((text) => text.includes(`'${code}'`))).toBe(true)
  })

  it('is produced by a test', () => {
    expect(
      tests.some((text) => text.includes(`'${code}'`) || text.includes(`${code}:`) || text.includes(`"${code}"`)),
    ).toBe(true)
  })

  it('gives a hint, or a reason for none is on record', () => {
    const hint = codes[code].hint(hintParameters)
    expect(hint === undefined).toBe(code in withoutHint)
  })
})

it('has no page for a code that is gone', () => {
  const pages = filesBelow('docs/errors').filter((path) => !path.endsWith('/README.md'))
  expect(pages.filter((page) => !all.some((code) => pageOf(code) === page))).toEqual([])
})

it('puts no value of a row and no secret into a message', () => {
  const registry = filesBelow('packages').filter(isRegistry).map(read).join('\n')
  expect(registry).toContain("'model/record'")
  expect(registry.match(/p\['(row|password|secret|token|url)'\]/g)).toBeNull()
})

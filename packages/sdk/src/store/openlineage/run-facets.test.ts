import { expect, test } from 'vitest'
import { facetsOf } from './facet.ts'
import { jobFacets } from './run-facets.ts'
import type { RunRow } from './run-rows.ts'

const location = (source_uri: string | null, source_version: string | null = 'abc1234') =>
  jobFacets({ kind: 'train', source_uri, source_version } as RunRow, [], facetsOf('urn:test'))['sourceCodeLocation']

test('the code of a run is the page of its commit, without secrets', () => {
  const page = 'https://git.example.com/org/repo/tree/abc1234'
  for (const uri of [
    'https://git.example.com/org/repo.git',
    'https://me:s3cret@git.example.com/org/repo.git',
    'https://git.example.com/org/repo.git?token=s3cret',
    'git@git.example.com:org/repo.git',
    'ssh://git@git.example.com:2222/org/repo.git',
  ]) {
    const facet = location(uri)
    expect(facet?.['url'], uri).toBe(page)
    expect(facet?.['version']).toBe('abc1234')
    expect(JSON.stringify(facet)).not.toContain('s3cret')
  }
  expect(location('https://git.example.com/org/repo', null)?.['url']).toBe('https://git.example.com/org/repo')
})

test('a folder of one machine is no place to send anybody to', () => {
  for (const uri of [null, '/srv/repo.git', '../repo', 'C:\\repo', 'file:///srv/repo.git']) {
    expect(location(uri), String(uri)).toBeUndefined()
  }
})

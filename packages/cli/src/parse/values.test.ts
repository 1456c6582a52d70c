import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from './usage.ts'
import { readKeys } from './values.ts'

const directory = mkdtempSync(join(tmpdir(), 'viewcast-keys-'))
const keys = (...given: string[]) => readKeys(given, directory)

describe('--keys', () => {
  it('reads assignments, one entity per use', () => {
    expect(keys('origin=JFK,destination=LAX', 'origin = SFO , destination=')).toEqual([
      { origin: 'JFK', destination: 'LAX' },
      { origin: 'SFO', destination: '' },
    ])
    expect(readKeys(undefined, directory)).toBeUndefined()
  })

  it('lets quotes hold commas, equals signs and quotes', () => {
    expect(keys('name="Smith, J ""JJ""",note=a=b')).toEqual([{ name: 'Smith, J "JJ"', note: 'a=b' }])
  })

  it('reads a file with one object or several', () => {
    writeFileSync(join(directory, 'one.json'), '{"id": 7}')
    writeFileSync(join(directory, 'two.json'), '[{"id": 7}, {"id": null}]')
    expect(keys('@one.json')).toEqual([{ id: 7 }])
    expect(keys('id=1', '@two.json')).toEqual([{ id: '1' }, { id: 7 }, { id: null }])
  })

  it.each(['', 'JFK', 'origin=JFK,LAX', 'a=1,a=2', '=x', 'a="unclosed', '@missing.json', '@list.json'])(
    'refuses %j',
    (text) => {
      writeFileSync(join(directory, 'list.json'), '[1]')
      expect(() => keys(text)).toThrow(UsageError)
    },
  )
})

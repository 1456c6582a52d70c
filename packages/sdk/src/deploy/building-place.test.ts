import { expect, test } from 'vitest'
import { buildingSchema } from './building-place.ts'

const of = (schema: string, name: string) => buildingSchema({ schema, name }, 'next')

test('is named for the object, and told apart where the names join to one text', () => {
  expect(of('scoring', 'delay15')).toBe('scoring__delay15__next')
  const joined = [
    ['a', 'b__c'],
    ['a__b', 'c'],
    ['a_', 'b'],
    ['a', '_b'],
    ['a', 'b__c__next'],
    ['a__b__c', 'next'],
  ] as const
  expect(new Set(joined.map(([schema, name]) => of(schema, name))).size).toBe(joined.length)
})

test('at the longest names of the server stays as short as it takes, and different', () => {
  const schemas = ['s'.repeat(63), `${'s'.repeat(62)}t`, 'é'.repeat(31)]
  const names = ['n'.repeat(63), `${'n'.repeat(62)}o`, '日'.repeat(21), 'short']
  const all = schemas.flatMap((schema) => names.map((name) => of(schema, name)))
  expect(new Set(all).size).toBe(all.length)
  expect(all.filter((schema) => Buffer.byteLength(schema) > 63 || !schema.endsWith('__next'))).toEqual([])
})

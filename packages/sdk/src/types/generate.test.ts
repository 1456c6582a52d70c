import { emptyCatalog } from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { generateTypes } from './generate.ts'

const column = (name: string, type: string, nullable = false) => ({ name, type, nullable })
const catalog = {
  ...emptyCatalog,
  relations: [
    {
      schema: 'public',
      name: 'flights',
      kind: 'table' as const,
      indexes: [],
      columns: [column('id', 'int8'), column('delay', 'int4', true), column('at', 'timestamptz')],
    },
    {
      schema: 'public',
      name: 'odd-name',
      kind: 'view' as const,
      indexes: [],
      comment: 'ends */ here',
      columns: [column('a b', '_text', true)],
    },
    { schema: 'other', name: 'flights', kind: 'table' as const, indexes: [], columns: [column('price', 'numeric')] },
    { schema: 'viewcast', name: 'runs', kind: 'table' as const, indexes: [], columns: [column('id', 'int4')] },
  ],
}

test('writes an interface per relation and the DB Kysely takes, sorted', () => {
  const text = generateTypes(catalog)
  expect(text).toContain('export interface Flights {\n  at: Date\n  delay: number | null\n  id: Int8\n}')
  expect(text).toContain(
    `export interface DB {\n  flights: Flights\n  "odd-name": OddName\n  "other.flights": OtherFlights\n}`,
  )
  expect(text).toContain('/** ends * / here */')
  expect(text).toContain('"a b": string[] | null')
  expect(text).not.toContain('runs')
  expect(generateTypes({ ...catalog, relations: [...catalog.relations].reverse() })).toBe(text)
})

test('takes only what is included', () => {
  expect(generateTypes(catalog, { include: ['other.*'] })).toContain(
    'export interface DB {\n  "other.flights": OtherFlights\n}',
  )
})

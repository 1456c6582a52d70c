import { emptyCatalog, loadParser } from '@viewcast/compiler'
import { beforeAll, expect, test } from 'vitest'
import { generateTypes } from './generate.ts'

beforeAll(loadParser)

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

test('a column of a view is not null where its definition proves it', () => {
  const view = {
    schema: 'public',
    name: 'priced',
    kind: 'view' as const,
    indexes: [],
    definition:
      'SELECT f.id, p.price, count(*) AS n FROM public.flights f LEFT JOIN other.flights p ON true GROUP BY 1, 2',
    columns: [column('id', 'int8', true), column('price', 'numeric', true), column('n', 'int8', true)],
  }
  expect(generateTypes({ ...catalog, relations: [...catalog.relations, view] })).toContain(
    'export interface Priced {\n  id: Int8\n  n: Int8\n  price: Numeric | null\n}',
  )
})

test('an enum is the union of its labels, unless two enums of its name differ; arrays of types drivers do not know are text', () => {
  const columns = [column('m', 'mood'), column('s', 'size'), column('ms', '_mood'), column('ns', '_int8', true)]
  const relations = [{ schema: 'public', name: 't', kind: 'table' as const, indexes: [], columns }]
  const enums = [
    { schema: 'public', name: 'mood', labels: ['sad', 'it\'s "ok"'] },
    { schema: 'a', name: 'size', labels: ['s'] },
    { schema: 'b', name: 'size', labels: ['m'] },
  ]
  expect(generateTypes({ ...emptyCatalog, relations, enums })).toContain(
    `m: "sad" | "it's \\"ok\\""\n  ms: string\n  ns: Int8[] | null\n  s: string\n`,
  )
})

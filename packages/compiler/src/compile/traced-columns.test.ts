/** What decides about the columns of each kind of definition. */
import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../front/sql/parser.ts'
import type { Catalog } from '../ir/catalog.ts'
import type { EntityDef, FeatureView, SampleDef, TargetDef } from '../ir/definition.ts'
import { tracedColumns } from './traced-columns.ts'

beforeAll(loadParser)

const columns = ['k', 'at', 'known', 'x', 'y'].map((name) => ({
  name,
  type: name === 'at' || name === 'known' ? 'timestamptz' : 'int4',
  nullable: true,
}))
const catalog: Catalog = {
  searchPath: ['public'],
  serverVersion: 18,
  relations: [{ schema: 'public', name: 't', kind: 'table', columns, indexes: [] }],
}
const facts = { catalog, columns: () => columns }
const entity: EntityDef = { kind: 'entity', name: 'thing', keys: [{ name: 'k', type: 'int4' }] }
const common = { name: 'v', entity, features: {} }
const query = (text: string) => ({ kind: 'sql' as const, text, origin: { kind: 'kysely' as const } })
const all = query('SELECT k, at, known, x, y FROM t')

const ways = (definition: FeatureView | SampleDef | TargetDef, column: string): Record<string, string[]> => {
  const out: Record<string, string[]> = {}
  const found = tracedColumns(definition, facts).find((c) => c.column === column)
  expect(found?.unknown).toBe(false)
  for (const s of found?.sources ?? []) {
    const source = `${s.relation.replace('public.', '')}.${s.column}`
    out[source] = [...(out[source] ?? []), s.influence]
  }
  return out
}

test('a static view is found by its keys', () => {
  expect(ways({ ...common, kind: 'static', query: all }, 'x')).toEqual({
    't.k': ['join'],
    't.x': ['identity'],
    'spine.k': ['join'],
  })
})

test('of a history the latest row that was known counts, and ties are broken', () => {
  const view: FeatureView = { ...common, kind: 'history', query: all, time: 'at', knownAt: 'known' }
  expect(ways(view, 'x')).toEqual({
    't.k': ['join'],
    't.at': ['filter', 'sort'],
    't.known': ['filter', 'sort'],
    't.x': ['identity', 'sort'],
    't.y': ['sort'],
    'spine.k': ['join'],
    'spine.as_of': ['filter'],
  })
})

test('declared windows follow through the SQL written for them', () => {
  const spec = {
    source: all,
    keys: { k: 'k' },
    time: 'at',
    knownAt: 'known',
    windows: { '1d': '1 day', '7d': '7 days' },
    aggregates: { total: { function: 'sum' as const, column: 'x' } },
  }
  expect(ways({ ...common, kind: 'aggregates', spec }, 'total_1d')).toEqual({
    't.k': ['join'],
    't.at': ['join', 'condition'],
    't.known': ['join'],
    't.x': ['aggregation'],
    'spine.k': ['join', 'group by'],
    'spine.as_of': ['join', 'group by', 'condition'],
  })
})

test('window and request views read the questions themselves', () => {
  const text = 'SELECT s.k, s.as_of, (SELECT max(t.x) FROM t WHERE t.at < s.as_of) AS m FROM spine AS s'
  expect(ways({ ...common, kind: 'window', query: query(text) }, 'm')).toEqual({
    't.x': ['aggregation'],
    't.at': ['filter'],
    'spine.as_of': ['filter'],
  })
  const asked = query('SELECT s.k, s.as_of, s.amount * 2 AS twice FROM spine AS s')
  const request: FeatureView = { ...common, kind: 'request', query: asked, columns: [{ name: 'amount', type: 'int4' }] }
  expect(ways(request, 'twice')).toEqual({ 'spine.amount': ['transformation'] })
})

test('a sample is what it reads; a target is found by its keys', () => {
  const sample: SampleDef = { kind: 'sample', name: 's', entity, query: all, split: { kind: 'none' } }
  expect(ways(sample, 'x')).toEqual({ 't.x': ['identity'] })
  const target: TargetDef = { kind: 'target', name: 'y', entity, query: query('SELECT k, x > 3 AS late FROM t') }
  expect(ways(target, 'late')).toEqual({ 't.k': ['join'], 't.x': ['transformation'], 'spine.k': ['join'] })
})

test('labels declared over events follow through the SQL written for them', () => {
  const outcomes = { keys: { k: 'k' }, time: 'at', labels: { any: { function: 'exists' as const } } }
  const target: TargetDef = { kind: 'target', name: 'y', entity, query: all, horizon: '1 day', outcomes }
  expect(ways(target, 'any')).toMatchObject({ 't.k': ['join'], 't.at': ['aggregation', 'join'] })
})

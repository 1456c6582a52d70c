/**
 * Random worlds: tables with hostile keys and times that tie, database views on one another, and a dataset over them of
 * every kind of view. Sums are of integers and quarters, so that no row may differ by a bit whatever the plan.
 */
import {
  type DatasetDef,
  type EntityDef,
  type FeatureUse,
  type KeyColumn,
  type ModelDef,
  type ModelRecord,
  printLiteral,
  quoteIdentifier,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { linearRecord } from '../compiler/records.ts'

export interface World {
  readonly setup: string
  readonly dataset: DatasetDef
  readonly model: ModelDef
  readonly record: ModelRecord
  /** Rows of the sample, and of the relation the entity names. */
  readonly rows: number
  readonly entities: number
}

const q = quoteIdentifier
const origin = { kind: 'kysely' } as const

/** Key texts that collide when they are put side by side, and names that must be quoted. */
const keyChoices: readonly (readonly KeyColumn[])[] = [
  [{ name: 'k', type: 'int4' }],
  [{ name: 'Key one', type: 'text' }],
  [
    { name: 'a', type: 'text' },
    { name: 'order', type: 'int8' },
  ],
  [
    { name: 'größe', type: 'text' },
    { name: 'b', type: 'text' },
  ],
  [{ name: 'day', type: 'date' }],
]
const valuesOf: Readonly<Record<string, readonly string[]>> = {
  int4: ['1', '2', '11', '12'],
  int8: ['1', '2', '11', '12'],
  text: ['a', 'ab', 'b', 'bc'],
  date: ['2024-01-01', '2024-01-02', '2024-01-03', '2024-02-29'],
}

const hour = (h: number): string => `timestamptz '2024-01-01 00:00:00+00' + interval '${h} hours'`
const key = (keys: readonly KeyColumn[], nullable: boolean) =>
  fc.tuple(
    ...keys.map((k) => {
      const value = fc.constantFrom(...(valuesOf[k.type] ?? [])).map((v) => printLiteral(v, k.type))
      return nullable ? fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant('NULL') }) : value
    }),
  )

/** A relation with the keys, `at`, `x` (int4), `y` (float8, quarters) and `tag`, made of `base` by a few steps. */
const derived = (base: string, keys: readonly KeyColumn[]): fc.Arbitrary<string> => {
  const columns = [...keys.map((k) => q(k.name)), 'at', 'x', 'y', 'tag']
  const of = (alias: string) => columns.map((c) => `${alias}.${c}`).join(', ')
  const step = (inner: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof(
      inner.map((s) => `SELECT * FROM (${s}) AS f WHERE f.x > -2 OR f.tag IS NULL`),
      inner.map((s) => `WITH c AS (${s}) SELECT ${of('c')} FROM c -- the same rows\n`),
      inner.map((s) => `WITH "events" AS (${s}), d AS (SELECT * FROM "events") SELECT ${of('d')} FROM d`),
      inner.map((s) => `(${s}) UNION ALL (SELECT * FROM (${s}) AS u WHERE u.x = 3)`),
      inner.map((s) => `(${s}) EXCEPT ALL (SELECT * FROM (${s}) AS u WHERE u.x = 5)`),
      inner.map((s) => `SELECT ${of('l')} FROM (${s}) AS o CROSS JOIN LATERAL (SELECT o.*) AS l`),
      inner.map(
        (s) => `SELECT ${of('j')} FROM (${s}) AS j LEFT JOIN tags USING (tag) WHERE coalesce(tags.heavy, true)`,
      ),
      inner.map(
        (s) =>
          `SELECT ${columns.slice(0, -3).join(', ')}, (count(*) OVER w)::int4 AS x, y, tag FROM (${s}) AS r ` +
          `WINDOW w AS (PARTITION BY tag ORDER BY at, x, y RANGE UNBOUNDED PRECEDING)`,
      ),
      inner.map((s) => `SELECT DISTINCT ${of('t')} FROM (${s}) AS t`),
      inner.map(
        (s) =>
          `SELECT ${of('s')} FROM (${s}) AS s WHERE EXISTS (SELECT 1 FROM tags AS t WHERE t.tag = s.tag) OR s.x < 4`,
      ),
    )
  const start = fc.constant(`SELECT ${columns.join(', ')} FROM ${base}`)
  return fc.oneof({ weight: 2, arbitrary: start }, step(start), step(step(start)))
}

interface Parts {
  readonly keys: readonly KeyColumn[]
  readonly late: boolean
  readonly indexed: boolean
  readonly events: readonly string[]
  readonly things: readonly string[]
  readonly asked: readonly string[]
  readonly stack: readonly string[]
  readonly uses: readonly FeatureUse[]
}

const parts: fc.Arbitrary<Parts> = fc
  .record({ keys: fc.constantFrom(...keyChoices), late: fc.boolean(), indexed: fc.boolean() })
  .chain(({ keys, late, indexed }) => {
    const entity = entityOf(keys)
    const time = fc.integer({ min: 0, max: 40 })
    const event = fc
      .tuple(
        key(keys, true),
        time,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: -3, max: 9 }),
        fc.integer({ min: -8, max: 8 }),
        fc.constantFrom('NULL', "'red'", "'it''s'"),
      )
      .map(
        ([k, at, delay, x, y, tag]) =>
          `(${[...k, hour(at), hour(at + delay), x === 9 ? 'NULL' : x, `${y / 4}::float8`, tag].join(', ')})`,
      )
    const thing = fc.uniqueArray(key(keys, false), { selector: (k) => k.join('|'), minLength: 1, maxLength: 8 })
    const asked = fc.tuple(key(keys, true), time).map(([k, at]) => `${[...k, hour(at)].join(', ')}`)
    const stack = fc
      .integer({ min: 0, max: 3 })
      .chain((n) =>
        fc.tuple(...Array.from({ length: n }, (_, i) => derived(i === 0 ? 'public.events' : q(`View ${i}`), keys))),
      )
    return stack.chain((views) => {
      const top = views.length === 0 ? 'events' : q(`View ${views.length}`)
      return fc.record({
        keys: fc.constant(keys),
        late: fc.constant(late),
        indexed: fc.constant(indexed),
        events: fc.array(event, { minLength: 0, maxLength: 60 }),
        things: thing.map((all) => all.map((k, i) => `(${[...k, i, `'t${i % 3}'`].join(', ')})`)),
        asked: fc.array(asked, { minLength: 0, maxLength: 25 }).map((all) => all.map((row, i) => `(${i}, ${row})`)),
        stack: fc.constant(views as readonly string[]),
        uses: uses(entity, derived(top, keys), late),
      })
    })
  })

const entityOf = (keys: readonly KeyColumn[]): EntityDef => ({
  kind: 'entity',
  name: 'thing',
  keys,
  from: { name: 'things' },
})

/** One to five views; names are theirs, so that none is used twice under one name. */
function uses(entity: EntityDef, source: fc.Arbitrary<string>, late: boolean): fc.Arbitrary<FeatureUse[]> {
  const keys = entity.keys.map((k) => q(k.name))
  const known = (alias: string) => (late ? ` AND ${alias}.known_at < s.as_of` : '')
  const sql = (text: string) => ({ kind: 'sql' as const, text, origin })
  const view = { entity, features: {} }
  const on = (alias: string) => keys.map((k) => `${alias}.${k} = s.${k}`).join(' AND ')
  const sKeys = keys.map((k) => `s.${k}`).join(', ')
  const staticView = fc.constantFrom(
    `SELECT ${keys.join(', ')}, rank AS rank_now, label FROM things`,
    `SELECT t.*, label AS again FROM things AS t`,
    `WITH t AS (SELECT * FROM things) SELECT ${keys.map((k) => `t.${k}`).join(', ')}, max(t.rank) AS best FROM t GROUP BY ${keys.map((k) => `t.${k}`).join(', ')}`,
    // Not unique by any proof: one row per key is enforced.
    `SELECT ${keys.join(', ')}, g AS pick FROM things CROSS JOIN generate_series(1, 2) AS g`,
  )
  const history = source.map((s) => ({
    ...view,
    kind: 'history' as const,
    query: sql(late ? `SELECT h.* FROM (SELECT ${keys.join(', ')}, at, known_at, x, y, tag FROM events) AS h` : s),
    time: 'at',
    ...(late ? { knownAt: 'known_at' } : {}),
  }))
  const window = (late ? fc.constant('SELECT * FROM events') : source).chain((s) =>
    fc.constantFrom(
      `SELECT ${sKeys}, s.as_of, count(e.x) AS seen, min(e.y) AS low, max(e.tag) AS word FROM spine AS s ` +
        `LEFT JOIN (${s}) AS e ON ${on('e')} AND e.at < s.as_of${known('e')} GROUP BY ${sKeys}, s.as_of`,
      `SELECT ${sKeys}, s.as_of, l.seen, l.low FROM spine s LEFT JOIN LATERAL (SELECT count(*) AS seen, min(e.y) AS low ` +
        `FROM (${s}) AS e WHERE ${on('e')} AND e.at < s.as_of${known('e')}) AS l ON true`,
      `SELECT ${sKeys}, s.as_of, (SELECT sum(e.x) FROM (${s}) AS e WHERE ${on('e')} AND e.at < s.as_of${known('e')}) AS seen FROM spine AS s`,
    ),
  )
  const aggregates = (late ? fc.constant(undefined) : source).map((s) => ({
    ...view,
    kind: 'aggregates' as const,
    spec: {
      source: s === undefined ? { kind: 'relation' as const, relation: { name: 'events' } } : sql(s),
      keys: Object.fromEntries(entity.keys.map((k) => [k.name, k.name])),
      time: 'at',
      ...(late ? { knownAt: 'known_at' } : {}),
      windows: { '3h': '3 hours', '1d': '1 day' },
      aggregates: {
        n: { function: 'count' as const },
        total: { function: 'sum' as const, column: 'x' },
        mean: { function: 'avg' as const, column: 'x' },
        least: { function: 'min' as const, column: 'y' },
      },
    },
  }))
  const one = fc.oneof(
    staticView.map((text) => ({ ...view, kind: 'static' as const, query: sql(text) })),
    history,
    fc.tuple(history, fc.constantFrom('5 hours', '30 hours')).map(([h, maxAge]) => ({ ...h, maxAge })),
    window.map((text) => ({ ...view, kind: 'window' as const, query: sql(text) })),
    aggregates,
  )
  return fc.array(one, { minLength: 1, maxLength: 5 }).map((views) =>
    views.map(
      (v, i): FeatureUse => ({
        view: { ...v, name: ['events', 'select', 'Ünï', 'w', 'View 1'][i] ?? 'v' },
        prefix: `f${i}_`,
      }),
    ),
  )
}

/** A world and all that is needed to compile and run it. */
export const world: fc.Arbitrary<World> = parts.map((w) => {
  const columns = w.keys.map((k) => `${q(k.name)} ${k.type}`).join(', ')
  const names = w.keys.map((k) => q(k.name)).join(', ')
  const insert = (table: string, rows: readonly string[]) =>
    rows.length === 0 ? '' : `INSERT INTO ${table} VALUES ${rows.join(', ')};\n`
  const setup =
    [3, 2, 1].map((i) => `DROP VIEW IF EXISTS ${q(`View ${i}`)};\n`).join('') +
    `DROP TABLE IF EXISTS tags, things, events, asked;\n` +
    `CREATE TABLE tags (tag text PRIMARY KEY, heavy boolean);\nINSERT INTO tags VALUES ('red', true), ('it''s', NULL);\n` +
    `CREATE TABLE things (${columns}, rank int4, label text, PRIMARY KEY (${names}));\n` +
    `CREATE TABLE events (${columns}, at timestamptz, known_at timestamptz, x int4, y float8, tag text);\n` +
    (w.indexed ? `CREATE INDEX ON events (${names}, at);\n` : '') +
    `CREATE TABLE asked (id int4 PRIMARY KEY, ${columns}, as_of timestamptz);\n` +
    w.stack.map((text, i) => `CREATE VIEW ${q(`View ${i + 1}`)} AS ${text};\n`).join('') +
    insert('things', w.things) +
    insert('events', w.events) +
    insert('asked', w.asked)
  const entity = entityOf(w.keys)
  const dataset: DatasetDef = {
    kind: 'dataset',
    name: 'world',
    sample: {
      kind: 'sample',
      name: 'asked',
      entity,
      query: { kind: 'relation', relation: { name: 'asked' } },
      split: { kind: 'none' },
    },
    features: w.uses,
    sources: { things: 'always', events: { knownAt: w.late ? 'known_at' : 'at' } },
  }
  const inputs = w.uses.flatMap(({ view, prefix }, i): string[] =>
    view.kind === 'aggregates'
      ? [`${prefix}n_1d`, `${prefix}mean_3h`]
      : view.kind === 'history'
        ? [`${prefix}x`]
        : i % 2 === 0
          ? []
          : [],
  )
  const model: ModelDef = {
    kind: 'model',
    name: 'm',
    dataset,
    family: 'gaussian',
    link: 'identity',
    label: 'rank',
    inputs: {},
    penalty: { l1: 0, l2: 0 },
    solver: 'cholesky',
    threshold: 0.5,
  }
  return { setup, dataset, model, record: linearRecord('m', inputs), rows: w.asked.length, entities: w.things.length }
})

/**
 * The house property: the training query returns the sample's rows, in number and identity, whatever the keys, the views,
 * the target and the split; and no outcome of one part reaches into the next.
 */
import {
  type DatasetDef,
  type FeatureView,
  type SampleDef,
  type Split,
  type TargetDef,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset, project } from '@viewcast/sdk'
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

type Row = Record<string, unknown>
const p = project<Record<string, never>>('rows')

/** Distinct values of each type; texts that run together when they are joined carelessly. */
const pools = {
  int4: ['1', '11', '-1', '0'],
  int8: ['1', '9007199254740993', '9007199254740992'],
  numeric: ['1.0', '1.5', "'NaN'", '-0.1'],
  text: ["'a'", "'a,b'", "''", "'NULL'", "E'o''c\\\\'"],
  uuid: ["'00000000-0000-0000-0000-000000000001'", "'10000000-0000-0000-0000-000000000000'"],
  date: ["'2025-01-01'", "'infinity'", "'0001-01-01'"],
  timestamptz: ["'2025-01-01 00:00Z'", "'2025-01-01 00:00:00.000001Z'"],
  bool: ['true', 'false'],
  bytea: ["'\\x00'", "'\\x'"],
} as const
type KeyType = keyof typeof pools
const keyType = fc.constantFrom(...(Object.keys(pools) as KeyType[]))

interface World {
  readonly types: readonly KeyType[]
  /** Index into the pool of each key column; null is NULL. */
  readonly sample: readonly {
    keys: (number | null)[]
    at: number | null
    group: string | null
    amount: number | null
  }[]
  readonly events: readonly { keys: (number | null)[]; at: number | null; v: number | null }[]
  readonly views: readonly string[]
  readonly target: 'none' | 'query' | 'outcomes' | 'spine'
  readonly horizon: number
  readonly censored: 'drop' | 'flag' | 'keep'
  readonly split: Split
  readonly fill: boolean
}

const hour = 3_600_000
const start = Date.UTC(2025, 0, 1)
const instant = (h: number) => new Date(start + h * hour).toISOString()

const keysOf = (types: readonly KeyType[]) =>
  fc.tuple(...types.map((t) => fc.option(fc.integer({ min: 0, max: pools[t].length - 1 }), { freq: 6 })))
const hours = fc.option(fc.integer({ min: 0, max: 24 }), { freq: 9 })

const split: fc.Arbitrary<Split> = fc.oneof(
  fc.constant<Split>({ kind: 'none' }),
  fc
    .record({
      seed: fc.string({ maxLength: 3 }).filter((s) => !s.includes('\0')),
      validation: fc.boolean(),
      by: fc.boolean(),
    })
    .map(
      ({ seed, validation, by }): Split => ({
        kind: 'hash',
        test: 0.4,
        seed,
        ...(validation ? { validation: 0.3 } : {}),
        ...(by ? { by: ['grp'] } : {}),
      }),
    ),
  fc
    .record({
      test: fc.integer({ min: 8, max: 20 }),
      before: fc.option(fc.integer({ min: 1, max: 9 })),
      gap: fc.option(fc.integer({ min: 1, max: 6 })),
    })
    .map(
      ({ test: at, before, gap }): Split => ({
        kind: 'time',
        test: instant(at),
        ...(before === null ? {} : { validation: instant(at - before) }),
        ...(gap === null ? {} : { gap: `${gap} hours` }),
      }),
    ),
)

const world: fc.Arbitrary<World> = fc.array(keyType, { minLength: 1, maxLength: 2 }).chain(
  (types) =>
    fc.record({
      types: fc.constant(types),
      sample: fc.array(
        fc.record({
          keys: keysOf(types),
          at: hours,
          group: fc.constantFrom('a', 'b', "'", null),
          amount: fc.option(fc.integer({ min: -5, max: 5 })),
        }),
        { maxLength: 25, size: 'max' },
      ),
      events: fc.array(fc.record({ keys: keysOf(types), at: hours, v: fc.option(fc.integer({ min: 0, max: 9 })) }), {
        maxLength: 30,
        size: 'max',
      }),
      views: fc.subarray(['twice', 'latest', 'counted', 'sums', 'brought', 'asked']),
      target: fc.constantFrom('none', 'query', 'outcomes', 'spine'),
      horizon: fc.integer({ min: 1, max: 8 }),
      censored: fc.constantFrom('drop', 'flag', 'keep'),
      split,
      fill: fc.boolean(),
    }) as fc.Arbitrary<World>,
)

const literal = (w: World, column: number, index: number | null | undefined): string => {
  const type = w.types[column] as KeyType
  return index == null ? `NULL::${type}` : `${pools[type][index]}::${type}`
}
const time = (h: number | null) => (h === null ? 'NULL::timestamptz' : `timestamptz '${instant(h)}'`)
const keyList = (w: World, keys: readonly (number | null)[]) => w.types.map((_, c) => literal(w, c, keys[c])).join(', ')

async function create(db: Database, w: World): Promise<void> {
  const columns = w.types.map((t, c) => `k${c} ${t}`).join(', ')
  const text = (s: string | null) => (s === null ? 'NULL' : `'${s.replaceAll("'", "''")}'`)
  const sample = w.sample.map(
    (r, i) => `(${i}, ${keyList(w, r.keys)}, ${time(r.at)}, ${text(r.group)}, ${r.amount ?? 'NULL'})`,
  )
  const events = w.events.map((e) => `(${keyList(w, e.keys)}, ${time(e.at)}, ${e.v ?? 'NULL'})`)
  await db.execute(`
    DROP TABLE IF EXISTS questions, events;
    CREATE TABLE questions (id int4, ${columns}, as_of timestamptz, grp text, amount int4);
    CREATE TABLE events (${columns}, at timestamptz, v int4);
    ${sample.length > 0 ? `INSERT INTO questions VALUES ${sample.join(', ')};` : ''}
    ${events.length > 0 ? `INSERT INTO events VALUES ${events.join(', ')};` : ''}
  `)
}

function declare(w: World): DatasetDef {
  const names = w.types.map((_, c) => `k${c}`)
  const entity = p.entity('thing', Object.fromEntries(names.map((k, c) => [k, w.types[c] as string])))
  const one = p.entity('one', { id: 'int4' })
  const raw = (text: string) => ((_: never) => sql.raw(text)) as never
  const list = (alias: string) => names.map((k) => `${alias}.${k}`).join(', ')
  const on = names.map((k) => `e.${k} = s.${k}`).join(' and ')
  const grouped = `${list('s')}, s.as_of`
  const all: Record<string, FeatureView> = {
    twice: p.featureView('twice', { entity }).query(raw(`select ${names.join(', ')}, v as any_v from events`)) as never,
    latest: p
      .featureView('latest', { entity, time: 'at' } as never)
      .query(raw(`select ${names.join(', ')}, at, v as latest from events`)) as never,
    counted: p
      .windowView('counted', { entity })
      .query(
        raw(
          `select ${grouped}, count(e.at) as counted from spine as s left join events as e on ${on} and e.at < s.as_of group by ${grouped}`,
        ),
      ) as never,
    sums: p.aggregates('sums', {
      entity,
      source: 'events',
      time: 'at',
      windows: { '6h': '6 hours' },
      features: (a: { count(): object; sum(c: string): object }) => ({ n: a.count(), total: a.sum('v') }),
    } as never) as never,
    brought: p.requestView('brought', { columns: { amount: 'int4' } }) as never,
    asked: p
      .requestView('asked', { entity, columns: { amount: 'numeric' } })
      .query(
        raw(
          `select spine.amount * 2 as doubled, e.v as some_v from spine left join events as e on ${names.map((k) => `e.${k} = spine.${k}`).join(' and ')}`,
        ),
      ) as never,
  }
  const sample = {
    ...(p
      .sample('s', { entity })
      .query(raw(`select id, ${names.join(', ')}, as_of, grp, amount from questions`)) as unknown as SampleDef),
    split: w.split,
  }
  const horizon = `${w.horizon} hours` as never
  const outcome = { entity, horizon, censored: w.censored }
  const targets: Record<World['target'], () => TargetDef | undefined> = {
    none: () => undefined,
    query: () => p.target('y', { entity: one }).query(raw('select id, amount as y from questions where id % 3 > 0')),
    outcomes: () =>
      p.target('y', outcome).outcomes({
        source: 'events',
        time: 'at',
        labels: (o: { count(): object; sum(c: string, more: object): object }) => ({
          y: o.count(),
          total_y: o.sum('v', w.fill ? { fill: 0 } : {}),
        }),
      } as never) as never,
    spine: () =>
      p
        .target('y', outcome)
        .query(
          raw(
            `select ${grouped}, count(e.at) as y from spine as s left join events as e on ${on} and e.at >= s.as_of and e.at < s.as_of + interval '${w.horizon} hours' group by ${grouped}`,
          ),
        ),
  }
  const target = targets[w.target]()
  return {
    kind: 'dataset',
    name: 'd',
    sample,
    features: w.views.map((v) => ({ view: all[v] as FeatureView })),
    ...(target ? { target } : {}),
  }
}

const sameKeys = (a: readonly (number | null)[], b: readonly (number | null)[]) =>
  a.every((k, i) => k !== null && k === b[i])

/** What the outcome of a question is, counted plainly; null for a question that cannot be joined. */
function outcomeOf(w: World, at: number | null, keys: readonly (number | null)[]): number | null {
  if (at === null || keys.includes(null)) return null
  return w.events.filter((e) => sameKeys(e.keys, keys) && e.at !== null && e.at >= at && e.at < at + w.horizon).length
}

/** Key values that are equal to the database are of one index, so an index tells a group. */
function check(w: World, rows: readonly Row[]): void {
  expect(rows.map((r) => r['id'])).toEqual(w.sample.map((_, i) => i))
  const timed = w.target === 'outcomes' || w.target === 'spine'
  const known = Math.max(...w.events.flatMap((e) => (e.at === null ? [] : [e.at])))
  const sides = new Map<string, unknown>()
  rows.forEach((row, i) => {
    const asked = w.sample[i] as World['sample'][number]
    const said = JSON.stringify({ row, asked })
    expect(row['grp'], said).toBe(asked.group)
    expect(row['same'], said).toBe(true)
    const complete = asked.at !== null && asked.at + w.horizon <= known
    const censoring = timed && w.censored !== 'keep'
    expect('_censored' in row).toBe(censoring)
    if (censoring) expect(row['_censored'], said).toBe(!complete)
    const dropped = censoring && w.censored === 'drop' && !complete
    if (timed)
      expect(row['y'] === null ? null : Number(row['y']), said).toBe(
        dropped ? null : outcomeOf(w, asked.at, asked.keys),
      )
    const part = row['_split']
    if (dropped && w.split.kind !== 'none') expect(part, said).toBeNull()
    else if (w.split.kind === 'hash') {
      const group = JSON.stringify(w.split.by ? asked.group : asked.keys)
      expect(['train', 'validation', 'test']).toContain(part)
      expect(sides.get(group) ?? part, said).toBe(part)
      sides.set(group, part)
    } else if (w.split.kind === 'time') expect(part, said).toBe(partByTime(w.split, asked.at, timed ? w.horizon : 0))
  })
}

function partByTime(s: Extract<Split, { kind: 'time' }>, at: number | null, horizon: number): string | null {
  if (at === null) return null
  const [toTest, toValidation] = [s.test, s.validation].map((i) =>
    i === undefined ? undefined : (Date.parse(i) - start) / hour,
  )
  const gap = s.gap === undefined ? 0 : Number.parseInt(s.gap, 10)
  const clear = (edge: number) => at < edge - gap && at + horizon <= edge
  const edge = toTest as number
  if (at >= edge) return 'test'
  if (toValidation === undefined) return clear(edge) ? 'train' : null
  if (at >= toValidation) return clear(edge) ? 'validation' : null
  return clear(toValidation) && clear(edge) ? 'train' : null
}

describeEachEngine('a training query', (engine) => {
  test('has the rows of its sample, in parts that do not touch', async () => {
    const seen = { rows: 0, dropped: 0, gap: 0 }
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        await create(engine.db, w)
        const { dataset, facts } = await prepareDataset(engine.db, declare(w))
        const query = trainingQuery(dataset, facts)
        const keys = w.types.map((_, c) => `s.k${c} IS NOT DISTINCT FROM q.k${c}`).join(' AND ')
        const rows = await engine.db.rows<Row>(
          `SELECT t.*, (SELECT ${keys.replaceAll('q.', 't.')} AND s.as_of IS NOT DISTINCT FROM t.as_of FROM questions AS s WHERE s.id = t.id) AS same FROM (\n${query.sql}\n) AS t ORDER BY t.id`,
        )
        check(w, rows)
        seen.rows += rows.length
        seen.dropped += rows.filter((r) => r['_censored'] === true).length
        seen.gap += rows.filter((r) => r['_split'] === null).length
      }),
      { numRuns: 80, seed: 31_337 },
    )
    // Of empty samples every property holds.
    expect(Math.min(seen.rows / 5, seen.dropped, seen.gap)).toBeGreaterThan(50)
  })
})

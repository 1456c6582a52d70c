/** Random events, questions and declared aggregates, with a reference for each aggregate written on its own as plain SQL. */
import type { Aggregate, AggregatesView, Column, Filter, Measure } from '@viewcast/compiler'
import fc from 'fast-check'

/** Values of key columns as SQL: colliding when put together as text, equal and spelt differently, with NULL. */
const keyValues: Readonly<Record<string, readonly string[]>> = {
  int4: ['1', '11', 'NULL'],
  text: ["'12'", "'2'", "'é''\\'", 'NULL'],
  numeric: ['1.0', '1.00', '2', 'NULL'],
  bool: ['true', 'false', 'NULL'],
  uuid: ["'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"],
  date: ["'2024-03-01'", "'2024-03-02'", 'NULL'],
  timestamptz: ["'2024-03-01Z'", "'2024-03-01T01:00Z'"],
}
const keySets = [['int4'], ['text'], ['int4', 'text'], ['numeric', 'bool'], ['uuid', 'date', 'timestamptz']] as const

/** Columns of the events besides the keys: name → type and values as SQL. */
const valueColumns: Readonly<Record<string, { readonly type: string; readonly values: readonly string[] }>> = {
  small: { type: 'int2', values: ['1', '-3', '32767', 'NULL'] },
  amount: { type: 'int4', values: ['0', '7', '-20', '2147483647', 'NULL'] },
  wide: { type: 'int8', values: ['9223372036854775807', '9223372036854775806', '-5', 'NULL'] },
  price: { type: 'numeric', values: ['0.10', '0.2', '1e20', "'NaN'", "'Infinity'", "'-Infinity'", 'NULL'] },
  level: { type: 'float8', values: ['0.1', '0.25', '-3.5', "'NaN'", "'Infinity'", 'NULL'] },
  ratio: { type: 'float4', values: ['0.5', '0.125', '3', 'NULL'] },
  flag: { type: 'bool', values: ['true', 'false', 'NULL'] },
  carrier: { type: 'text', values: ["'AA'", "'UA'", "'o''c\\'", "''", 'NULL'] },
  seen: { type: 'timestamptz', values: ["'2024-03-01Z'", "'2024-03-02T12:00Z'", 'NULL'] },
}
const numbers = ['small', 'amount', 'wide', 'price', 'level', 'ratio']

/** Each filter beside the condition a person would write. */
const filters: readonly (readonly [Filter, string])[] = [
  [{ column: 'flag', operator: '=', value: true }, 'e.flag'],
  [{ column: 'flag', operator: '<>', value: true }, 'NOT e.flag'],
  [{ column: 'carrier', operator: 'in', value: ['AA', "o'c\\"] }, "(e.carrier = 'AA' OR e.carrier = E'o''c\\\\')"],
  [{ column: 'carrier', operator: 'not in', value: ['AA'] }, "e.carrier <> 'AA'"],
  [{ column: 'carrier', operator: 'in', value: [] }, '1 = 2'],
  [{ column: 'carrier', operator: 'not in', value: [] }, '1 = 1'],
  [{ column: 'carrier', operator: '=', value: '' }, "e.carrier = ''"],
  [{ column: 'amount', operator: '>', value: 6.5 }, 'e.amount >= 7'],
  [{ column: 'small', operator: '<', value: 70000 }, 'e.small IS NOT NULL'],
  [{ column: 'wide', operator: '>=', value: '9223372036854775807' }, 'e.wide = 9223372036854775807'],
  [{ column: 'level', operator: '>', value: 'Infinity' }, "e.level = 'NaN'"],
  [{ column: 'level', operator: '<=', value: 0.1 }, 'e.level < 0.2'],
  [{ column: 'price', operator: '=', value: 0.2 }, 'e.price = 0.20'],
  [{ column: 'seen', operator: '<', value: '2024-03-02T13:00:00+02:00' }, "e.seen < '2024-03-02T11:00Z'"],
  [{ column: 'amount', operator: 'is null' }, 'e.amount IS NULL'],
  [{ column: 'amount', operator: 'is not null' }, 'e.amount IS NOT NULL'],
]

const windows: Readonly<Record<string, string>> = {
  '30m': '30 minutes',
  '2h': '2 hours',
  '1d': '1 day',
  wide: '5000 days',
  ever: 'all',
}

export interface World {
  readonly view: AggregatesView
  readonly source: readonly Column[]
  /** Statements that make the tables `events` and `questions`. */
  readonly tables: readonly string[]
  /** Feature → the value for a question `q`, as SQL. */
  readonly reference: Readonly<Record<string, string>>
  readonly keys: readonly string[]
}

const start = Date.parse('2024-03-01T00:00:00Z')
/** Half hours on a short grid, so that events fall on instants and on both ends of windows. */
const instant = (halfHours: number): string => `'${new Date(start + halfHours * 1_800_000).toISOString()}'`

const filterChoice = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.subarray([...filters], { minLength: 1, maxLength: 2 }) },
)

interface Chosen {
  readonly measure: Measure
  readonly condition: string
}
const measureOf = (functions: readonly Measure['function'][], columns: readonly string[]): fc.Arbitrary<Chosen> =>
  fc.tuple(fc.constantFrom(...functions), fc.constantFrom(...columns), filterChoice).map(([f, column, chosen]) => ({
    measure: { function: f, column, ...(chosen.length === 0 ? {} : { filters: chosen.map(([filter]) => filter) }) },
    condition: ['true', ...chosen.map(([, sql]) => sql)].join(' AND '),
  }))
const rows: fc.Arbitrary<Chosen> = filterChoice.map((chosen) => ({
  measure: { function: 'count', ...(chosen.length === 0 ? {} : { filters: chosen.map(([filter]) => filter) }) },
  condition: ['true', ...chosen.map(([, sql]) => sql)].join(' AND '),
}))
const anyColumn = Object.keys(valueColumns)
const exact = fc.oneof(
  rows,
  measureOf(['count'], anyColumn),
  measureOf(['sum', 'avg'], ['small', 'amount', 'wide', 'price']),
)
const numeric = fc.oneof(exact, measureOf(['sum', 'avg', 'min', 'max', 'stddev', 'variance', 'last'], numbers))
const any = fc.oneof(numeric, measureOf(['countDistinct', 'first', 'last'], anyColumn))

type Feature = Chosen | { readonly of: Chosen; readonly to: Chosen }
const features = (of: fc.Arbitrary<Chosen>, sides: fc.Arbitrary<Chosen>): fc.Arbitrary<Feature[]> =>
  fc.array(fc.oneof({ weight: 4, arbitrary: of }, { weight: 1, arbitrary: fc.record({ of: sides, to: sides }) }), {
    minLength: 1,
    maxLength: 6,
  })

const isRatio = (f: Feature): f is Exclude<Feature, Chosen> => 'of' in f
const declared = (f: Feature): Aggregate =>
  isRatio(f) ? { function: 'ratio', of: f.of.measure, to: f.to.measure } : f.measure

/** Rows, and sometimes none. */
const many = <T>(row: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 9, arbitrary: fc.array(row, { minLength: 1, maxLength, size: 'max' }) }, fc.constant<T[]>([]))

/** `totals`: only aggregates whose running totals are exact. */
export const world = (totals: boolean): fc.Arbitrary<World> =>
  fc
    .record({
      keyTypes: fc.constantFrom(...keySets),
      known: totals ? fc.constant(false) : fc.boolean(),
      tie: fc.boolean(),
      chosen: totals ? features(exact, exact) : features(any, numeric),
      lengths: fc.subarray(Object.keys(windows), { minLength: 1 }),
    })
    .chain((shape) => {
      const key = fc.tuple(...shape.keyTypes.map((t) => fc.constantFrom(...(keyValues[t] ?? []))))
      const at = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 60 }).map(instant) }, fc.constant('NULL'))
      const value = fc.tuple(...Object.values(valueColumns).map((c) => fc.constantFrom(...c.values)))
      return fc
        .record({
          events: many(fc.tuple(key, at, at, fc.constantFrom('1', '2', 'NULL'), value), 60),
          questions: many(fc.tuple(key, at), 12),
        })
        .map((data) => worldOf(shape, data))
    })

function worldOf(
  shape: {
    readonly keyTypes: readonly string[]
    readonly known: boolean
    readonly tie: boolean
    readonly chosen: readonly Feature[]
    readonly lengths: readonly string[]
  },
  data: {
    readonly events: readonly (readonly [string[], string, string, string, string[]])[]
    readonly questions: readonly (readonly [string[], string])[]
  },
): World {
  const keys = shape.keyTypes.map((type, i) => ({ name: `key ${i + 1}`, type }))
  const own: Column[] = [
    ...keys.map((k, i) => ({ name: `k${i + 1}`, type: k.type, nullable: true })),
    { name: 'at', type: 'timestamptz', nullable: true },
    { name: 'known', type: 'timestamptz', nullable: true },
    { name: 'tie', type: 'int4', nullable: true },
    ...Object.entries(valueColumns).map(([name, { type }]) => ({ name, type, nullable: true })),
  ]
  const aggregates = Object.fromEntries(shape.chosen.map((f, i) => [`f${i}`, declared(f)]))
  const view: AggregatesView = {
    kind: 'aggregates',
    name: 'w',
    entity: { kind: 'entity', name: 'thing', keys },
    features: {},
    spec: {
      source: { kind: 'relation', relation: { name: 'events' } },
      keys: Object.fromEntries(keys.map((k, i) => [k.name, `k${i + 1}`])),
      time: 'at',
      ...(shape.known ? { knownAt: 'known' } : {}),
      ...(shape.tie ? { sequence: ['tie'] } : {}),
      windows: Object.fromEntries(shape.lengths.map((w) => [w, windows[w] ?? ''])),
      aggregates,
    },
  }
  const insert = (table: string, of: readonly string[][]): string[] =>
    of.length === 0 ? [] : [`INSERT INTO ${table} VALUES ${of.map((r) => `(${r.join(', ')})`).join(', ')}`]
  const eventRows = data.events.map(([k, at, known, tie, v]) => [...k, at, known, tie, ...v])
  const questionRows = data.questions.map(([k, at], i) => [String(i), ...k, at])
  const reference: Record<string, string> = {}
  for (const [i, f] of shape.chosen.entries()) {
    for (const w of shape.lengths) {
      const inside = [
        ...keys.map((k, n) => `e.k${n + 1} = q."${k.name}"`),
        'e.at < q.as_of',
        ...(windows[w] === 'all' ? [] : [`e.at >= q.as_of - interval '${windows[w]}'`]),
        ...(shape.known ? ['e.known < q.as_of'] : []),
      ].join(' AND ')
      const one = (c: Chosen) => plain(c, inside, shape)
      const sql = isRatio(f) ? `(${one(f.of)})::float8 / nullif((${one(f.to)})::float8, 0)` : one(f)
      reference[`f${i}_${w}`] = sql
    }
  }
  return {
    view,
    source: own,
    tables: [
      'DROP TABLE IF EXISTS events, questions',
      `CREATE TABLE events (${own.map((c) => `${c.name} ${c.type}`).join(', ')})`,
      `CREATE TABLE questions (id int4, ${keys.map((k) => `"${k.name}" ${k.type}`).join(', ')}, as_of timestamptz)`,
      ...insert('events', eventRows),
      ...insert('questions', questionRows),
    ],
    reference,
    keys: keys.map((k) => k.name),
  }
}

/** A measure as one subquery over the events of one question. */
function plain(
  { measure, condition }: Chosen,
  inside: string,
  shape: { readonly tie: boolean; readonly chosen: readonly Feature[] },
): string {
  const from = `FROM events AS e WHERE ${inside} AND (${condition})`
  const { column } = measure
  switch (measure.function) {
    case 'count':
      return `SELECT count(${column === undefined ? '*' : `e.${column}`}) ${from}`
    case 'countDistinct':
      return `SELECT count(*) FROM (SELECT DISTINCT e.${column} ${from} AND e.${column} IS NOT NULL) AS d`
    case 'stddev':
    case 'variance':
      return `SELECT ${measure.function === 'stddev' ? 'stddev' : 'variance'}(e.${column}::float8)::float8 ${from}`
    case 'first':
    case 'last': {
      const order = measure.function === 'first' ? 'ASC' : 'DESC'
      const sides = shape.chosen.flatMap((f) => (isRatio(f) ? [f.of, f.to] : [f]))
      const shown = sides.flatMap(({ measure: m }) =>
        m.function === 'first' || m.function === 'last' ? [m.column] : [],
      )
      const by = ['at', ...(shape.tie ? ['tie'] : []), ...shown].map((c) => `e.${c} ${order} NULLS LAST`)
      return `SELECT e.${column} ${from} ORDER BY ${by.join(', ')} LIMIT 1`
    }
    default: {
      const number = measure.column === 'ratio' ? `e.${column}::float8` : `e.${column}`
      return `SELECT ${measure.function}(${number})::float8 ${from}`
    }
  }
}

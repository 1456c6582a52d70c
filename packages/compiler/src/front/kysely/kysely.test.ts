import { PostgresQueryCompiler, sql } from 'kysely'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { compileOnlyKysely } from './compile-only.ts'
import { kyselyText } from './text.ts'
import { printValue } from './value.ts'

interface DB {
  flights: { origin: string; dep: Date; delay: number | null; Carrier: string }
  spine: { iata: string; as_of: Date }
}
const db = compileOnlyKysely<DB>()

beforeAll(loadModule)

describe('kyselyText', () => {
  test('plain names stay bare, others are quoted', () => {
    const query = db.selectFrom('flights as f').select(['f.origin', 'f.Carrier as user', 'delay as delay_7d'])
    expect(kyselyText(query, 'view')).toBe(
      'select f.origin, f."Carrier" as "user", delay as delay_7d from flights as f',
    )
  })

  test('values of every clause are written out', () => {
    const query = db
      .selectFrom('flights')
      .leftJoin('spine', (j) => j.onRef('spine.iata', '=', 'flights.origin').on('spine.as_of', '>', new Date(0)))
      .select((eb) => [
        eb.lit(-1).as('a'),
        eb.case().when('delay', '>', 15).then(0.25).else(null).end().as('b'),
        sql<number>`delay * ${-0.5} - ${-2}`.as('c'),
        sql.lit("it's").as('d'),
        sql<boolean>`origin = any(${['JFK', 'a"b\\c']})`.as('e'),
      ])
      .where('Carrier', 'in', ['AA', "O'H"])
      .where('delay', 'is not', null)
      .having((eb) => eb.fn.count('origin'), '>', 10n)
      .limit(5)
    const text = kyselyText(query, 'view')
    expect(text).toBe(
      'select (-1) as a, case when delay > 15 then 0.25::float8 else null end as b, ' +
        "delay * '-0.5'::float8 - (-2) as c, 'it''s' as d, " +
        'origin = any(E\'{"JFK","a\\\\"b\\\\\\\\c"}\') as e ' +
        "from flights left join spine on spine.iata = flights.origin and spine.as_of > timestamptz '1970-01-01 00:00:00+00' " +
        "where \"Carrier\" in ('AA', 'O''H') and delay is not null having count(origin) > 10 limit 5",
    )
    expect(() => parseSync(text)).not.toThrow()
  })

  test('CTEs, sub-queries, unions, windows, lateral joins and withSchema are PostgreSQL', () => {
    const recent = db
      .withSchema('public')
      .with('recent', (q) => q.selectFrom('flights').selectAll().where('delay', '>', 0).orderBy('dep', 'desc').limit(1))
      .selectFrom('recent')
      .leftJoinLateral(
        (q) => q.selectFrom('spine').select('spine.iata').whereRef('spine.iata', '=', 'recent.origin').as('s'),
        (j) => j.onTrue(),
      )
      .select((eb) => [
        'recent.origin',
        eb.fn
          .sum('recent.delay')
          .over((o) => o.partitionBy('recent.origin'))
          .as('total'),
        eb.fn.count('recent.delay').filterWhere('recent.delay', '>', 3).as('n'),
      ])
      .union(db.selectFrom('flights').select((eb) => ['origin', eb.lit(1).as('total'), eb.lit(2).as('n')]))
    expect(() => parseSync(kyselyText(recent, 'view'))).not.toThrow()
  })

  test('a whole statement in the sql tag is a query too', () => {
    expect(kyselyText(sql`select ${sql.ref('f.Carrier')} from flights f where delay > ${1.5}`, 'view')).toBe(
      'select f."Carrier" from flights f where delay > 1.5::float8',
    )
  })

  test('what is not a select is refused', () => {
    expect(codeOf(() => kyselyText(db.deleteFrom('flights'), 'view "x"'))).toBe('sql/not-a-select')
  })

  test('a value that cannot be written is refused, and the message names the view and not the value', () => {
    class Money {
      readonly secret = 'hunter2'
    }
    const broken = (value: unknown) => () =>
      kyselyText(db.selectFrom('flights').select(sql`${value}`.as('x')), 'view "pay"')
    for (const value of [undefined, Symbol('x'), new Money(), new Map(), new Date(Number.NaN), 'a\0b', { a: '\0' }]) {
      expect(codeOf(broken(value))).toBe('compile/literal')
    }
    try {
      broken(new Money())()
    } catch (e) {
      if (!isViewcastError(e)) throw e
      expect(e.diagnostics[0]?.location?.file).toBe('view "pay" (kysely)')
      expect(e.message).not.toContain('hunter2')
    }
  })
})

const codeOf = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    if (isViewcastError(e)) return e.diagnostics[0]?.code ?? ''
    throw e
  }
  return 'accepted'
}

test.each<[unknown, string]>([
  [3, '3'],
  [-3, '(-3)'],
  [2 ** 53, '9007199254740992::float8'],
  [-0, "'-0'::float8"],
  [Number.NaN, "'NaN'::float8"],
  [12345678901234567890n, '12345678901234567890'],
  [-1n, '(-1)'],
  [true, 'true'],
  [null, 'null'],
  [[], "'{}'"],
  [[1, null], 'array[1, null]'],
  [[[0.5], [1]], 'array[array[0.5::float8], array[1]]'],
  [['a', null, 'null', ''], '\'{"a",null,"null",""}\''],
  [Uint8Array.of(1), "E'\\\\x01'::bytea"],
  [{ a: 1 }, '\'{"a":1}\'::jsonb'],
])('%o is written %s', (value, text) => expect(printValue(value)).toBe(text))

test('Kysely has the members that are overridden, and calls them', () => {
  const members = PostgresQueryCompiler.prototype as unknown as Record<string, unknown>
  let prototype: object = members
  const found = new Set<string>()
  while (prototype !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(prototype)) found.add(name)
    prototype = Object.getPrototypeOf(prototype) as object
  }
  for (const name of ['appendValue', 'appendImmediateValue', 'appendStringLiteral', 'visitIdentifier', 'append']) {
    expect(found).toContain(name)
  }
  const compiled = db.selectFrom('flights').select(sql.lit('x').as('Y')).where('delay', '=', 1).compile()
  expect(compiled).toMatchObject({ sql: 'select \'x\' as "Y" from flights where delay = 1', parameters: [] })
})

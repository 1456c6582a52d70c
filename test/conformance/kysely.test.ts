/** A Kysely query with its values written out returns the rows of the same query with its values bound. */
import { compileOnlyKysely, kyselyText } from '@viewcast/compiler'
import fc from 'fast-check'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  things: {
    id: number
    name: string
    size: number | null
    weight: number
    price: string
    at: Date
    ok: boolean
    tags: string[]
  }
}

const binding = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

const names = ["O'Hara", 'a\\b', 'x"y', 'né', '', '{a,b}', 'NULL', '1', '-- no', 'tab\there']
const instants = ['1999-12-31T23:59:59.999Z', '2001-02-01T12:00:00.000Z', '2001-02-01T12:00:00.001Z']

interface Values {
  readonly name: string
  readonly list: string[]
  readonly size: number
  readonly weight: number
  readonly at: Date
  readonly ok: boolean
  readonly limit: number
}
const values: fc.Arbitrary<Values> = fc.record({
  name: fc.constantFrom(...names),
  list: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
  size: fc.integer({ min: -5, max: 5 }),
  weight: fc.constantFrom(-1.5, -0.25, 0, 0.1, 0.30000000000000004, 7, 1e300),
  at: fc.constantFrom(...instants).map((i) => new Date(i)),
  ok: fc.boolean(),
  limit: fc.integer({ min: 0, max: 12 }),
})

const query = (db: Kysely<DB>, v: Values) =>
  db
    .selectFrom('things')
    .select((eb) => [
      'id',
      eb('size', '-', v.size).as('difference'),
      eb.case().when('name', '=', v.name).then(v.ok).else(null).end().as('verdict'),
      eb.fn.coalesce('size', eb.lit(-1)).as('filled'),
      sql<number>`weight * ${v.weight}::float8 - ${v.size}`.as('product'),
    ])
    .where((eb) =>
      eb.or([
        eb('name', 'in', v.list),
        eb('weight', '<=', v.weight),
        eb.and([eb('at', '<', v.at), eb('ok', '=', v.ok), eb('size', 'is not', null)]),
      ]),
    )
    .orderBy('id')
    .limit(v.limit)

describeEachEngine('Kysely queries', (engine) => {
  beforeAll(async () => {
    await engine.db.execute(
      `CREATE TABLE things (id int4, name text, size int4, weight float8, price numeric, at timestamptz, ok bool, tags text[])`,
    )
    for (const [i, name] of names.entries()) {
      await engine.db.query('INSERT INTO things VALUES ($1, $2, $3, $4, $5, $6, $7, array[$2])', [
        i,
        name,
        i % 4 === 0 ? null : i - 5,
        (i - 3) / 10,
        `${i}.50`,
        instants[i % instants.length],
        i % 2 === 0,
      ])
    }
  })

  test('300 random sets of values', async () => {
    for (const v of fc.sample(values, { seed: 11, numRuns: 300 })) {
      const bound = query(binding, v).compile()
      const parameters = bound.parameters.map((p) => (p instanceof Date ? p.toISOString() : p))
      const expected = await engine.db.query(bound.sql, parameters)
      const text = kyselyText(query(compileOnlyKysely<DB>(), v), 'view')
      expect((await engine.db.query(text)).rows, text).toEqual(expected.rows)
    }
  })

  test('a list of texts takes the type of what it is compared with', async () => {
    await engine.db.execute(
      `CREATE TYPE mood AS ENUM ('sad', 'it''s \\ "fine"'); CREATE TABLE moods AS SELECT unnest(enum_range(NULL::mood)) AS m`,
    )
    const db = compileOnlyKysely<{ moods: { m: string } }>()
    const text = kyselyText(
      db
        .selectFrom('moods')
        .select('m')
        .where(sql<boolean>`m = any(${['it\'s \\ "fine"']})`),
      'view',
    )
    expect((await engine.db.query(text)).rows).toEqual([['it\'s \\ "fine"']])
    const tags = kyselyText(
      compileOnlyKysely<DB>()
        .selectFrom('things')
        .select('id')
        .where(sql<boolean>`tags && ${['1', 'x"y']}`)
        .orderBy('id'),
      'view',
    )
    expect((await engine.db.query(tags)).rows).toEqual([[2], [7]])
  })
})

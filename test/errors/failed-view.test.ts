/** Queries that compile and then fail on the data: the message names the view, the column and the place in the user's text. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connect,
  type Database,
  type Diagnostic,
  findLeaks,
  type ModelRecord,
  predict,
  showRows,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, modelOf, p, profile, spending, tables } from '../scenarios/shop.ts'
import { codesOf, diagnosticsOf } from './codes-of.ts'

/** Stands in the data, and in no message. */
const secret = 'sesame'

/** One row of `raw` breaks what is computed from it; the others are well. */
const raw = `
  CREATE TABLE raw (customer int4 PRIMARY KEY, amount int4 NOT NULL, divisor int4, text_number text, doc jsonb, at timestamptz, big numeric);
  INSERT INTO raw SELECT i, i, 1 + i % 7, i::text, jsonb_build_object('n', i), timestamptz '2024-01-01Z', i FROM generate_series(1, 200) i;
  UPDATE raw SET divisor = 0, text_number = '${secret}', doc = '{"n": "${secret}"}', at = '294276-12-31 00:00:00Z', big = 1e400 WHERE customer = 77;
  INSERT INTO raw SELECT i, 1, 0, '${secret}', '{"n": "${secret}"}', NULL, 1 FROM generate_series(1001, 1002) i;
  CREATE TABLE twice (customer int4, n int4);
  INSERT INTO twice SELECT i, i FROM generate_series(1, 200) i UNION ALL SELECT 77, 1;
  CREATE FUNCTION checked(n int4) RETURNS int4 LANGUAGE plpgsql STABLE AS $$
    BEGIN IF n = 77 THEN RAISE EXCEPTION 'bad row ${secret} %', n USING HINT = '${secret}'; END IF; RETURN n; END $$;
  CREATE DOMAIN small AS int4 CHECK (value < 77);
  CREATE VIEW deep AS SELECT customer, amount, amount / divisor AS share FROM raw;
  CREATE VIEW middle AS SELECT customer, amount, share FROM deep WHERE customer < 1000;
  CREATE VIEW upper AS SELECT m.customer, m.amount, m.share * 2 AS share FROM middle m;
`

const kysely = (text: RawBuilder<unknown>): never => (() => text) as never
const viewOf = (columns: string, from = 'raw') =>
  p
    .featureView('extra', { entity: customer })
    .query(kysely(sql.raw(`select customer, ${columns} from ${from}`) as never))
const targetOf = (label: string) =>
  p
    .target('answer', { entity: customer })
    .query(kysely(sql.raw(`select customer, ${label} as answer from raw`) as never))
const sampleOf = (columns: string, where = 'true', options: object = {}) =>
  p
    .sample('asked', { entity: customer, ...options })
    .query(
      kysely(sql.raw(`select customer, as_of${columns} from asked join raw using (customer) where ${where}`) as never),
    )

describeEachEngine('a failure at run time on', (engine) => {
  let db: Database
  let directory = ''
  let record: ModelRecord
  beforeAll(async () => {
    db = engine.db
    await db.execute(tables)
    await db.execute(raw)
    directory = await mkdtemp(join(tmpdir(), 'viewcast-failed-'))
    record = (await trainModel(db, modelOf([profile, spending]) as never)).record
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const told = async (call: () => unknown): Promise<Diagnostic> => {
    const found = await diagnosticsOf(call)
    expect(found).toHaveLength(1)
    const { location, ...rest } = found[0] as Diagnostic
    expect(JSON.stringify(rest)).not.toContain(secret)
    expect(JSON.stringify(rest)).not.toMatch(/\b77\b/)
    return found[0] as Diagnostic
  }
  const training = (features: object[], more: object = {}) =>
    told(() => trainModel(db, modelOf(features, more) as never, { directory }))
  /** The user's text at the place of a diagnostic. */
  const underlined = ({ location }: Diagnostic): string | undefined =>
    location?.text
      ?.split('\n')
      [location.line - 1]?.slice(location.column - 1, location.column - 1 + (location.length ?? 1))

  describe('a Kysely view', () => {
    test.each([
      ['divides by zero', 'amount / divisor', '22012', 'division by zero', 'nullif'],
      ['casts text', 'text_number::int', '22P02', 'invalid input syntax for type integer', 'CASE WHEN'],
      ['casts jsonb', "(doc->'n')::int", '22023', 'cannot cast jsonb string to type integer', 'jsonb_typeof'],
      ['overflows', 'amount * 100000000', '22003', 'integer out of range', 'wider type'],
      ['leaves the calendar', "extract(epoch from at + interval '1 year')", '22008', 'timestamp out of range', 'range'],
      ['takes a logarithm', 'ln(divisor)', '2201E', 'cannot take logarithm of zero', 'positive'],
      [
        'asks a scalar subquery with two rows',
        '(select t.n from twice t where t.customer = raw.customer)',
        '21000',
        'more than one row returned by a subquery used as an expression',
        'LIMIT 1',
      ],
      [
        'meets an exception',
        'checked(customer)',
        'P0001',
        'PL/pgSQL function checked(integer) raised an exception',
        undefined,
      ],
      [
        'breaks a domain',
        'amount::small',
        '23514',
        'value for domain small violates check constraint "small_check"',
        'domain',
      ],
    ])('that %s', async (_, expression, state, detail, hint) => {
      const d = await training([profile, viewOf(`amount, ${expression} as broken`)])
      expect(d).toMatchObject({ code: 'view/failed', parameters: { view: 'view "extra"', columns: '"broken"' } })
      expect(d.message).toContain('view "extra", column "broken", failed on the data: ')
      expect(d.message).toContain(`(SQLSTATE ${state})`)
      expect(d.message).toContain(detail)
      if (hint) expect(d.hint).toContain(hint)
      expect(underlined(d)).toBe(`${expression} as broken`)
    })

    test('of one column', async () => {
      const d = await training([viewOf('amount / divisor as broken')])
      expect(d.parameters).toMatchObject({ view: 'view "extra"', columns: '"broken"' })
    })

    test('with several columns that fail', async () => {
      const d = await training([viewOf('amount, 1 / divisor as one, 2 / divisor as two')])
      expect(d.parameters.columns).toBe('"one", "two"')
    })

    test('whose rows fail: no column, and the place where it begins', async () => {
      const d = await training([viewOf('amount', 'raw where 7 / divisor < 100')])
      expect(d.message).toBe('view "extra" failed on the data: division by zero (SQLSTATE 22012)')
      expect(underlined(d)).toBe('select')
    })
  })

  test('a .sql file: its path, line and column', async () => {
    const text = `-- how much each row weighs\nSELECT customer, amount,\n  amount / divisor AS share -- ä\nFROM raw;\n`
    await writeFile(join(directory, 'weights.sql'), text)
    const view = p.sqlView('weights', { entity: customer, file: 'weights.sql' } as never)
    const d = await training([profile, view])
    expect(d.parameters).toMatchObject({ view: 'view "weights"', columns: '"share"' })
    expect(d.location).toMatchObject({ line: 3, column: 3 })
    expect(d.location?.file).toMatch(/weights\.sql$/)
  })

  test('existing views: the declared one, and the innermost that fails by itself', async () => {
    const d = await training([profile, p.existingView('upper', { entity: customer } as never)])
    expect(d.message).toBe(
      'view "upper", column "share", failed on the data: division by zero (SQLSTATE 22012); view "public.deep", which it reads, fails alone too',
    )
  })

  test('a window view', async () => {
    const window = p.windowView('recent', { entity: customer }).query(
      kysely(
        sql.raw(`select s.customer, s.as_of, count(*) as n, sum(r.amount / r.divisor) as share from spine s
            join raw r on r.customer = s.customer and r.at is not null group by s.customer, s.as_of`) as never,
      ),
    )
    const d = await training([profile, window])
    expect(d.parameters).toMatchObject({ view: 'view "recent"', columns: '"share"' })
  })

  test('an aggregates view over a query', async () => {
    const late = p.aggregates('late', {
      entity: customer,
      source: kysely(
        sql.raw(`select customer, timestamptz '2024-02-01Z' as t, amount / divisor as share, amount from raw`) as never,
      ),
      time: 't',
      windows: { '90d': '90 days' },
      features: (a: never) => ({
        share: (a as { avg: (c: string) => object }).avg('share'),
        amount: (a as { avg: (c: string) => object }).avg('amount'),
      }),
    } as never)
    const d = await training([profile, late])
    expect(d.parameters.view).toBe('view "late"')
    expect(d.parameters.columns).toBe('"share_90d"')
  })

  test('a sample', async () => {
    const sample = sampleOf(', amount / divisor as share')
    expect((await training([profile], { sample })).parameters).toMatchObject({
      view: 'sample "asked"',
      columns: '"share"',
    })
    const rows = await training([profile], { sample: sampleOf('', '1 / divisor >= 0') })
    expect(rows.message).toBe('sample "asked" failed on the data: division by zero (SQLSTATE 22012)')
  })

  test('a target', async () => {
    const d = await training([profile], { target: targetOf('(amount / divisor > 10)::int') })
    expect(d.parameters).toMatchObject({ view: 'target "answer"', columns: '"answer"' })
    expect(underlined(d)).toBe('(amount / divisor > 10)::int as answer')
  })

  test('two views that fail: the one that failed as the query did', async () => {
    const first = viewOf('amount, text_number::int as number')
    const codes = await codesOf(() => trainModel(db, modelOf([first, spending]) as never))
    expect(codes).toEqual(['view/failed'])
  })

  describe('of a trained model', () => {
    /** The view the model was trained on, of which the data has gone bad since. */
    const model = () => modelOf([profile, spending, viewOf('amount / nullif(divisor, 0) as share')])
    // The column that the model does not use is no business of its query.
    const turned = () =>
      modelOf([profile, spending, viewOf('amount / divisor as share, 1 / (divisor - divisor) as unused')])
    let trained: ModelRecord
    beforeAll(async () => {
      trained = (await trainModel(db, model() as never)).record
    })
    const named = { code: 'view/failed', parameters: { view: 'view "extra"', columns: '"share"' } }

    test('predict, for all entities, for keys and for the sample', async () => {
      for (const options of [{ at: '2024-03-01T00:00Z' }, { keys: [{ customer: 77 }] }, { spine: 'sample' as const }]) {
        const rows = async () => {
          for await (const _ of (await predict(db, turned() as never, trained, options)).rows);
        }
        expect(await told(rows)).toMatchObject(named)
      }
    })

    test('verify', async () => {
      expect((await told(() => verifyModel(db, turned() as never, trained))).parameters.view).toBe('view "extra"')
    })

    test('a column that is gone when the query runs: the place in the text', async () => {
      await db.execute('CREATE TABLE passing AS SELECT customer, amount AS share FROM raw WHERE customer < 1000')
      const view = p
        .featureView('extra', { entity: customer })
        .query(kysely(sql.raw('select customer,\n share, 5 as unused\nfrom passing') as never))
      const { rows } = await predict(db, modelOf([profile, spending, view]) as never, trained, {
        at: '2024-03-01T00:00Z',
      })
      await db.execute('ALTER TABLE passing RENAME COLUMN share TO part')
      const d = await told(async () => {
        for await (const _ of rows);
      })
      expect(d).toMatchObject({ code: 'view/database-error', location: { line: 2, column: 2 } })
      await db.execute('DROP TABLE passing')
    })
  })

  test('leak, over whole and over cut sources', async () => {
    const { dataset } = modelOf([profile, viewOf('amount, amount / divisor as share')]) as never as { dataset: never }
    expect((await told(() => findLeaks(db, dataset))).parameters).toMatchObject({
      view: 'view "extra"',
      columns: '"share"',
    })
    const mean = p.windowView('mean', { entity: customer }).query(
      kysely(
        sql.raw(`select s.customer, s.as_of, 1 as one, 100 / (select count(*) from asked a where a.as_of > '2024-02-28Z') as share
          from spine s group by s.customer, s.as_of`) as never,
      ),
    )
    const cut = modelOf([profile, mean]) as never as { dataset: never }
    expect((await told(() => findLeaks(db, cut.dataset))).parameters).toMatchObject({
      view: 'view "mean"',
      columns: '"share"',
    })
  })

  test('show, of a view, a sample, a target and a dataset', async () => {
    const view = viewOf('amount, amount / divisor as share')
    const shown = (d: unknown) => told(() => showRows(db, d as never, { limit: 500 }))
    expect((await shown(view)).parameters).toMatchObject({ view: 'view "extra"', columns: '"share"' })
    expect((await shown(sampleOf(', 1 / divisor as share'))).parameters.view).toBe('sample "asked"')
    expect((await shown(targetOf('1 / divisor'))).parameters.view).toBe('target "answer"')
    expect((await shown((modelOf([view]) as { dataset: unknown }).dataset)).parameters.view).toBe('view "extra"')
  })

  test('a table the login may not read', async () => {
    await db.execute(`CREATE ROLE "reader_${engine.name}"`)
    const tablesRead = 'customers, orders, asked'
    await db.execute(`GRANT SELECT ON ${tablesRead} TO "reader_${engine.name}"`)
    const model = modelOf([profile, viewOf('amount, divisor')])
    // One session is asked as another role; on a server that is a login of its own.
    const reader =
      engine.url === undefined ? db : await connect(`${engine.url}?options=-c%20role%3Dreader_${engine.name}`)
    if (engine.url === undefined) await db.execute(`SET ROLE "reader_${engine.name}"`)
    try {
      const d = await told(() => trainModel(reader, model as never))
      expect(d.message).toBe('view "extra" failed on the data: permission denied for table raw (SQLSTATE 42501)')
      expect(d.hint).toContain('GRANT SELECT')
    } finally {
      if (engine.url === undefined) await db.execute('RESET ROLE')
      else await reader.close()
      await db.execute(`REVOKE SELECT ON ${tablesRead} FROM "reader_${engine.name}"; DROP ROLE "reader_${engine.name}"`)
    }
  })

  test('inside a transaction as outside of it, and the transaction goes on', async () => {
    const failing = modelOf([viewOf('amount / divisor as share')]) as never
    const outside = await told(() => trainModel(db, failing))
    await db.transaction(async (tx) => {
      const inside = await told(() => trainModel(tx, failing))
      expect(inside.message).toBe(outside.message)
      expect(inside.hint).toContain('nullif')
      expect(await tx.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })
  })

  test('between the views', async () => {
    const exploding = { ...record, coefficients: record.coefficients.map((c) => ({ ...c, estimate: 1.7e308 })) }
    const d = await told(async () => {
      const at = '2024-02-25T00:00Z'
      for await (const _ of (await predict(db, modelOf([profile, spending]) as never, exploding, { at })).rows);
    })
    expect(d.message).toMatch(/^The database stopped the query of model "replies": .*; none of its views fails alone$/)
  })

  test('an abort ends the asking', async () => {
    const stop = new AbortController()
    const slow = viewOf('amount, case when pg_sleep(0) is null then 1 end as idle, amount / divisor as share')
    const failing = trainModel(db, modelOf([slow]) as never, { signal: stop.signal })
    const codes = codesOf(() => failing)
    stop.abort()
    expect(await codes).toEqual(['engine/interrupted'])
  })
})

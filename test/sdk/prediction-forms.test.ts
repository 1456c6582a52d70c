/** The prediction query as view and function text: made, called for one key and for many, and compared with the query. */
import { type Database, type ModelRecord, predictionObject, predictionQuery, selfTest, type Value } from '@viewcast/sdk'
import { beforeAll, describe, expect, it } from 'vitest'
import { asked, createPlaces, known, p, place, profile, totals, wanted } from '../compiler/places.ts'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

const level = p
  .featureView('level', { entity: place, time: 'at' })
  .query(({ db }) => db.selectFrom('readings').select(['place', 'at', 'level']))
const withRequest = p
  .sample('with_request', { entity: place, split: p.split.none() })
  .query(({ db }) => db.selectFrom('questions').select(['question', 'place', 'as_of', 'wanted as urgency']))

const dataset = p.dataset('full', {
  sample: asked,
  target: wanted,
  features: [profile, totals, known.prefix('known_'), level],
})
const requested = p.dataset('requested', { sample: withRequest, target: wanted, features: [profile, totals] })
const timeless = p.dataset('timeless', {
  sample: p
    .sample('all_places', { entity: place, split: p.split.none() })
    .query(({ db }) => db.selectFrom('places').select('place')),
  features: [profile],
})
const risk = p.model('risk', { dataset, family: 'logistic', label: 'wanted' })
const record = linearRecord('risk', ['size', 'n_6h', 'mean_2d', 'known_total_1w', 'level'], {
  family: 'binomial',
  link: 'logit',
  coefficients: [null, 'size', 'n_6h', 'mean_2d', 'known_total_1w', 'level'].map((feature, i) => ({
    name: feature ?? '(intercept)',
    feature,
    estimate: [-0.5, 0.3, 0.7, -0.11, 0.013, 0.29][i] ?? 0,
    standardError: null,
    statistic: null,
    pValue: null,
  })),
  verification: [
    {
      inputs: { size: 3, n_6h: 1, mean_2d: 2, known_total_1w: 30, level: 1 },
      scores: [1.56],
      outputs: { probability: 0.8263543 },
    },
    {
      inputs: { size: null, n_6h: null, mean_2d: null, known_total_1w: null, level: null },
      scores: [-0.5],
      outputs: { probability: 0.3775407 },
    },
  ],
})
const at = '2024-03-08T12:00:00Z'
const instant = `timestamptz '${at}'`
const names = ['a', 'b', "o'c", 'é']

const rows = async (db: Database, sql: string): Promise<readonly (readonly Value[])[]> => (await db.query(sql)).rows
const query = async (db: Database, options: object, m = risk, r: ModelRecord = record) =>
  rows(db, (await predictionQuery(db, m, r, options)).sql)
const sorted = (all: readonly (readonly Value[])[]) => all.map((r) => JSON.stringify(r)).sort()
const text = (name: string) => `'${name.replaceAll("'", "''")}'`

describeEachEngine('a prediction as an object', (engine) => {
  beforeAll(async () => {
    await createPlaces(engine.db)
    await engine.db.execute(`
      CREATE INDEX ON readings (place, at);
      CREATE SCHEMA scoring;
      CREATE SCHEMA decoy;
      CREATE TABLE decoy.places (place text, region text, size int4);
      CREATE TABLE decoy.readings (id int4, place text, at timestamptz, known_at timestamptz, amount int4, level float8);
    `)
  })

  describe.each(['postgres', 'citus'] as const)('in the dialect %s', (dialect) => {
    const made = async (as: 'view' | 'function' | 'scalar', name: string, more: object = {}) => {
      const object = await predictionObject(engine.db, risk, record, {
        as,
        dialect,
        name: { schema: 'scoring', name },
        ...more,
      })
      await engine.db.execute(object.sql)
      return object
    }
    /** As seen by a session whose search path leads elsewhere. */
    const elsewhere = (sql: string) =>
      engine.db.transaction(async (tx) => {
        await tx.execute('SET LOCAL search_path = decoy')
        return rows(tx, sql)
      })

    it('is a view', async () => {
      const { sql } = await made('view', `view_${dialect}`, { at })
      expect(sql).toContain('security_invoker = true')
      expect(sorted(await elsewhere(`SELECT * FROM scoring.view_${dialect}`))).toEqual(
        sorted(await query(engine.db, { at })),
      )
      const present = await made('view', `now_${dialect}`)
      expect(present.warnings).toEqual([])
      const [count] = await rows(
        engine.db,
        `SELECT count(*), count(DISTINCT as_of), bool_and(as_of = now()) FROM scoring.now_${dialect}`,
      )
      expect(count?.map(String)).toEqual(['4', '1', 'true'])
      const comment = `SELECT obj_description('scoring.view_${dialect}'::regclass)`
      expect((await rows(engine.db, comment))[0]?.[0]).toMatch(/^viewcast: model risk version 1/)
    })

    it('is a function that gives a row for a key', async () => {
      const { columns, parameters } = await made('function', `row_${dialect}`)
      expect(columns.map((c) => c.name)).toEqual(['place', 'as_of', 'probability'])
      expect(parameters.map((c) => `${c.name} ${c.type}`)).toEqual(['p_place text', 'p_as_of timestamptz'])
      for (const name of names) {
        const expected = await query(engine.db, { at, keys: [{ place: name }] })
        expect(await elsewhere(`SELECT * FROM scoring.row_${dialect}(${text(name)}, ${instant})`)).toEqual(expected)
      }
      const named = `SELECT * FROM scoring.row_${dialect}(p_as_of => ${instant}, p_place => 'a')`
      expect(await elsewhere(named)).toEqual(await query(engine.db, { at, keys: [{ place: 'a' }] }))
      const [present] = await rows(engine.db, `SELECT as_of = now() FROM scoring.row_${dialect}('a')`)
      expect(present?.[0]).toBe(true)
    })

    it('refuses an instant that belongs to the call (define/option)', async () => {
      const call = () => predictionObject(engine.db, risk, record, { as: 'function', dialect, at })
      expect(await codesOf(call)).toEqual(['define/option'])
    })
  })

  it('answers many keys, unknown ones and NULL as the query does', async () => {
    const keys = [...names, 'nowhere']
    const expected = await query(engine.db, { at, keys: keys.map((k) => ({ place: k })) })
    const list = `(VALUES ${keys.map((k) => `(${text(k)})`).join(', ')}) AS k (place)`
    const many = `SELECT f.* FROM ${list} CROSS JOIN LATERAL scoring.row_postgres(k.place, ${instant}) AS f`
    expect(sorted(await rows(engine.db, many))).toEqual(sorted(expected))
    expect(await rows(engine.db, `SELECT probability FROM scoring.row_postgres(NULL, NULL)`)).toEqual([
      [expected.find((r) => r[0] === 'nowhere')?.[2]],
    ])
    // On a cluster nobody holds a key that the table of places lacks.
    expect(await rows(engine.db, `SELECT * FROM scoring.row_citus('nowhere', ${instant})`)).toEqual([])
  })

  it('is a scalar function of a key', async () => {
    const object = await predictionObject(engine.db, risk, record, { as: 'scalar' })
    expect(object.name).toEqual({ name: 'predict_risk' })
    await engine.db.execute(object.sql)
    const expected = await query(engine.db, { at })
    const scalar = `SELECT place, ${instant}, public.predict_risk(place, as_of => ${instant}) FROM public.places`
    expect(sorted(await rows(engine.db, scalar))).toEqual(sorted(expected))
  })

  it('is a scalar function of the inputs on a cluster', async () => {
    const object = await predictionObject(engine.db, risk, record, {
      as: 'scalar',
      dialect: 'citus',
      name: { name: 'risk_of' },
    })
    await engine.db.execute(object.sql)
    expect(object.parameters.map((c) => c.name)).toEqual(record.inputs.map((i) => i.feature))
    const withFeatures = (await predictionQuery(engine.db, risk, record, { at, withFeatures: true })).sql
    const inputs = record.inputs.map((i) => `q.${i.feature}`).join(', ')
    const both = await rows(engine.db, `SELECT q.probability, risk_of(${inputs}) FROM (${withFeatures}) AS q`)
    expect(both).toHaveLength(4)
    for (const [one, other] of both) expect(other).toBe(one)
  })

  it('takes request columns as parameters before the instant', async () => {
    const urgent = p.model('urgent', { dataset: requested, family: 'linear', label: 'wanted' })
    const own = linearRecord('urgent', ['size', 'urgency', 'n_6h'])
    const { sql, parameters } = await predictionObject(engine.db, urgent, own, { as: 'function' })
    await engine.db.execute(sql)
    expect(parameters.map((c) => c.name)).toEqual(['p_place', 'p_urgency', 'p_as_of'])
    const expected = await query(engine.db, { at, keys: [{ place: 'b', urgency: 7 }] }, urgent as never, own)
    expect(await rows(engine.db, `SELECT * FROM predict_urgent('b', 7, ${instant})`)).toEqual(expected)
  })

  it('has no instant where the dataset has none', async () => {
    const still = p.model('still', { dataset: timeless as never, family: 'linear', label: 'x' as never })
    const own = linearRecord('still', ['size'])
    for (const dialect of ['postgres', 'citus'] as const) {
      const { sql, parameters } = await predictionObject(engine.db, still, own, { as: 'function', dialect })
      await engine.db.execute(sql)
      expect(parameters.map((c) => c.name)).toEqual(['p_place'])
      expect(await rows(engine.db, "SELECT * FROM predict_still('a')")).toEqual([['a', 3.5]])
      // Without an instant there is nothing to ask for, and no clock to read.
      expect(await query(engine.db, { keys: [{ place: 'a' }], dialect }, still as never, own)).toEqual([['a', 3.5]])
      await engine.db.execute('DROP FUNCTION predict_still')
    }
  })

  it('is merged into the query that calls it, and looks its key up in indexes', async () => {
    await engine.db.execute(`
      CREATE TABLE history AS SELECT n AS id, 'p' || n % 5000 AS place, timestamptz '2024-01-01Z' + n * interval '1 min' AS at,
        timestamptz '2024-01-01Z' + n * interval '1 min' AS known_at, n % 97 AS amount, n::float8 AS level FROM generate_series(1, 50000) n;
      CREATE TABLE old_readings AS SELECT * FROM readings;
      CREATE TABLE old_places AS SELECT * FROM places;
      TRUNCATE readings;
      INSERT INTO readings SELECT * FROM history;
      INSERT INTO places SELECT 'p' || n, 'north', n FROM generate_series(0, 4999) n;
      ANALYZE;
    `)
    try {
      const plan = async (sql: string) => (await rows(engine.db, `EXPLAIN ${sql}`)).map((r) => r[0]).join('\n')
      const one = (await predictionQuery(engine.db, risk, record, { at, keys: [{ place: 'p77' }] })).sql
      const plans = [
        await plan(one),
        await plan(`SELECT * FROM scoring.row_postgres('p77', ${instant})`),
        await plan(
          `SELECT f.* FROM (VALUES ('p1'), ('p2')) AS k (place) CROSS JOIN LATERAL scoring.row_postgres(k.place, ${instant}) AS f`,
        ),
      ]
      for (const text of plans) {
        expect(text).not.toContain('Function Scan on row_postgres')
        expect(text).not.toContain('Seq Scan')
        expect(text).toMatch(/Index.*readings/)
        expect(text).toMatch(/Index.*places/)
      }
    } finally {
      await engine.db.execute(`
        TRUNCATE readings; INSERT INTO readings SELECT * FROM old_readings;
        DELETE FROM places WHERE place NOT IN (SELECT place FROM old_places);
      `)
    }
  })

  it('is the same text each time', async () => {
    for (const as of ['view', 'function', 'scalar'] as const) {
      for (const dialect of ['postgres', 'citus'] as const) {
        const object = await predictionObject(engine.db, risk, record, { as, dialect })
        await expect(object.sql).toMatchFileSnapshot(`../golden/forms/${as}.${dialect}.sql`)
      }
    }
  })

  describe.each(['postgres', 'citus'] as const)('a self-test in the dialect %s', (dialect) => {
    const parts = async (r: ModelRecord, options: object = { at }) => {
      const { sql } = await selfTest(engine.db, risk, r, { dialect, ...options })
      const [own = '', checks = '', raising = ''] = sql.split(/^-- Self-test: .*$/m)
      return { sql, own, checks: checks.replace(/;\s*$/, ''), raising }
    }
    const exact = async (): Promise<ModelRecord> => {
      const { checks } = await parts(record)
      const actual = (await rows(engine.db, checks)).map((r) => r[3] as number)
      const verification = record.verification.map((v, i) => ({
        ...v,
        scores: [actual[i * 2 + 1] ?? 0],
        outputs: { probability: actual[i * 2 + 2] ?? 0 },
      }))
      return { ...record, verification }
    }

    it('passes in one go, as rows and as a statement', async () => {
      const good = await exact()
      for (const options of [
        { at },
        { at, keys: [{ place: 'a' }, { place: 'é' }] },
        { spine: 'sample' },
        { at, limit: 2 },
      ]) {
        const { sql, checks } = await parts(good, options)
        const found = await rows(engine.db, checks)
        expect(found.map((r) => r[0])).toEqual([
          'rows: one prediction for each question',
          ...[1, 2].flatMap((n) => [`verification row ${n}: linear predictor`, `verification row ${n}: probability`]),
        ])
        expect(found.every((r) => r[1] === true)).toBe(true)
        await engine.db.execute(sql)
      }
    })

    it('fails, and says where, with a coefficient that was changed', async () => {
      const good = await exact()
      const bad = {
        ...good,
        coefficients: good.coefficients.map((c, i) => (i === 1 ? { ...c, estimate: c.estimate + 1e-9 } : c)),
      }
      const { sql, checks } = await parts(bad)
      const found = (await rows(engine.db, checks)).filter((r) => r[1] !== true)
      expect(found.map((r) => r[0])).toEqual([
        'verification row 1: linear predictor',
        'verification row 1: probability',
      ])
      await expect(engine.db.execute(sql)).rejects.toThrow(
        'self-test of model "risk" version 1 failed: verification row 1: linear predictor, verification row 1: probability',
      )
    })

    it('fails with an expectation in the last place but few, and with NULL for a number', async () => {
      const good = await exact()
      const [first, second] = good.verification
      const changed = (linear: number | null) =>
        ({ ...good, verification: [{ ...first, scores: [linear] }, second] }) as ModelRecord
      for (const linear of [(first?.scores[0] ?? 0) * (1 + 2 ** -52), null]) {
        const { checks } = await parts(changed(linear))
        expect((await rows(engine.db, checks)).map((r) => r[1])).toEqual([true, false, true, true, true])
      }
      const probability = Number(first?.outputs.probability) * (1 + 2 ** -51)
      const near = { ...good, verification: [{ ...first, outputs: { probability } }, second] } as ModelRecord
      expect((await rows(engine.db, (await parts(near)).checks)).every((r) => r[1] === true)).toBe(true)
    })
  })
})

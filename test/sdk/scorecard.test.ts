/** Scorecards through published names, on every engine. */
import {
  bins,
  type ModelDef,
  type ModelRecord,
  oneHot,
  parseModelRecord,
  predict,
  printModelRecord,
  project,
  scorecardRows,
  standardize,
  trainModel,
  verifyModel,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  loans: { loan: number; age: number | null; home: string | null; employed: boolean | null; bad: boolean }
}

const p = project<DB>('bank')
const loan = p.entity('loan', { loan: 'int4' })
const asked = p
  .featureView('asked', { entity: loan })
  .query(({ db }) => db.selectFrom('loans').select(['loan', 'age', 'home', 'employed']))
const target = p.target('end', { entity: loan }).query(({ db }) => db.selectFrom('loans').select(['loan', 'bad']))
const sample = p.sample('all', { entity: loan }).query(({ db }) => db.selectFrom('loans').select('loan'))
const dataset = p.dataset('credit', { sample, target, features: [asked] })
const scorecard = { base: 600, odds: 50, doubles: 20, good: false } as const
const inputs = { age: bins({ edges: [30, 45, 60] }), home: oneHot({ maxCategories: 5 }), employed: 'auto' } as const

const setup = `
  CREATE TABLE loans AS SELECT i AS loan, CASE WHEN i % 37 = 0 THEN NULL ELSE 18 + (i * 7919) % 60 END::float8 AS age,
    CASE WHEN i % 41 = 0 THEN NULL ELSE (ARRAY['own', 'rent', 'parents'])[1 + (i * 31) % 3] END AS home, i % 5 < 3 AS employed,
    ('x' || left(md5(i || 'bad'), 7))::bit(28)::int4 / 268435456.0
      < 0.1 + 0.2 * ((i * 31) % 3 = 1)::int + 0.25 * (i % 5 >= 3)::int + 0.1 * ((i * 7919) % 60 < 20)::int AS bad
    FROM generate_series(1, 3000) AS i;
  ALTER TABLE loans ADD PRIMARY KEY (loan);`

describeEachEngine('a scorecard', (engine) => {
  beforeAll(() => engine.db.execute(setup))
  const trained = async (model: ModelDef): Promise<ModelRecord> =>
    (await trainModel(engine.db, model, { trainedAt: '2025-01-01T00:00:00.000Z', where: 'process' })).record
  const predicted = async (model: ModelDef, record: ModelRecord): Promise<Record<string, unknown>[]> => {
    const { columns, rows } = await predict(engine.db, model, record, {})
    const all: Record<string, unknown>[] = []
    for await (const batch of rows) {
      for (const row of batch) all.push(Object.fromEntries(columns.map((c, i) => [c.name, row[i]])))
    }
    return all
  }

  test('gives whole points to attributes, which add up in the database', async () => {
    const model = p.model('risk', { dataset, family: 'logistic', label: 'bad', scorecard }).inputs(inputs)
    const record = await trained(model)
    expect(parseModelRecord(printModelRecord(record), 'again')).toEqual(record)
    expect(record.scorecard).toMatchObject({ ...scorecard, rounded: true })
    expect(record.scorecard?.points.every(Number.isInteger)).toBe(true)
    const table = scorecardRows(record)
    const pointsOf = (feature: string | null, attribute: string): number =>
      table.find((r) => r.feature === feature && r.attribute === attribute)?.points ?? Number.NaN
    expect(table.filter((r) => r.feature === 'age').map((r) => r.attribute)).toEqual([
      'below 30',
      '[30,45)',
      '[45,60)',
      '[60,)',
      'missing',
    ])
    expect(pointsOf('employed', 'true')).toBeGreaterThan(10)
    expect(pointsOf('employed', 'false')).toBe(0)

    const rows = await predicted(model, record)
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'loan',
      'probability',
      'points',
      'points_age',
      'points_home',
      'points_employed',
    ])
    const start = pointsOf(null, 'every row')
    for (const row of rows) {
      const own = ['points_age', 'points_home', 'points_employed'].map((c) => row[c] as number)
      expect(own.every(Number.isInteger)).toBe(true)
      expect(row.points).toBe(own.reduce((s, v) => s + v, start))
      // 20 points double the odds, and rounding moves each of the four by half a point at most.
      const odds = (1 - (row.probability as number)) / (row.probability as number)
      expect(Math.abs((row.points as number) - (600 + (20 / Math.LN2) * Math.log(odds / 50)))).toBeLessThan(2.0001)
    }
    const { checks, parity } = await verifyModel(engine.db, model, record)
    expect(checks.filter((c) => !c.ok)).toEqual([])
    expect(parity).toMatchObject({ rows: 3000, mismatched: 0 })
  })

  test('that is not rounded is the log-odds on another scale, for numbers too', async () => {
    const model = p
      .model('exact', {
        dataset,
        family: 'logistic',
        label: 'bad',
        scorecard: { ...scorecard, good: true, rounded: false },
      })
      .inputs({ ...inputs, age: standardize() })
    const record = await trained(model)
    for (const row of await predicted(model, record)) {
      const odds = (row.probability as number) / (1 - (row.probability as number))
      expect(row.points).toBeCloseTo(600 + (20 / Math.LN2) * Math.log(odds / 50), 8)
    }
    expect(scorecardRows(record).find((r) => r.feature === 'age')?.attribute).toBe('each unit')
  })

  test('with whole points refuses numbers that are not in bins', async () => {
    const model = p
      .model('risk', { dataset, family: 'logistic', label: 'bad', scorecard })
      .inputs({ ...inputs, age: standardize() })
    await expect(trained(model)).rejects.toMatchObject({
      diagnostics: [{ code: 'model/scorecard', parameters: { model: 'risk', inputs: '"age"' } }],
    })
  })
})

/** Imported models are models: matched to a dataset, checked on the way in, and then compiled, predicted and verified. */
import { readFileSync } from 'node:fs'
import {
  applyView,
  columnLineage,
  evaluateModel,
  importModel,
  parseModelRecord,
  predict,
  printModelRecord,
  project,
  renderReport,
  selfTest,
  verifyModel,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

interface DB {
  people: {
    id: number
    age: number | null
    income: number | null
    visits: number | null
    rate: number | null
    kind: number | null
    bought: boolean
    spent: number
    segment: string
    region: string
  }
}

const p = project<DB>('people')
const person = p.entity('person', { id: 'int4' }, { from: 'people' })
const profile = p
  .featureView('profile', { entity: person })
  .query(({ db }) => db.selectFrom('people').select(['id', 'age', 'income', 'visits', 'rate', 'kind', 'region']))
const sample = p.sample('everyone', { entity: person }).query(({ db }) => db.selectFrom('people').select(['id']))
const target = p
  .target('outcome', { entity: person })
  .query(({ db }) => db.selectFrom('people').select(['id', 'bought', 'spent', 'segment']))
const dataset = p.dataset('people', { sample, target, features: [profile] })
const bought = p.model('bought', { dataset, family: 'logistic', label: 'bought' })
const spent = p.model('spent', { dataset, family: 'linear', label: 'spent' })
const visits = p.model('visits', { dataset, family: 'poisson', label: 'spent' })
const segment = p.model('segment', { dataset, family: 'multinomial', label: 'segment' })

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/imports/${name}`, import.meta.url), 'utf8')

interface Rows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (number | null)[])[]
  readonly scores?: readonly (number | readonly number[])[]
  readonly predictions: readonly (number | readonly number[])[]
}
const rowsOf = (name: string): Rows => JSON.parse(fixture(name)) as Rows

/** A value of the table: float8 in the shortest digits that are read back to the same bits. */
const cell = (value: number | null): string => (value === null ? 'NULL' : `'${value}'::float8`)

describeEachEngine('an imported model', (engine) => {
  const fill = (rows: Rows['rows']) =>
    engine.db.execute(`
      TRUNCATE people;
      INSERT INTO people SELECT id, age, income, visits, rate, kind::float8, id % 2 = 0, id, (ARRAY['a', 'b', 'c'])[1 + id % 3], 'x'
        FROM (VALUES ${rows.map((row, i) => `(${i}, ${row.map(cell).join(', ')})`).join(', ')})
        AS v (id, age, income, visits, rate, kind);
    `)
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE people (id int4 PRIMARY KEY, age float8, income float8, visits float8, rate float8, kind float8,
        bought bool NOT NULL, spent float8 NOT NULL, segment text NOT NULL, region text);
    `),
  )

  test.each([
    ['xgboost-logistic', bought, 'json'],
    ['xgboost-regression', spent, 'json'],
    ['xgboost-poisson', visits, 'json'],
    ['xgboost-softprob', segment, 'json'],
    ['xgboost-categories', bought, 'json'],
    ['lightgbm-binary', bought, 'txt'],
    ['lightgbm-zero-as-missing', bought, 'txt'],
    ['lightgbm-multiclass', segment, 'txt'],
    ['lightgbm-categories', bought, 'txt'],
    ['lightgbm-forest', spent, 'txt'],
  ] as const)('%s scores the rows of a table as its library does, bit for bit', async (name, model, kind) => {
    const { rows, scores, predictions } = rowsOf(`${name}.rows.json`)
    await fill(rows)
    const classes = model === segment ? { classes: ['a', 'b', 'c'] } : {}
    const parity = fixture(`${name}.rows.json`)
    const imported = await importModel(engine.db, model, fixture(`${name}.model.${kind}`), { parity, ...classes })
    expect(imported.parity).toEqual({ rows: 120, from: 'given' })
    const { record } = imported
    expect(parseModelRecord(printModelRecord(record), 'record')).toEqual(record)
    const prediction = await predict(engine.db, model, record, { spine: 'sample', withFeatures: true })
    const at = (column: string) => prediction.columns.findIndex((c) => c.name === column)
    const own = record.classes === undefined ? ['_linear'] : record.classes.map((_, i) => `_linear_${i + 1}`)
    const found = new Map<number, unknown[]>()
    for await (const batch of prediction.rows) {
      for (const row of batch)
        found.set(
          row[at('id')] as number,
          own.map((column) => row[at(column)]),
        )
    }
    const expected = scores ?? predictions
    expect(expected.map((_, i) => found.get(i))).toEqual(expected.map((s) => (Array.isArray(s) ? s : [s])))
    const verified = await verifyModel(engine.db, model, record, { spine: 'sample' })
    expect(verified.checks.filter((c) => !c.ok)).toEqual([])
  })

  test('is measured and reported on as a trained one is', async () => {
    await fill(rowsOf('xgboost-logistic.rows.json').rows)
    const { record } = await importModel(engine.db, bought, fixture('xgboost-logistic.model.json'))
    const evaluation = await evaluateModel(engine.db, bought, record, { part: 'all' })
    expect(evaluation).toMatchObject({ rows: 120, unscored: 0 })
    const auc = evaluation.result.metrics.find((m) => m.name === 'auc')?.estimate.value as number
    expect(auc).toBeGreaterThan(0)
    expect(auc).toBeLessThan(1)
    expect(await renderReport(record, evaluation)).toContain('<section id="ranking">')
  })

  test('is a version like any other: its view, its self-test and its lineage', async () => {
    await fill(rowsOf('xgboost-logistic.rows.json').rows)
    const { record, parity, source } = await importModel(engine.db, bought, fixture('xgboost-logistic.model.json'), {
      version: 3,
      importedAt: '2026-01-01T00:00:00.000Z',
    })
    expect({ parity, source }).toEqual({ parity: { rows: 400, from: 'rules' }, source: 'xgboost 1.7.4' })
    const applied = await applyView(engine.db, bought, record, { name: 'likely' })
    expect(applied.view).toContain('likely')
    const [row] = await engine.db.rows<{ n: string; scored: string }>(
      'SELECT count(*) AS n, count(probability) AS scored FROM likely',
    )
    expect(row).toEqual({ n: '120', scored: '120' })
    const { sql } = await selfTest(engine.db, bought, record, { spine: 'sample' })
    await engine.db.execute(sql)
    const lineage = await columnLineage(engine.db, bought, undefined, { record })
    expect(lineage.children.find((c) => c.name === 'income')?.via).toMatch(/^trees, importance 0\.\d+$/)
  })

  test('reads columns of other names and types', async () => {
    await fill(rowsOf('lightgbm-categories.rows.json').rows)
    const categories = { kind: ['x', 'y', 'z', 'u', 'v', 'w'] }
    const { record } = await importModel(engine.db, bought, fixture('lightgbm-categories.model.txt'), {
      columns: { kind: 'region' },
      categories,
    })
    expect(record.inputs.find((i) => i.feature === 'region')).toMatchObject({ type: 'text' })
    expect((await verifyModel(engine.db, bought, record, { spine: 'sample' })).checks.filter((c) => !c.ok)).toEqual([])
  })

  test.each([
    ['sklearn-forest-classes', segment, {}],
    ['sklearn-boosting-outcome', bought, {}],
    ['sklearn-hist', spent, {}],
    ['sklearn-multinomial', segment, {}],
    ['sklearn-pipeline-boosting', bought, { kind: 'region' }],
    ['sklearn-pipeline-logistic', bought, { kind: 'region' }],
  ] as const)('%s predicts in the table what its library predicts', async (name, model, columns) => {
    const { rows, predictions } = (JSON.parse(fixture(`${name}.json`)) as { parity: Rows }).parity
    const numbers = rows.map((row) => row.map((v) => (typeof v === 'number' ? v : null)))
    await fill(numbers)
    for (const [i, row] of rows.entries()) {
      await engine.db.execute(`UPDATE people SET region = '${String(row[4]).replaceAll("'", "''")}' WHERE id = ${i}`)
    }
    const { record, parity } = await importModel(engine.db, model, fixture(`${name}.json`), { columns })
    expect(parity).toEqual({ rows: rows.length, from: 'given' })
    const verified = await verifyModel(engine.db, model, record, { spine: 'sample' })
    expect(verified.checks.filter((c) => !c.ok)).toEqual([])
    const prediction = await predict(engine.db, model, record, { spine: 'sample' })
    const id = prediction.columns.findIndex((c) => c.name === 'id')
    const first = prediction.columns.findIndex((c) => /^(probability|prediction)/.test(c.name))
    for await (const batch of prediction.rows) {
      for (const row of batch) {
        const theirs = [predictions[row[id] as number]].flat().slice(record.family === 'binomial' ? 1 : 0)
        theirs.forEach((p, i) => {
          expect(Math.abs((row[first + i] as number) - (p as number))).toBeLessThanOrEqual(
            1e-12 * Math.max(1, Math.abs(p as number)),
          )
        })
      }
    }
  })

  test('is refused when its features are not columns, with the nearest names', async () => {
    const nameless = fixture('xgboost-logistic.model.json').replace('"income"', '"incom"')
    const [problem] = await diagnosticsOf(() => importModel(engine.db, bought, nameless, { file: 'm.json' }))
    expect(problem).toMatchObject({ code: 'model/import-input', hint: 'Did you mean "income"?' })
    expect(
      await codesOf(() =>
        importModel(engine.db, bought, fixture('xgboost-logistic.model.json'), { columns: { age: 'region' } }),
      ),
    ).toEqual(['model/input-type'])
    const misspelt = await diagnosticsOf(() =>
      importModel(engine.db, bought, fixture('xgboost-logistic.model.json'), { columns: { agee: 'age' } }),
    )
    expect(misspelt).toMatchObject([{ code: 'model/import', hint: 'Did you mean "age"?' }])
  })

  test('is refused when rows are scored otherwise than by its library', async () => {
    const parity = rowsOf('xgboost-logistic.rows.json')
    const [first] = parity.scores as number[]
    const wrong = {
      ...parity,
      scores: [Math.fround((first as number) * (1 + 2 ** -23)), ...(parity.scores ?? []).slice(1)],
    }
    const [problem] = await diagnosticsOf(() =>
      importModel(engine.db, bought, fixture('xgboost-logistic.model.json'), { parity: JSON.stringify(wrong) }),
    )
    expect(problem?.code).toBe('model/import-parity')
    expect(problem?.message).toMatch(/^1 of 120 rows .* xgboost 1\.7\.4: the first is row 1: score 1/)
  })

  test('is refused when it is of another family, or of no kind that is known', async () => {
    const refused = async (model: typeof bought, text: string): Promise<string | undefined> =>
      (await diagnosticsOf(() => importModel(engine.db, model, text, { file: 'm.json' })))[0]?.message
    expect(await refused(segment as never, fixture('xgboost-logistic.model.json'))).toMatch(/binomial model of xgboost/)
    expect(await refused(bought, '{}')).toMatch(/no kind that is known/)
    expect(await refused(bought, '{"learner":')).toMatch(/^m\.json cannot be imported: /)
  })
})

/** The report of a model: what it measures, on which rows, and that its file stands alone. */
import { evaluateModel, type ModelRecord, project, renderReport, trainModel } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  places: { place: number; region: string | null; size: number | null }
  asked: { place: number; late: boolean; minutes: number; grade: string }
}

const p = project<DB>('reported')
const place = p.entity('place', { place: 'int4' }, { from: 'places' })
const profile = p
  .featureView('profile', { entity: place })
  .query(({ db }) => db.selectFrom('places').select(['place', 'region', 'size']))
const sample = p
  .sample('asked', { entity: place, split: p.split.hash({ test: 0.4 }) })
  .query(({ db }) => db.selectFrom('asked').select(['place']))
const target = p
  .target('outcome', { entity: place })
  .query(({ db }) => db.selectFrom('asked').select(['place', 'late', 'minutes', 'grade']))
const dataset = p.dataset('visits', { sample, target, features: [profile] })
const late = p.model('late', { dataset, family: 'logistic', label: 'late' })
const minutes = p.model('minutes', { dataset, family: 'linear', label: 'minutes' })

const grade = p.model('grade', { dataset, family: 'multinomial', label: 'grade' })
const side = p.model('side', { dataset, family: 'svm', label: 'late' })

const setup = `
  CREATE TABLE places (place int4 PRIMARY KEY, region text, size float8);
  CREATE TABLE asked (place int4 PRIMARY KEY, late bool NOT NULL, minutes float8 NOT NULL, grade text NOT NULL);
  INSERT INTO places SELECT i, (ARRAY['<north>', 'south & east', NULL])[1 + i % 3], CASE WHEN i % 11 > 0 THEN (i * 37 % 101) / 10.0 END
    FROM generate_series(1, 900) i;
  INSERT INTO asked SELECT place, (place * 7919 % 100) < 20 + 5 * coalesce(size, 3), 3 * coalesce(size, 3) + (place * 104729 % 50),
    CASE WHEN (place * 7919 % 100) < 10 * coalesce(size, 3) THEN 'high' WHEN place * 31 % 7 < 3 THEN 'low' ELSE 'mid' END
    FROM places;
`

describeEachEngine('the report of a model', (engine) => {
  let logistic: ModelRecord
  let linear: ModelRecord

  beforeAll(async () => {
    await engine.db.execute(setup)
    logistic = (await trainModel(engine.db, late)).record
    linear = (await trainModel(engine.db, minutes)).record
  })

  test('measures the test rows, and agrees with training on what both measure', async () => {
    const evaluation = await evaluateModel(engine.db, late, logistic)
    expect(evaluation).toMatchObject({ part: 'test', rows: logistic.dataset.testRows, unscored: 0, isWeighted: false })
    for (const name of ['auc', 'logLoss', 'brier', 'accuracy', 'baseRate']) {
      const measured = evaluation.result.metrics.find((m) => m.name === name)?.estimate
      expect(measured?.value).toBeCloseTo(logistic.metrics.test[name] as number, 10)
      const [lower, upper] = measured?.interval ?? [0, 0]
      expect(lower).toBeLessThan(measured?.value as number)
      expect(upper).toBeGreaterThan(measured?.value as number)
    }
    const regression = await evaluateModel(engine.db, minutes, linear, { part: 'train' })
    expect(regression.rows).toBe(linear.dataset.trainRows)
    for (const name of ['rmse', 'mae', 'r2']) {
      const measured = regression.result.metrics.find((m) => m.name === name)?.estimate
      expect(measured?.value).toBeCloseTo(linear.metrics.train[name] as number, 10)
    }
  })

  test('slices by the columns asked for; every row is in one slice', async () => {
    const { slices, rows } = await evaluateModel(engine.db, late, logistic, { slices: ['region', 'size'], part: 'all' })
    expect(rows).toBe(900)
    expect(slices.map((s) => s.feature)).toEqual(['region', 'size'])
    expect(slices[0]?.slices.map((s) => [s.name, s.rows])).toEqual([
      ['<north>', 300],
      ['missing', 300],
      ['south & east', 300],
    ])
    expect(slices[1]?.slices.reduce((sum, s) => sum + s.rows, 0)).toBe(900)
    expect(slices[1]?.slices.at(-1)).toMatchObject({ name: 'missing', rows: 81 })
    expect(slices[1]?.slices.every((s) => Math.abs(s.meanLabel - s.meanPrediction) < 0.25)).toBe(true)
  })

  test('knows what moves the score', async () => {
    const { contributions } = await evaluateModel(engine.db, late, logistic)
    expect(contributions[0]?.feature).toBe('size')
    expect(contributions.reduce((sum, c) => sum + c.share, 0)).toBeCloseTo(1, 12)
  })

  test('is one file that needs nothing else, with what a project says escaped', async () => {
    for (const [model, record] of [
      [late, logistic],
      [minutes, linear],
    ] as const) {
      const evaluation = await evaluateModel(engine.db, model, record, { slices: ['region'] })
      const html = await renderReport(record, evaluation, { predictionSql: "SELECT '<b>' AS x" })
      expect(html).not.toMatch(/<script|<link|src=|@import|url\(/)
      expect(html.replace(/<pre>.*?<\/pre>/gs, '')).not.toMatch(/NaN|undefined|>null</)
      expect(html).not.toContain('<north>')
      expect(html).toContain('&lt;north&gt;')
      expect(html).toContain('SELECT &#39;&lt;b&gt;&#39; AS x')
      expect(html).toContain('WITH')
      const charts = html.match(/<svg /g) ?? []
      expect(charts.length).toBe(record === logistic ? 9 : 6)
      for (const id of ['metrics', 'coefficients', 'contributions', 'slices', 'model', 'sql']) {
        expect(html).toContain(`href="#${id}"`)
        expect(html).toContain(`<section id="${id}">`)
      }
      expect(html).toMatch(/prefers-color-scheme: dark/)
      expect(html).toMatch(/@media print/)
      if (process.env.REPORT_OUT)
        (await import('node:fs')).writeFileSync(`${process.env.REPORT_OUT}/${record.name}.html`, html)
    }
  })

  test('of several classes: what is told of each, and a confusion that adds up', async () => {
    const { record } = await trainModel(engine.db, grade)
    const evaluation = await evaluateModel(engine.db, grade, record)
    const { result } = evaluation
    if (result.kind !== 'classes') throw new Error(result.kind)
    const all = result.confusion.flat().reduce((a, b) => a + b, 0)
    expect(all).toBe(evaluation.rows)
    const right = result.confusion.reduce((sum, line, k) => sum + (line[k] ?? 0), 0)
    const of = (name: string) => result.metrics.find((m) => m.name === name)?.estimate
    expect(of('accuracy')?.value).toBeCloseTo(right / all, 12)
    expect(of('accuracy')?.value).toBeCloseTo(record.metrics.test.accuracy as number, 10)
    expect(of('logLoss')?.value).toBeCloseTo(record.metrics.test.logLoss as number, 10)
    expect(result.classes.map((c) => c.name)).toEqual(['high', 'low', 'mid'])
    const html = await renderReport(record, evaluation)
    expect(html).toContain('told mid')
  })

  test('of a margin: ranked and decided by, without losses that need a probability', async () => {
    const { record } = await trainModel(engine.db, side)
    const evaluation = await evaluateModel(engine.db, side, record)
    const names = evaluation.result.metrics.map((m) => m.name)
    expect(names).toContain('auc')
    expect(names).not.toContain('logLoss')
    const auc = evaluation.result.metrics.find((m) => m.name === 'auc')?.estimate.value
    expect(auc).toBeCloseTo(record.metrics.test.auc as number, 10)
    expect(await renderReport(record, evaluation)).not.toContain('id="calibration"')
  })

  test('a part without rows is said to have none', async () => {
    await expect(evaluateModel(engine.db, late, logistic, { part: 'validation' })).rejects.toMatchObject({
      diagnostics: [{ code: 'train/no-rows' }],
    })
  })
})

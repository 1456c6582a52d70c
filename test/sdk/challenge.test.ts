/** What a comparison says, against the definitions of its figures applied to the predictions of both versions. */
import { type DatasetDef, type ModelDef, type ModelRecord, predictionQuery, trainingQuery } from '@viewcast/compiler'
import { challenge, prepareDataset } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, record } from '../properties/scored-records.ts'

const origin = { kind: 'kysely' } as const
const entity = { kind: 'entity', name: 'thing', keys: [{ name: 'k', type: 'int4' }], from: { name: 'things' } } as const
const sql = (text: string) => ({ kind: 'sql', text, origin }) as const
const datasetOf = (label: string, more: Partial<DatasetDef['sample']> = {}): DatasetDef => ({
  kind: 'dataset',
  name: 'd',
  sample: {
    ...{ kind: 'sample', name: 'asked', entity, query: sql('SELECT k, weight FROM things') },
    ...{ split: { kind: 'hash', test: 0.5, seed: 's' }, weight: 'weight' },
    ...more,
  },
  target: { kind: 'target', name: 'told', entity, query: sql(`SELECT k, ${label} AS y FROM things`) },
  features: [
    { view: { kind: 'static', name: 'facts', entity, query: sql('SELECT k, a, b FROM things'), features: {} } },
  ],
})
const modelOf = (dataset: DatasetDef, family: ModelDef['family'], link: ModelDef['link']): ModelDef => ({
  ...{ kind: 'model', name: 'scored', dataset, family, link, label: 'y', inputs: {} },
  ...{ penalty: { l1: 0, l2: 0 }, solver: 'cholesky', threshold: 0.5 },
})
const weighing = (intercept: number, a: number, b: number, of?: string) => [
  coefficient('(intercept)', null, intercept, of),
  coefficient('a', 'a', a, of),
  coefficient('b', 'b', b, of),
]
const versions = (more: Partial<ModelRecord>, ...weights: readonly (readonly [number, number, number])[]) =>
  weights.map(([i, a, b], v) =>
    record(more.family ?? 'gaussian', {
      inputs: [asIs('a'), asIs('b')],
      coefficients: weighing(i, a, b),
      version: v + 1,
      ...more,
      dataset: { name: 'd', queryHash: '0'.repeat(64), trainRows: 12, testRows: 12 },
    }),
  ) as [ModelRecord, ModelRecord]

const mean = (x: readonly number[]): number => x.reduce((s, v) => s + v, 0) / x.length
const places = (x: readonly number[]): number[] =>
  x.map((v) => x.filter((o) => o < v).length + (x.filter((o) => o === v).length + 1) / 2)
const pearson = (x: readonly number[], y: readonly number[]): number => {
  const [mx, my] = [mean(x), mean(y)]
  const sum = (f: (i: number) => number) => x.reduce((s, _, i) => s + f(i), 0)
  return (
    sum((i) => ((x[i] ?? 0) - mx) * ((y[i] ?? 0) - my)) /
    Math.sqrt(sum((i) => ((x[i] ?? 0) - mx) ** 2) * sum((i) => ((y[i] ?? 0) - my) ** 2))
  )
}
interface Row {
  readonly y: number
  readonly w: number
  readonly p: number
  readonly q: number
}
/** The weighted mean difference of a loss, and √(Σ w² (d − d̄)² n/(n − 1)) / Σ w. */
function pairedBy(rows: readonly Row[], loss: (p: number, y: number) => number) {
  const total = rows.reduce((s, r) => s + r.w, 0)
  const average = (f: (r: Row) => number) => rows.reduce((s, r) => s + r.w * f(r), 0) / total
  const d = (r: Row) => loss(r.q, r.y) - loss(r.p, r.y)
  const difference = average(d)
  const squares = rows.reduce((s, r) => s + (r.w * (d(r) - difference)) ** 2, 0)
  return {
    champion: average((r) => loss(r.p, r.y)),
    challenger: average((r) => loss(r.q, r.y)),
    difference,
    standardError: Math.sqrt((squares * rows.length) / (rows.length - 1)) / total,
  }
}
/** DeLong, DeLong and Clarke-Pearson (1988), every pair of rows by itself. */
function areas(rows: readonly Row[]) {
  const ones = rows.filter((r) => r.y === 1)
  const zeros = rows.filter((r) => r.y === 0)
  const [w1, w0] = [ones, zeros].map((some) => some.reduce((s, r) => s + r.w, 0)) as [number, number]
  const wins = (x: number, y: number) => (x > y ? 1 : x === y ? 0.5 : 0)
  const of = (score: (r: Row) => number) => ({
    ones: ones.map((o) => zeros.reduce((s, z) => s + z.w * wins(score(o), score(z)), 0) / w0),
    zeros: zeros.map((z) => ones.reduce((s, o) => s + o.w * wins(score(o), score(z)), 0) / w1),
  })
  const [first, second] = [of((r) => r.p), of((r) => r.q)]
  const area = (v: readonly number[]) => ones.reduce((s, o, i) => s + o.w * (v[i] ?? 0), 0) / w1
  const difference = area(second.ones) - area(first.ones)
  const spread = (some: readonly Row[], a: readonly number[], b: readonly number[], total: number) =>
    (some.reduce((s, r, i) => s + (r.w * ((b[i] ?? 0) - (a[i] ?? 0) - difference)) ** 2, 0) * some.length) /
    (some.length - 1) /
    total ** 2
  const variance = spread(ones, first.ones, second.ones, w1) + spread(zeros, first.zeros, second.zeros, w0)
  return { champion: area(first.ones), challenger: area(second.ones), difference, standardError: Math.sqrt(variance) }
}

describeEachEngine('a challenge', (engine) => {
  beforeAll(() =>
    engine.db.execute(`
      CREATE TABLE things (k int4 PRIMARY KEY, a float8, b float8, weight float8, late bool, class text, amount float8);
      INSERT INTO things
      SELECT i, round(sin(i * 12.9898)::numeric, 1)::float8 * 2, CASE WHEN i % 23 = 0 THEN NULL ELSE cos(i * 78.233) END,
        1 + i % 3, sin(i * 12.9898) + cos(i * 3.7) > 0.2, (ARRAY['x', 'y', 'z'])[1 + i % 3], sin(i * 12.9898) + i % 5
      FROM generate_series(1, 400) AS i;
      UPDATE things SET late = NULL, class = NULL, amount = NULL WHERE k % 29 = 0`),
  )
  const prepared = async (label: string, family: ModelDef['family'], link: ModelDef['link'], more = {}) => {
    const { dataset, facts } = await prepareDataset(engine.db, datasetOf(label, more))
    return { model: modelOf(dataset, family, link), facts, dataset }
  }
  /** Rows of the test part with what is known of them. */
  const known = async (
    { model, facts, dataset }: Awaited<ReturnType<typeof prepared>>,
    both: [ModelRecord, ModelRecord],
  ) => {
    const rows = await engine.db.rows<{ k: number; y: unknown; _split: string; _weight: number }>(
      trainingQuery(dataset, facts).sql,
    )
    const said = async (one: ModelRecord) => {
      const found = await engine.db.rows<Record<string, unknown> & { k: number }>(
        predictionQuery(model, one, facts, { spine: { kind: 'sample' } }).sql,
      )
      return new Map(found.map((r) => [r.k, r]))
    }
    const [p, q] = [await said(both[0]), await said(both[1])]
    return rows
      .filter((r) => r._split === 'test')
      .map(
        (r) =>
          ({ ...r, w: r._weight, p: p.get(r.k) ?? {}, q: q.get(r.k) ?? {} }) as never as {
            k: number
            y: unknown
            w: number
            p: Record<string, never>
            q: Record<string, never>
          },
      )
  }
  const near = (metric: object | undefined, expected: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(expected)) {
      expect((metric as Record<string, number>)[name], name).toBeCloseTo(value, 10)
    }
  }

  test('of probabilities says what the definitions say', async () => {
    const given = await prepared('late', 'binomial', 'logit')
    const both = versions(
      { family: 'binomial', link: 'logit', outputs: ['value', 'label'] },
      [0.1, 1, 0.5],
      [0.3, 0.7, -0.6],
    )
    const found = await challenge(
      engine.db,
      { model: given.model, record: both[0] },
      { model: given.model, record: both[1] },
      { spine: 'sample' },
    )
    const rows = await known(given, both)
    expect(found).toMatchObject({
      part: 'test',
      rows: rows.length,
      champion: { version: 1 },
      challenger: { version: 2 },
    })
    const [p, q] = [rows.map((r) => Number(r.p['probability'])), rows.map((r) => Number(r.q['probability']))]
    const d = q.map((v, i) => v - (p[i] ?? 0))
    const [output] = found.outputs
    near(output, {
      ...{ rows: rows.length, championMean: mean(p), challengerMean: mean(q), meanShift: mean(d) },
      standardDeviation: Math.sqrt(d.reduce((s, v) => s + (v - mean(d)) ** 2, 0) / (d.length - 1)),
      largest: Math.max(...d.map(Math.abs)),
      pearson: pearson(p, q),
      spearman: pearson(places(p), places(q)),
      distance: Math.max(
        ...[...p, ...q].map(
          (v) => Math.abs(p.filter((x) => x <= v).length - q.filter((x) => x <= v).length) / p.length,
        ),
      ),
    })
    expect(output?.quantiles['0.5']).toBeCloseTo(
      [...d]
        .sort((x, y) => x - y)
        .reduce((m, v, i, all) => {
          const at = 0.5 * (all.length - 1)
          return i === Math.floor(at) ? m + v * (1 - (at % 1)) : i === Math.ceil(at) ? m + v * (at % 1) : m
        }, 0),
      12,
    )
    const labels = rows.map((r) => [String(r.p['label']), String(r.q['label'])] as const)
    expect(found.label?.agreement).toBeCloseTo(labels.filter(([a, b]) => a === b).length / labels.length, 12)
    for (const c of found.label?.confusion ?? []) {
      expect(c.rows).toBe(labels.filter(([a, b]) => a === c.champion && b === c.challenger).length)
    }
    expect(output?.deciles.reduce((s, t) => s + t.rows, 0)).toBe(rows.length)
    expect(output?.deciles.every((t, i, all) => i === 0 || (all[i - 1]?.greatest ?? 0) < t.least)).toBe(true)
    const labelled = rows.flatMap((r): Row[] =>
      r.y === null ? [] : [{ y: Number(r.y), w: r.w, p: r.p['probability'] ?? 0, q: r.q['probability'] ?? 0 }],
    )
    const of = (metric: string) => found.metrics.find((m) => m.metric === metric)
    near(
      of('logLoss'),
      pairedBy(labelled, (x, y) => -Math.log(y === 1 ? x : 1 - x)),
    )
    near(
      of('brier'),
      pairedBy(labelled, (x, y) => (x - y) ** 2),
    )
    near(
      of('accuracy'),
      pairedBy(labelled, (x, y) => Number(x >= 0.5 === (y === 1))),
    )
    near(of('auc'), areas(labelled))
    const isRight = (x: number, y: number) => x >= 0.5 === (y === 1)
    expect(found.discordant).toEqual({
      champion: labelled.filter((r) => isRight(r.p, r.y) && !isRight(r.q, r.y)).length,
      challenger: labelled.filter((r) => !isRight(r.p, r.y) && isRight(r.q, r.y)).length,
    })
    expect(of('logLoss')?.rows).toBe(labelled.length)
    for (const m of found.metrics) expect(m.pValue).toBeGreaterThan(0)
    for (const m of found.metrics) expect(m.pValue).toBeLessThanOrEqual(1)
  })

  test('of numbers and of classes measures them', async () => {
    const numbers = await prepared('amount', 'gaussian', 'identity')
    const both = versions({}, [1, 1, 0.5], [2, 0.9, 0])
    const found = await challenge(
      engine.db,
      { model: numbers.model, record: both[0] },
      { model: numbers.model, record: both[1] },
      { spine: 'sample' },
    )
    expect(found.label).toBeUndefined()
    const rows = (await known(numbers, both)).flatMap((r): Row[] =>
      r.y === null ? [] : [{ y: Number(r.y), w: r.w, p: r.p['prediction'] ?? 0, q: r.q['prediction'] ?? 0 }],
    )
    near(
      found.metrics.find((m) => m.metric === 'mse'),
      pairedBy(rows, (x, y) => (x - y) ** 2),
    )
    near(
      found.metrics.find((m) => m.metric === 'mae'),
      pairedBy(rows, (x, y) => Math.abs(x - y)),
    )

    const classes = await prepared('class', 'multinomial', 'softmax')
    const ofClasses = [0.4, -0.7].map((f, v) => ({
      ...record('multinomial', {
        ...{ inputs: [asIs('a'), asIs('b')], classes: ['x', 'y', 'z'], link: 'softmax', version: v + 1 },
        coefficients: [...weighing(0.1, f, 1, 'y'), ...weighing(-0.1, -f, 0.3, 'z')],
      }),
      ...{ outputs: ['label' as const, 'probabilities' as const], dataset: both[0].dataset },
    })) as [ModelRecord, ModelRecord]
    const told = await challenge(
      engine.db,
      { model: classes.model, record: ofClasses[0] },
      { model: classes.model, record: ofClasses[1] },
      { spine: 'sample' },
    )
    expect(told.outputs.map((o) => o.output)).toEqual(['probability_x', 'probability_y', 'probability_z'])
    const answered = (await known(classes, ofClasses)).filter((r) => r.y !== null)
    const asRows = (of: (said: Record<string, never>, y: string) => number): Row[] =>
      answered.map((r) => ({ y: 0, w: r.w, p: of(r.p, String(r.y)), q: of(r.q, String(r.y)) }))
    near(
      told.metrics.find((m) => m.metric === 'logLoss'),
      pairedBy(
        asRows((said, y) => said[`probability_${y}`] ?? 0),
        (x) => -Math.log(x),
      ),
    )
    near(
      told.metrics.find((m) => m.metric === 'accuracy'),
      pairedBy(
        asRows((said, y) => Number(said['label'] === y)),
        (x) => x,
      ),
    )
    expect(told.label?.kappa).toBeLessThan(1)
  })

  test('of a version with itself finds nothing', async () => {
    const given = await prepared('late', 'binomial', 'logit')
    const [one] = versions({ family: 'binomial', link: 'logit' }, [0.1, 1, 0.5])
    const side = { model: given.model, record: one }
    const found = await challenge(engine.db, side, side, { spine: 'sample', part: 'all' })
    expect(found.rows).toBe(400)
    expect(found.outputs[0]).toMatchObject({
      moved: 0,
      meanShift: 0,
      largest: 0,
      distance: 0,
      stability: 0,
      missing: { champion: 0, challenger: 0, both: 0 },
    })
    expect(found.outputs[0]?.spearman).toBeCloseTo(1, 12)
    expect(found.label?.agreement).toBe(1)
    for (const m of found.metrics)
      expect([m.metric, m.difference, m.standardError, m.pValue]).toEqual([m.metric, 0, 0, 1])
    expect(found.metrics).toHaveLength(4)
    expect(found.discordant).toEqual({ champion: 0, challenger: 0 })
  })

  test('of the population or of keys has no labels; of nobody it has no figures', async () => {
    const given = await prepared('late', 'binomial', 'logit')
    const [champion, challenger] = versions({ family: 'binomial', link: 'logit' }, [0.1, 1, 0.5], [0.3, 0.7, -0.6])
    const both = [
      { model: given.model, record: champion },
      { model: given.model, record: challenger },
    ] as const
    const all = await challenge(engine.db, ...both)
    expect(all).toMatchObject({ rows: 400, metrics: [] })
    expect(all.part).toBeUndefined()
    const few = await challenge(engine.db, ...both, { keys: [{ k: 3 }, { k: 999 }] })
    expect(few.rows).toBe(2)
    const none = await challenge(engine.db, ...both, { keys: [] })
    expect(none).toMatchObject({ rows: 0, label: { rows: 0, agreement: null, kappa: null, confusion: [] } })
    expect(none.outputs[0]).toMatchObject({
      rows: 0,
      meanShift: null,
      distance: null,
      stability: null,
      deciles: [],
      quantiles: {},
    })
    await expect(challenge(engine.db, ...both, { spine: 'sample', part: 'validation' })).rejects.toThrow(
      'train/no-rows',
    )
  })

  test('survives numbers that have no square', async () => {
    const given = await prepared('amount', 'gaussian', 'identity', { weight: undefined })
    await engine.db.execute(`CREATE TABLE kept AS TABLE things;
      UPDATE things SET a = (ARRAY[1e200, -1e100, 1e-300, 'NaN', 'Infinity', 1e60, 0])[1 + k % 7]::float8, amount = 0`)
    try {
      const both = versions({}, [0, 1, 0], [1e-200, 1, 1e-200])
      const found = await challenge(
        engine.db,
        { model: given.model, record: both[0] },
        { model: given.model, record: both[1] },
        { spine: 'sample', part: 'all' },
      )
      expect(found.rows).toBe(400)
      expect(found.outputs[0]?.missing.both).toBeGreaterThan(0)
      expect(found.metrics.map((m) => m.metric)).toEqual(['mse', 'mae'])
    } finally {
      await engine.db.execute(
        'UPDATE things SET a = kept.a, amount = kept.amount FROM kept WHERE kept.k = things.k; DROP TABLE kept',
      )
    }
  })
})

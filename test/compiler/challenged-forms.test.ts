/** Challengers in the forms that answer one question: a function, and the statement a server prepares. */
import {
  type Challenger,
  type DatasetDef,
  type FeatureView,
  type ModelDef,
  type ModelRecord,
  predictionObject,
  servingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, record } from '../properties/scored-records.ts'
import { model as trees } from '../properties/tree-models.ts'
import { linearRecord } from './records.ts'

/** Every bit: JSON knows neither −0 nor NaN. */
const text = (row: readonly unknown[]): string =>
  row.map((v) => (Object.is(v, -0) ? '-0' : typeof v === 'string' ? JSON.stringify(v) : String(v))).join(' | ')

const origin = { kind: 'kysely' } as const
const entity = { kind: 'entity', name: 'thing', keys: [{ name: 'k', type: 'int4' }], from: { name: 'things' } } as const
const facts: FeatureView = {
  kind: 'static',
  ...{ name: 'facts', entity, features: {} },
  query: { kind: 'sql', text: 'SELECT k, a, b, c, d, w, state FROM things', origin },
}
const late: FeatureView = {
  kind: 'history',
  ...{ name: 'late', entity, time: 'at', features: {} },
  query: { kind: 'sql', text: 'SELECT k, at, y FROM events', origin },
}
const brought: FeatureView = {
  kind: 'request',
  ...{ name: 'brought', entity, features: {} },
  columns: [
    { name: 'urgency', type: 'int4' },
    { name: 'x', type: 'float8' },
  ],
  query: { kind: 'sql', text: 'SELECT spine.urgency, spine.x, spine.urgency * spine.x AS product FROM spine', origin },
}
const sample = (columns: string): DatasetDef['sample'] => ({
  ...{ kind: 'sample', name: 'asked', entity, split: { kind: 'none' } },
  query: { kind: 'sql', text: `SELECT k, at AS as_of${columns} FROM events`, origin },
})
const modelOf = (dataset: DatasetDef): ModelDef => ({
  ...{ kind: 'model', name: dataset.name, dataset, family: 'gaussian', link: 'identity', label: 'y', inputs: {} },
  ...{ penalty: { l1: 0, l2: 0 }, solver: 'cholesky', threshold: 0.5 },
})
const plain: DatasetDef = {
  kind: 'dataset',
  name: 'plain',
  sample: sample(''),
  features: [{ view: facts }, { view: late }],
}

const setup = `
  DROP FUNCTION IF EXISTS together, alone;
  DROP TABLE IF EXISTS things, events;
  CREATE TABLE things (k int4 PRIMARY KEY, a float8, b float8, state text, w text, c int4, d bool);
  CREATE TABLE events (k int4, at timestamptz, y float8, urgency int4, x float8);
  INSERT INTO things SELECT i, CASE i WHEN 3 THEN NULL WHEN 4 THEN 'NaN' WHEN 5 THEN 1e151 ELSE i / 3.0::float8 END,
    CASE i % 4 WHEN 0 THEN NULL ELSE -i END, CASE i % 3 WHEN 0 THEN NULL ELSE 's' || i % 5 END, 'a', CASE i % 5 WHEN 0 THEN NULL ELSE i END, CASE i % 3 WHEN 0 THEN NULL ELSE i % 2 = 0 END FROM generate_series(0, 9) i;
  INSERT INTO events SELECT i % 7, timestamptz '2024-01-01Z' + i * interval '5 hours', i / 7.0::float8, i, i FROM generate_series(1, 40) i;`
const keys = [0, 3, 4, 5, 8, 99]
const instants = ['2024-01-02T00:00Z', '2024-01-05T00:00Z']

describeEachEngine('challengers of one question', (engine) => {
  const made = async (champion: DatasetDef, ...others: DatasetDef[]) => {
    await engine.db.execute(setup)
    const all: Awaited<ReturnType<typeof prepareDataset>>[] = []
    for (const dataset of [champion, ...others]) all.push(await prepareDataset(engine.db, dataset))
    const [first] = all
    if (!first) throw new Error('nothing prepared')
    return {
      models: all.map((one) => modelOf(one.dataset)),
      facts: {
        ...first.facts,
        columns: (d: Parameters<typeof first.facts.columns>[0]) =>
          all.map((one) => one.facts.columns(d)).find((found) => found.length > 0) ?? [],
      },
    }
  }
  type Made = Awaited<ReturnType<typeof made>>
  interface One {
    readonly model: ModelDef
    readonly record: ModelRecord
  }
  const functionOf = async (
    db: Database,
    name: string,
    { facts: f }: Made,
    own: One,
    challengers: Challenger[] = [],
  ) => {
    const options = { as: 'function', name: { name }, challengers } as const
    const object = predictionObject(own.model, own.record, f, options)
    await db.execute(`DROP FUNCTION IF EXISTS ${name}`)
    await db.execute(object.sql)
    return object
  }
  /** Function and statement of all against the function and the statement of each alone. Returns how many values were compared. */
  const equalsAlone = async (
    m: Made,
    own: One,
    challengers: Challenger[],
    questions: readonly (readonly unknown[])[],
  ) => {
    const { db } = engine
    const together = await functionOf(db, 'together', m, own, challengers)
    const params = together.parameters.map((_, i) => `$${i + 1}`).join(', ')
    const served = servingQuery(own.model, own.record, m.facts, { challengers, withFeatures: true })
    const arrays = together.parameters.map((_, i) => questions.map((q) => q[i]))
    const answers = (await db.query(served.sql, arrays)).rows
    const at = (name: string) => served.columns.findIndex((c) => c.name === name)
    expect(new Set(served.columns.map((c) => c.name)).size).toBe(served.columns.length)
    const names = together.columns.map((c) => c.name)
    let compared = 0
    for (const [i, one] of [own, ...challengers].entries()) {
      const alone = await functionOf(db, 'alone', m, one)
      expect(together.parameters).toEqual(i === 0 ? alone.parameters : together.parameters)
      const outputs = served.outputs[i] ?? []
      expect(alone.columns.slice(-outputs.length).map((c) => c.name)).toEqual(outputs.map((o) => o.output))
      const single = servingQuery(one.model, one.record, m.facts, { withFeatures: true })
      const order = single.questions.map((c) => served.questions.findIndex((s) => s.name === c.name))
      const own = [...order, together.parameters.length - 1].map((p) => arrays[p])
      const expectedRows = (await db.query(single.sql, own)).rows
      const inputs = served.inputs[i] ?? []
      expect(inputs.map((c) => c.feature)).toEqual(one.record.inputs.map((c) => c.feature))
      for (const [n, question] of questions.entries()) {
        const [row = []] = (await db.query(`SELECT * FROM together(${params})`, question)).rows
        const answer = answers[n] ?? []
        const expected = expectedRows[n] ?? []
        const place = (name: string) => single.columns.findIndex((c) => c.name === name)
        const want = text(outputs.map((o) => expected[place(o.output)]))
        expect(text(outputs.map((o) => row[names.indexOf(o.column)])), o(one, together.sql)).toBe(want)
        expect(text(outputs.map((o) => answer[at(o.column)])), o(one, served.sql)).toBe(want)
        expect(text(inputs.map((c) => answer[at(c.column)]))).toBe(text(inputs.map((c) => expected[place(c.feature)])))
        compared += outputs.length
      }
    }
    return compared
  }
  const o = (one: One, sql: string): string => `${one.record.name}\n${sql}`

  const inputs = [asIs('a', { center: 2, scale: 4, impute: 2, indicator: true }), asIs('b'), asIs('y')]
  const weights = ['(intercept)', 'a', 'a?', 'b', 'y'].map((n, i) =>
    coefficient(n, i === 0 ? null : (n[0] ?? ''), Math.sin(i + 1)),
  )
  const families: readonly ModelRecord[] = [
    record('gaussian', { inputs, coefficients: weights }),
    record('gaussian', {
      ...{ inputs, coefficients: weights, family: 'binomial', link: 'logit' },
      outputs: ['value', 'label', 'probabilities', 'linear'],
    }),
    record('gaussian', {
      inputs,
      coefficients: weights,
      family: 'poisson',
      link: 'log',
      outputs: ['value', { reasons: 2 }],
    }),
    record('gaussian', { inputs: [], coefficients: [coefficient('(intercept)', null, 3)] }),
  ]
  const questions = keys.flatMap((k) => instants.map((at) => [k, at]))

  test('are each what they are alone, to the bit, whatever families and trees', async () => {
    const m = await made(plain)
    const [model] = m.models
    if (!model) throw new Error('no model')
    let compared = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...families) }, trees), {
          minLength: 2,
          maxLength: 3,
        }),
        fc.constantFrom('next', '', 'Ünï "x"', 'p', '_n'),
        async (all, label) => {
          const [own, ...others] = all.map((one, i) => ({ model, record: { ...one, version: i + 1 } }))
          if (!own) return
          const challengers = others.map((one, i) => ({ ...one, label: i === 0 ? label : `${label}${i}` }))
          compared += await equalsAlone(m, own, challengers, questions)
        },
      ),
      { numRuns: 8, seed: 5 },
    )
    expect(compared).toBeGreaterThan(300)
  })

  test('answer what a question brings, with features of their own', async () => {
    const asked = sample(', urgency, x')
    const champion = {
      ...plain,
      name: 'champion',
      sample: asked,
      features: [{ view: facts }, { view: brought }],
    } as DatasetDef
    const other = {
      ...{ ...plain, name: 'other', sample: asked },
      features: [{ view: brought, prefix: 'q_' }, { view: late }, { view: facts, prefix: 'a' }],
    } as DatasetDef
    const m = await made(champion, other)
    const [first, second] = m.models
    if (!first || !second) throw new Error('no models')
    const own = { model: first, record: linearRecord('champion', ['urgency', 'x', 'a', 'product']) }
    const next = { label: 'next', model: second, record: linearRecord('other', ['q_product', 'y', 'aa', 'urgency']) }
    const full = keys.flatMap((k, i) => instants.map((at) => [k, i === 2 ? null : i, i / 3, at]))
    expect(await equalsAlone(m, own, [next], full)).toBe(2 * full.length)
    const { plan } = predictionObject(first, own.record, m.facts, { as: 'function', challengers: [next] })
    expect(plan.views.map((v) => v.view).sort()).toEqual(['brought', 'facts', 'late'])
  })

  test('read each source once, in one statement whose text no question changes', async () => {
    const m = await made(plain)
    const [model] = m.models
    const [one, two] = families
    if (!model || !one || !two) throw new Error('no model')
    const challengers = [{ label: 'next', model, record: two }]
    const { sql, questions: brings } = servingQuery(model, one, m.facts, { challengers })
    expect(sql.match(/\bthings\b/g)?.length).toBe(servingQuery(model, one, m.facts).sql.match(/\bthings\b/g)?.length)
    expect(sql.match(/\bevents\b/g)).toHaveLength(1)
    expect(brings.map((c) => c.name)).toEqual(['k'])
    expect(sql).toContain('challenger')
  })

  test('need no more than the champion is asked, and a number has none', async () => {
    const asked = sample(', urgency, x')
    const m = await made(
      { ...plain, name: 'champion', sample: asked } as DatasetDef,
      { ...plain, name: 'other', sample: asked, features: [{ view: brought }] } as DatasetDef,
    )
    const [first, second] = m.models
    if (!first || !second) throw new Error('no models')
    const own = linearRecord('champion', ['a'])
    const challengers = [{ label: 'next', model: second, record: linearRecord('other', ['x']) }]
    const refused = expect.objectContaining({
      diagnostics: [
        expect.objectContaining({
          code: 'compile/challenger',
          message: expect.stringContaining('its questions bring urgency, and those of the champion do not'),
        }),
      ],
    })
    expect(() => servingQuery(first, own, m.facts, { challengers })).toThrow(refused as never)
    expect(() => predictionObject(first, own, m.facts, { as: 'function', challengers })).toThrow(refused as never)
    for (const as of ['view', 'scalar'] as const) {
      expect(() => predictionObject(first, own, m.facts, { as, challengers })).toThrow(
        expect.objectContaining({ diagnostics: [expect.objectContaining({ code: 'define/option' })] }) as never,
      )
    }
  })
})

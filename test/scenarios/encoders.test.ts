/** Every encoder in a model, from rows to predictions: training, record, prediction query and interpreter agree. */
import {
  asBoolean,
  bins,
  boxCox,
  bSpline,
  type Database,
  days,
  frequency,
  hashed,
  log1p,
  type ModelRecord,
  maxAbs,
  minMax,
  numeric,
  oneHot,
  ordinal,
  parseModelRecord,
  polynomial,
  predict,
  printModelRecord,
  project,
  robust,
  spline,
  standardize,
  target,
  trainModel,
  verifyModel,
  yeoJohnson,
} from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'

const tables = `
  CREATE TYPE size AS ENUM ('small', 'medium', 'large');
  CREATE TABLE things (
    id int4 PRIMARY KEY, whole int4, big int8, exact numeric, single real, double float8, flag bool, word text,
    short varchar(20), size size, day date, at timestamptz, local timestamp, y float8
  );
  INSERT INTO things SELECT i, i % 7, i % 5, i % 11 + 0.25, i % 13 / 4.0, sin(i) * 10, i % 3 = 0,
    (ARRAY['a', 'b', 'c', 'a:b', 'o''hare', '', 'NULL'])[1 + i % 7], (ARRAY['x', 'y'])[1 + i % 2],
    (ARRAY['small', 'medium', 'large'])[1 + i % 3]::size, date '2001-01-01' + i * i % 400,
    timestamptz '2001-01-01Z' + i * interval '7 hours', timestamp '2001-01-01' + i * i % 91 * interval '1 day',
    cos(i) + i % 7 / 10.0
  FROM generate_series(1, 300) i;
  UPDATE things SET whole = NULL, big = NULL, flag = NULL, word = NULL, size = NULL, day = NULL WHERE id % 19 = 0;
  UPDATE things SET double = (ARRAY['NaN', 'Infinity', '-Infinity', '1e308', '-1e308', '5e-324', '1e150'])[1 + id % 7]::float8,
    single = (ARRAY['NaN', 'Infinity', '-Infinity', '1e-40'])[1 + id % 4]::real,
    day = (ARRAY['infinity', '-infinity'])[1 + id % 2]::date, at = 'infinity' WHERE id % 29 = 0;
`
const p = project('things')
const thing = p.entity('thing', { id: 'int4' }, { from: { name: 'things' } })
const columns = ['whole', 'big', 'exact', 'single', 'double', 'flag', 'word', 'short', 'size', 'day', 'at', 'local']
const view = p
  .featureView('properties', { entity: thing })
  .query((() => sql.raw(`select id, ${columns.join(', ')} from things`)) as never)
const sample = p.sample('all_things', { entity: thing }).query((() => sql.raw('select id from things')) as never)
const label = p.target('label', { entity: thing }).query((() => sql.raw('select id, y from things')) as never)
const dataset = p.dataset('d', { sample, target: label, features: [view] } as never)
const modelOf = (inputs: object, options: object = {}) =>
  (
    p.model('m', { dataset, family: 'linear', label: 'y', penalty: 1, ...options } as never) as unknown as {
      inputs: (given: object) => never
    }
  ).inputs(inputs)

describeEachEngine('encoders on', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = engine.db
    await db.execute(tables)
  })

  async function predicted(model: never, record: ModelRecord): Promise<unknown[]> {
    const { rows, columns } = await predict(db, model, record)
    const at = columns.findIndex((c) => c.name === 'prediction')
    const values: unknown[] = []
    for await (const batch of rows) values.push(...batch.map((row) => row[at]))
    return values
  }

  const models: Readonly<Record<string, [inputs: object, options?: object]>> = {
    'scaled numbers of every type': [
      {
        whole: standardize({ indicator: true }),
        big: minMax({ impute: 'mostFrequent' }),
        exact: maxAbs({ clip: [1, 9] }),
        single: robust({ clip: { quantiles: [0.05, 0.95] } }),
        double: numeric({ impute: -2, indicator: true, clip: [-50, 50] }),
      },
    ],
    'bent numbers': [
      {
        whole: log1p({ scale: 'standard' }),
        exact: boxCox(),
        double: yeoJohnson({ clip: [-20, 20] }),
        single: boxCox({ clip: [0.1, 9] }),
      },
    ],
    'dates and instants': [
      {
        day: days('2001-06-01', standardize({ indicator: true })),
        at: days('2001-01-01', bins({ count: 4 })),
        local: days('2001-01-01'),
      },
    ],
    bases: [
      {
        whole: bins({ edges: [2, 4], closed: 'right' }),
        exact: spline({ knots: 4 }),
        double: bSpline({ knots: [-5, 0, 5], ends: [-10, 10], beyond: 'linear', clip: [-20, 20] }),
        single: polynomial({ degree: 3, clip: [0, 3] }),
      },
    ],
    'levels of every type': [
      {
        whole: oneHot({ base: 'none', missing: 'level' }),
        big: oneHot({ maxCategories: 3, rare: 'level', unseen: 'rare' }),
        flag: oneHot({ missing: 'level' }),
        word: oneHot({ minCount: 2, rare: 'level' }),
        size: ordinal({ order: ['small', 'medium', 'large'] }),
        short: oneHot({ maxCategories: 2 }),
      },
    ],
    'levels as numbers': [
      {
        word: target({ smoothing: 5 }),
        whole: frequency(),
        short: hashed({ columns: 3, signed: true }),
        flag: asBoolean({ missing: 'level' }),
      },
    ],
    interactions: [
      { exact: standardize(), size: oneHot(), flag: asBoolean(), double: spline({ clip: [-20, 20] }) },
      {
        interactions: [
          ['exact', 'size'],
          ['exact', 'flag', 'double'],
        ],
      },
    ],
  }
  test.each(Object.entries(models))('%s', async (_, [inputs, options]) => {
    const model = modelOf(inputs, options)
    const { record } = await trainModel(db, model)
    expect(parseModelRecord(printModelRecord(record), 'm.json')).toEqual(record)
    const report = await verifyModel(db, model, record)
    expect(report.checks.filter((c) => !c.ok)).toEqual([])
    expect(report.parity.rows).toBe(300)
    const predictions = await predicted(model, record)
    expect(predictions).toHaveLength(300)
    expect(predictions.every(Number.isFinite)).toBe(true)
  })

  describe('a missing value that has no score', () => {
    test('leaves its row out of training, and its prediction NULL', async () => {
      const model = modelOf({
        whole: standardize({ missing: 'null' }),
        exact: standardize(),
        word: oneHot({ missing: 'null' }),
      })
      const { record } = await trainModel(db, model)
      const lacking = 15
      expect(record.dataset.leftOut?.missing).toBe(lacking)
      expect(record.dataset.trainRows + record.dataset.testRows).toBe(300 - lacking)
      expect((await verifyModel(db, model, record)).ok).toBe(true)
      expect((await predicted(model, record)).filter((value) => value === null)).toHaveLength(lacking)
    })
  })

  describe('what an encoder cannot read is refused by name', () => {
    test.each([
      ['double', oneHot(), 'the onehot encoder'],
      ['exact', target(), 'the target encoder'],
      ['whole', hashed(), 'the hashed encoder'],
      ['day', standardize(), 'the numeric encoder'],
      ['whole', days('2001-01-01'), 'the numeric encoder'],
      ['word', spline(), 'the numeric encoder'],
    ])('%s', async (input, encoder, name) => {
      const found = await diagnosticsOf(() => trainModel(db, modelOf({ [input]: encoder })))
      expect(found).toMatchObject([{ code: 'model/input-type', parameters: { input, encoder: name } }])
    })

    test('an interaction of something that is no input', async () => {
      const model = modelOf({ exact: standardize() }, { interactions: [['exact', 'size']] })
      const found = await diagnosticsOf(() => trainModel(db, model))
      expect(found).toMatchObject([{ code: 'model/unknown-input', parameters: { input: 'size' } }])
    })
  })
})

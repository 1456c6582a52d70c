/**
 * Several models in one query: each says what it says alone, to the bit, and no source is read once more for it.
 *
 * Long because all of it compares one query with others, by the same few lines.
 */
import {
  type Challenger,
  type CompileOptions,
  comparisonQuery,
  type DatasetDef,
  type FeatureUse,
  type Literal,
  type ModelDef,
  type ModelRecord,
  passNames,
  predictionQuery,
  type SpineBinding,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, levels, record } from '../properties/scored-records.ts'
import { model as trees } from '../properties/tree-models.ts'
import { type World, world } from '../properties/worlds.ts'
import { linearRecord } from './records.ts'

type Facts = Awaited<ReturnType<typeof prepareDataset>>['facts']

/** Every bit: JSON knows neither −0 nor NaN. */
const text = (row: readonly unknown[]): string =>
  row.map((v) => (Object.is(v, -0) ? '-0' : typeof v === 'string' ? JSON.stringify(v) : String(v))).join(' | ')
const rowsOf = async (db: Database, sql: string): Promise<readonly (readonly unknown[])[]> => (await db.query(sql)).rows

/** What the comparison says of each model against what its own query says. Returns how many values were compared. */
async function equalsAlone(
  db: Database,
  facts: Facts,
  champion: { readonly model: ModelDef; readonly record: ModelRecord },
  challengers: readonly Challenger[],
  options: CompileOptions & { readonly spine: SpineBinding },
): Promise<number> {
  const compared = comparisonQuery(champion, challengers, facts, options)
  const rows = await rowsOf(db, compared.sql).catch((e: unknown) => expect.fail(`${e}\n${compared.sql}`))
  const names = compared.columns.map((c) => c.name)
  expect(new Set(names).size).toBe(names.length)
  const keys = compared.keys.map((_, i) => i)
  let values = 0
  for (const [i, contender] of [champion, ...challengers].entries()) {
    const own = i === 0 ? compared.champion : (compared.challengers[i - 1] ?? [])
    const alone = predictionQuery(contender.model, contender.record, facts, options)
    expect(alone.columns.slice(keys.length).map((c) => c.name)).toEqual(own.map((o) => o.output))
    const places = [...keys, ...own.map((o) => names.indexOf(o.column))]
    const expected = (await rowsOf(db, alone.sql)).map(text).sort()
    const found = rows.map((row) => text(places.map((p) => row[p]))).sort()
    expect(found, `${contender.record.name}\n${compared.sql}`).toEqual(expected)
    values += found.length * own.length
  }
  return values
}

/** The same views under each other's prefixes, so that names stand for other columns; one of them left out. */
const shuffled = (dataset: DatasetDef): DatasetDef => ({
  ...dataset,
  name: 'other',
  features: dataset.features
    .slice(dataset.features.length > 2 ? 1 : 0)
    .map((use, i): FeatureUse => ({ ...use, prefix: `f${(i + 1) % 5}_` })),
})
const inputsOf = (dataset: DatasetDef): string[] =>
  dataset.features.flatMap(({ view, prefix }) =>
    view.kind === 'aggregates' ? [`${prefix}n_3h`, `${prefix}n_1d`] : view.kind === 'history' ? [`${prefix}y`] : [],
  )

describeEachEngine('models compared', (engine) => {
  const each = (runs: number, seed: number, body: (w: World) => Promise<void>) =>
    fc.assert(
      fc.asyncProperty(world, async (w) => {
        await engine.db.execute(w.setup)
        await body(w)
      }),
      { numRuns: runs, seed },
    )

  test('with datasets of their own say what they say alone, whatever the views, passes and spine', async () => {
    const variants: CompileOptions[] = [
      {},
      { dialect: 'citus' },
      { passes: Object.fromEntries(passNames.map((n) => [n, false])) },
    ]
    let compared = 0
    await each(20, 11, async (w) => {
      const { dataset, facts } = await prepareDataset(engine.db, w.dataset)
      const own = { model: { ...w.model, dataset }, record: w.record }
      const other = shuffled(dataset)
      const challengers = [
        {
          label: 'a',
          model: own.model,
          record: linearRecord(
            'm',
            w.record.inputs.slice(1).map((i) => i.feature),
          ),
        },
        { label: 'b', model: { ...own.model, name: 'n', dataset: other }, record: linearRecord('n', inputsOf(other)) },
      ]
      for (const options of variants) {
        const at = '2024-01-01T20:00Z'
        for (const spine of [{ kind: 'sample' }, { kind: 'entities', at }] as const) {
          compared += await equalsAlone(engine.db, facts, own, challengers, { ...options, spine })
        }
      }
    })
    expect(compared).toBeGreaterThan(1000)
  })
})

const many = Array.from({ length: 12 }, (_, i) => (i === 3 ? "o'hare" : i === 4 ? '' : `s${i}`))
const inputs = [
  asIs('a', { center: 2, scale: 4, impute: 2, indicator: true }),
  asIs('b'),
  levels('state', many),
  levels('w', ['a', "it's"]),
]
const names = ['a', 'a?', 'b', ...many.map((s) => `state=${s}`), 'w=a', "w=it's"]
const coefficients = (of?: string, factor = 1) => [
  coefficient('(intercept)', null, 0.25 * factor, of),
  ...names.map((n, i) => coefficient(n, n.split(/[=?]/)[0] ?? '', Math.sin(i + 1) * factor, of)),
]
const full = (more: Partial<ModelRecord>): ModelRecord =>
  record('gaussian', { inputs, coefficients: coefficients(), ...more })
const classes = ['low', 'mid', 'a class whose name is so long that the column it makes has to be cut']
const families: readonly ModelRecord[] = [
  full({}),
  full({ family: 'binomial', link: 'logit', outputs: ['value', 'label', 'probabilities', 'linear'] }),
  full({ family: 'binomial', link: 'probit', outputs: ['label', { reasons: 2 }] }),
  full({ family: 'poisson', link: 'log', outputs: ['value', 'contributions'], means: names.map((_, i) => i / 20) }),
  full({
    family: 'multinomial',
    link: 'softmax',
    classes,
    coefficients: [...coefficients('mid', 0.5), ...coefficients(classes[2], -1)],
  }),
  full({ family: 'svm', link: 'identity' }),
  record('gaussian', { inputs: [], coefficients: [coefficient('(intercept)', null, 3)] }),
]

const numbers: readonly (number | null)[] = [
  0,
  1,
  -3.5,
  1e-160,
  1e151,
  -1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
]
const literal = (x: Literal): string =>
  x === null ? 'NULL' : typeof x === 'string' ? `'${x.replaceAll("'", "''")}'` : `'${String(x)}'::float8`

const origin = { kind: 'kysely' } as const
const entity = { kind: 'entity', name: 'thing', keys: [{ name: 'k', type: 'int4' }], from: { name: 'things' } } as const
const view = (name: string, sql: string) =>
  ({ kind: 'static', name, entity, query: { kind: 'sql', text: sql, origin }, features: {} }) as const
const dataset: DatasetDef = {
  kind: 'dataset',
  name: 'd',
  sample: {
    kind: 'sample',
    name: 'asked',
    entity,
    query: { kind: 'sql', text: 'SELECT k FROM things', origin },
    split: { kind: 'none' },
  },
  features: [{ view: view('facts', 'SELECT k, a, b, c, d, w, state, x FROM things') }],
}
const scored: ModelDef = {
  ...{ kind: 'model', name: 'scored', dataset, family: 'gaussian', link: 'identity', label: 'y', inputs: {} },
  ...{ penalty: { l1: 0, l2: 0 }, solver: 'cholesky', threshold: 0.5 },
}

describeEachEngine('families compared', (engine) => {
  const setup = async () => {
    const rows = numbers.map((a, i) => [
      a,
      numbers[(i * 3) % 10] ?? null,
      many[i] ?? null,
      ['a', "it's", null][i % 3] ?? null,
    ])
    await engine.db.execute(`
      DROP TABLE IF EXISTS things;
      CREATE TABLE things (k int4 PRIMARY KEY, a float8, b float8, state text, w text, c int4, d bool, x float8);
      INSERT INTO things (k, a, b, state, w, c, d, x) VALUES ${rows
        .map(
          (r, i) =>
            `(${i}, ${r.map(literal).join(', ')}, ${i % 4 ? i - 3 : 'NULL'}, ${i % 3 ? i % 2 === 0 : 'NULL'}, ${i})`,
        )
        .join(', ')};`)
    const prepared = await prepareDataset(engine.db, dataset)
    return { facts: prepared.facts, model: { ...scored, dataset: prepared.dataset } }
  }

  test('are each what they are alone, in any order and number', async () => {
    const { facts, model } = await setup()
    let compared = 0
    const contenders = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...families) }, trees), {
      minLength: 2,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(contenders, fc.constantFrom('next', '', 'Ünï "x"', 'linear', '1'), async (all, label) => {
        const [champion, ...others] = all.map((own, i) => ({ model, record: { ...own, version: i + 1 } }))
        if (!champion) return
        const challengers = others.map((o, i) => ({ ...o, label: i === 0 ? label : `${label}${i % 2}` }))
        compared += await equalsAlone(engine.db, facts, champion, challengers, { spine: { kind: 'entities' } })
      }),
      { numRuns: 30, seed: 5 },
    )
    expect(compared).toBeGreaterThan(800)
  })

  test('answer for keys, in their order, and for the first rows', async () => {
    const { facts, model } = await setup()
    const [champion, next] = families
    if (!champion || !next) throw new Error('no families')
    const rows = [{ k: 3 }, { k: 99 }, { k: 1 }]
    await equalsAlone(engine.db, facts, { model, record: champion }, [{ label: 'n', model, record: next }], {
      spine: { kind: 'keys', rows },
    })
    const { sql } = comparisonQuery({ model, record: champion }, [{ label: 'n', model, record: next }], facts, {
      spine: { kind: 'entities' },
      limit: 4,
    })
    expect((await rowsOf(engine.db, sql)).map((r) => r[0])).toEqual([0, 1, 2, 3])
  })

  test('read each source once', async () => {
    const { facts, model } = await setup()
    const [champion, next, third] = families
    if (!champion || !next || !third) throw new Error('no families')
    // Prepared apart, as two models are: the same view is another object.
    const apart = { ...model, name: 'apart', dataset: structuredClone(model.dataset) }
    const described: Facts = {
      ...facts,
      columns: (d) =>
        facts.columns(d.kind === 'sample' ? model.dataset.sample : (model.dataset.features[0]?.view ?? d)),
    }
    const challengers = [next, third].map((r, i) => ({ label: `c${i}`, model: i === 0 ? model : apart, record: r }))
    const spine = { kind: 'entities' } as const
    const { sql, plan } = comparisonQuery({ model, record: champion }, challengers, described, { spine })
    expect(plan.stages.map((st) => st.name).filter((name) => !name.startsWith('_'))).toEqual(['facts'])
    const alone = predictionQuery(model, champion, facts, { spine: { kind: 'entities' } })
    const scans = async (query: string): Promise<number> =>
      (await rowsOf(engine.db, `EXPLAIN (COSTS OFF) ${query}`)).filter(([line]) =>
        /Scan.* on things/.test(String(line)),
      ).length
    expect(await scans(sql)).toBe(await scans(alone.sql))
  })
})

describeEachEngine('what is compared', (engine) => {
  const declared: DatasetDef = {
    ...dataset,
    features: [
      {
        view: view(
          'odd',
          'SELECT i AS k, i + 0.5 AS "_linear", i * 2.25 AS "_linear_c", -i AS "_in_a", i::float8 AS a, i AS c_prediction ' +
            'FROM generate_series(0, 9) AS i',
        ),
      },
    ],
  }
  const sum = (...features: string[]) => linearRecord('scored', features)
  const prepared = async () => {
    await engine.db.execute(
      'DROP TABLE IF EXISTS things; CREATE TABLE things (k int4 PRIMARY KEY); INSERT INTO things VALUES (1), (2)',
    )
    return prepareDataset(engine.db, declared)
  }

  test('may have features that are named as what is computed', async () => {
    const { facts, dataset: hostile } = await prepared()
    const own = { ...scored, dataset: hostile }
    const [leaf] = fc.sample(trees, { numRuns: 1, seed: 1 })
    if (!leaf) throw new Error('no trees')
    const first = { model: own, record: sum('_linear', '_in_a', 'a') }
    const tree: ModelRecord = {
      ...leaf,
      inputs: leaf.inputs.slice(0, 1),
      trees: {
        ...{
          inputs: ['a'],
          values: 'float64',
          comparison: '<',
          required: [],
          sums: 'float64',
          divisor: 1,
          zero: 1e-35,
        },
        ...{
          base: [0],
          trees: [
            {
              score: 0,
              input: [0, -1, -1],
              threshold: [1.5, 3, 4],
              left: [1, 0, 0],
              right: [2, 0, 0],
              missingLeft: [1, 0, 0],
            },
          ],
        },
      } as never,
      family: 'gaussian',
      link: 'identity',
    }
    const challengers = [
      { label: 'c', model: own, record: tree },
      { label: 'c', model: own, record: sum('_linear_c', '_in_a', 'a', 'c_prediction') },
    ]
    expect(await equalsAlone(engine.db, facts, first, challengers, { spine: { kind: 'entities' } })).toBe(6)
    const { columns } = comparisonQuery(first, challengers, facts, { spine: { kind: 'entities' } })
    expect(columns.map((c) => c.name)).toEqual(['k', 'prediction', 'c_prediction', 'c_prediction_2'])
  })

  test('has the label of the champion and its part, whatever features are called', async () => {
    await engine.db.execute(
      'DROP TABLE IF EXISTS things; CREATE TABLE things (k int4 PRIMARY KEY); INSERT INTO things SELECT generate_series(1, 40)',
    )
    const told: DatasetDef = {
      ...declared,
      sample: {
        ...declared.sample,
        query: { kind: 'sql', text: 'SELECT k, k * 2.0::float8 AS heavy FROM things', origin },
        split: { kind: 'hash', test: 0.5, seed: 's' },
        weight: 'heavy',
      },
      target: {
        ...{ kind: 'target', name: 'told', entity },
        query: { kind: 'sql', text: 'SELECT k, k % 2 = 0 AS wanted FROM things WHERE k <> 7', origin },
      },
    }
    const odd = 'SELECT k, 100 + k AS wanted, -k AS _label, 0 AS _split, 7 AS _weight FROM things'
    const { facts, dataset: own } = await prepareDataset(engine.db, told)
    const other = await prepareDataset(engine.db, {
      ...{ ...told, name: 'other', features: [{ view: view('odd', odd) }] },
      ...{ target: { ...told.target, query: { kind: 'sql', text: 'SELECT k, 1 AS z FROM things', origin } } as never },
    })
    const both: Facts = {
      ...facts,
      columns: (d) => (facts.columns(d).length > 0 ? facts.columns(d) : other.facts.columns(d)),
    }
    const champion = { model: { ...scored, dataset: own }, record: sum('a') }
    const second = sum('wanted', '_label', '_split', '_weight')
    const challenger = { label: 'c', model: { ...scored, name: 'n', dataset: other.dataset }, record: second }
    const spine = { kind: 'sample' } as const
    const { sql, columns, known } = comparisonQuery(champion, [challenger], both, { spine, withLabel: true })
    const place = (name: string | undefined): number => columns.findIndex((c) => c.name === name)
    const { rows } = await engine.db.query(sql)
    const training = await engine.db.rows<{ k: number; wanted: boolean; _split: string; _weight: number }>(
      trainingQuery(own, facts).sql,
    )
    expect(rows).toHaveLength(40)
    for (const row of rows) {
      const k = Number(row[0])
      const expected = training.find((t) => t.k === k)
      expect([row[place(known?.label?.column)], row[place(known?.split)], row[place(known?.weight)]]).toEqual([
        ...[expected?.wanted, expected?._split, expected?._weight],
      ])
      expect(row[place('c_prediction')]).toBe(0.5 + (100 + k) - k + 0 + 7)
    }
    expect(new Set(rows.map((r) => r[place(known?.split)]))).toEqual(new Set(['train', 'test']))
  })

  test('answers the same questions, or is refused with the reason', async () => {
    const { facts, dataset: hostile } = await prepared()
    const champion = { model: { ...scored, dataset: hostile }, record: sum('a') }
    const challenged = (more: Partial<DatasetDef>, columns: Readonly<Record<string, string>>, spine: SpineBinding) => {
      const other = { ...hostile, ...more }
      const described: Facts = {
        ...facts,
        columns: (d) =>
          d === other.sample && d !== hostile.sample
            ? Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true }))
            : facts.columns(d),
      }
      const challenger = {
        label: 'c',
        model: { ...champion.model, name: 'other', dataset: other },
        record: linearRecord('other', Object.keys(columns).includes('x') ? ['x'] : ['a']),
      }
      return () => comparisonQuery(champion, [challenger], described, { spine })
    }
    const sampleOf = (keys: typeof entity.keys | readonly { name: string; type: string }[]) =>
      ({ ...hostile.sample, entity: { ...entity, keys } }) as DatasetDef['sample']
    const entities = { kind: 'entities' } as const
    const about = (reason: string) =>
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({
            code: 'compile/challenger',
            message: `Model "other" cannot be scored beside "scored": ${reason}`,
          }),
        ],
      })
    const text8 = [{ name: 'k', type: 'text' }]
    expect(challenged({ sample: sampleOf(text8), features: [] }, { k: 'text', x: 'float8' }, entities)).toThrow(
      about('it is asked with the keys k text, and the champion with k int4') as never,
    )
    expect(challenged({ sample: sampleOf(entity.keys) }, { k: 'int4', as_of: 'timestamptz' }, entities)).toThrow(
      about('it is asked about an instant, and the champion about none') as never,
    )
    expect(challenged({ sample: sampleOf(entity.keys) }, { k: 'int4', x: 'float8' }, { kind: 'sample' })).toThrow(
      about('its questions have the column x, and those of the champion have none of that name') as never,
    )
  })
})

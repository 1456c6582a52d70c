/**
 * Hostile rows: values of every kind in columns of every type, names and keys nobody would choose. No row aborts a query, is
 * lost or doubled, or gets a label it should not have; and the database gives what the interpreter gives.
 */
import {
  type Family,
  type Link,
  type Literal,
  links,
  type ModelDef,
  type ModelRecord,
  outputs,
  predictionQuery,
  rowScorer,
  ulpDistance,
} from '@viewcast/compiler'
import { prepareDataset, project } from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, levels, record } from './scored-records.ts'

const long = `${'é'.repeat(20)}${'x'.repeat(23)}`

/** Column → type and the values rows take from it in turn. */
const columns: Readonly<Record<string, readonly [type: string, values: readonly string[]]>> = {
  double: [
    'float8',
    [
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      '1e308',
      '-1e308',
      '5e-324',
      '-1e-310',
      '0',
      '1.5',
      'NULL',
      '1e150',
      '1.1e150',
      '1e-150',
      '9e-151',
      "'-0'",
    ],
  ],
  single: ['float4', ["'NaN'", "'Infinity'", '3.4e38', '1e-45', '0', 'NULL', '-2.5']],
  decimal: [
    'numeric',
    ["'NaN'", '1e400', '-1e400', '1e-400', '1e200', '0', 'NULL', '12345678901234567890.123', '1e-160'],
  ],
  whole: ['int4', ['2147483647', '-2147483648', '0', 'NULL', '7']],
  small: ['int2', ['32767', '-32768', 'NULL']],
  big: ['int8', ['9223372036854775807', '-9223372036854775808', '0', 'NULL']],
  flag: ['bool', ['true', 'false', 'NULL']],
  'a:b': ['text', ["''", "'x'", "'it''s'", "'never seen'", 'NULL', "E'a\\\\b'", "'é'"]],
  select: ['mood', ["'glad'", "'sad'", 'NULL']],
  day: ['date', ["'2024-02-29'", "'infinity'", "'-infinity'", 'NULL', "'0001-01-01 BC'"]],
  'Quoted "name"': ['float8', ['1', 'NULL', "'NaN'"]],
  constant: ['int4', ['3']],
  [long]: ['float8', ['1e-300', '2', '-1e300']],
}
const names = Object.keys(columns)
const count = 90
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const words = ['', 'x', "it's", 'a\\b', 'é', ...Array.from({ length: 9 }, (_, i) => `level ${i}`)]
const inputOf = (name: string): ModelRecord['inputs'][number] => {
  const type = columns[name]?.[0] ?? 'float8'
  if (type === 'text') return levels(name, words)
  if (type === 'mood') return { ...levels(name, ['glad']), type: 'text' }
  if (type === 'bool') return { feature: name, type, encoder: { kind: 'boolean' } }
  return {
    ...asIs(name, {
      impute: 0.5,
      center: 0.25,
      scale: 3,
      indicator: name.length % 2 === 0,
      ...(type === 'date' ? { origin: 19000 } : {}),
    }),
    type,
  }
}
const encodedNames = (input: ModelRecord['inputs'][number]): string[] =>
  input.encoder.kind === 'onehot'
    ? input.encoder.levels.map((l) => `${input.feature}=${l}`)
    : input.encoder.kind === 'numeric' && input.encoder.indicator
      ? [input.feature, `${input.feature}?`]
      : [input.feature]

function hostile(family: Family, link: Link, more: Partial<ModelRecord> = {}): ModelRecord {
  const inputs = names.map(inputOf)
  const own = (of?: string, factor = 1e-3) => [
    coefficient('(intercept)', null, 1, of),
    ...inputs.flatMap((input, i) =>
      encodedNames(input).map((name, j) => coefficient(name, input.feature, Math.cos(i + j) * factor, of)),
    ),
  ]
  const classes = ['a', 'b', 'c']
  return record(family, {
    link,
    inputs,
    coefficients: family === 'multinomial' ? [...own('b'), ...own('c', -2e-3)] : own(),
    ...(family === 'multinomial' ? { classes } : {}),
    ...more,
  })
}

const p = project<Record<string, Record<string, unknown>>>('hostile')
const row = p.entity('row', { 'the key': 'int4' }, { from: 'hostile rows' })
const sample = p.sample('rows', { entity: row }).existing('hostile rows')
const dataset = p.dataset('hostile', { sample, features: [] })

const families = (Object.keys(links) as Family[]).flatMap((f) => links[f].map((l): [Family, Link] => [f, l]))

describeEachEngine('hostile rows', (engine) => {
  beforeAll(async () => {
    const value = (name: string, i: number): string => {
      const [type, values] = columns[name] ?? ['float8', ['1']]
      // Steps without a common divisor, so that kinds of values meet in many ways.
      const text = values[(i * (1 + names.indexOf(name) * 2) + Math.floor(i / 7)) % values.length] ?? 'NULL'
      return `${text.replace(/^(-?[\d.e+-]+)$/, "'$1'")}::${type}`
    }
    const key = (i: number): string => (i % 11 === 0 ? 'NULL' : String(i % 40))
    await engine.db.execute(`
      CREATE TYPE mood AS ENUM ('glad', 'sad');
      CREATE TABLE "hostile rows" ("the key" int4, ${names.map((n) => `${quoted(n)} ${columns[n]?.[0]}`).join(', ')});
      INSERT INTO "hostile rows" VALUES ${Array.from({ length: count }, (_, i) => `(${key(i)}, ${names.map((n) => value(n, i)).join(', ')})`).join(', ')};
    `)
  })

  const compiled = async (given: ModelRecord, dialect: 'postgres' | 'citus' = 'postgres') => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const model = {
      ...p.model('scored', { dataset, family: 'linear', label: 'constant' as never }),
      dataset: d,
    } as ModelDef
    return predictionQuery(model, given, facts, { spine: { kind: 'sample' }, withFeatures: true, dialect })
  }

  const check = async (given: ModelRecord, dialect: 'postgres' | 'citus' = 'postgres') => {
    const query = await compiled(given, dialect)
    const found = await engine.db.query(query.sql)
    expect(found.rows).toHaveLength(count)
    const at = new Map(found.columns.map((c, i) => [c.name, i]))
    const scorer = rowScorer(given)
    for (const cells of found.rows) {
      const of = (name: string) => (cells[at.get(name) ?? -1] ?? null) as Literal
      const features = Object.fromEntries(names.map((n) => [n, of(n)]))
      const mine = scorer.score(features)
      for (const o of outputs(given)) {
        const theirs = of(o.name)
        const expected = mine.outputs[o.name] ?? null
        const about = `${o.name}: ${theirs} for ${expected}, from ${JSON.stringify(features)}`
        if (o.type === 'float8') {
          expect(found.columns[at.get(o.name) ?? -1]?.type).toBe('float8')
          expect(Number.isNaN(theirs), about).toBe(false)
          expect(ulpDistance(theirs as number | null, expected as number | null), about).toBeLessThanOrEqual(4)
        } else expect(theirs, about).toBe(expected)
      }
    }
    return found
  }

  test.each(families)('under %s, %s', async (family, link) => {
    await check(hostile(family, link))
  })

  test('with everything that explains a score, in one distributed plan as well', async () => {
    const all: ModelRecord['outputs'] = ['value', 'label', 'probabilities', 'linear', 'contributions', { reasons: 3 }]
    await check(hostile('binomial', 'logit', { outputs: all }))
    await check(hostile('binomial', 'logit', { outputs: all }), 'citus')
    await check(hostile('multinomial', 'softmax'), 'citus')
  })

  test('with intervals', async () => {
    const given = hostile('gaussian', 'identity')
    const size = given.coefficients.length
    const covariance = Array.from({ length: size }, (_, i) =>
      Array.from({ length: i + 1 }, (_, j) => (i === j ? 1e-4 : 1e-7)),
    ).flat()
    await check({ ...given, covariance, outputs: ['value', { confidence: 0.9 }, { interval: 0.9 }] })
  })

  test('a score that may be missing has no label', async () => {
    const given = hostile('binomial', 'logit', { outputs: ['value', 'label', { reasons: 1 }] })
    const strict = given.inputs.map((i) =>
      i.feature === 'double' && i.encoder.kind === 'numeric'
        ? { ...i, encoder: { ...i.encoder, missing: 'null' as const } }
        : i,
    )
    const found = await check({ ...given, inputs: strict })
    const at = (name: string) => found.columns.findIndex((c) => c.name === name)
    const without = found.rows.filter((r) => r[at('probability')] === null)
    expect(without.length).toBeGreaterThan(20)
    expect(without.every((r) => r[at('label')] === null && r[at('reason_1')] === null)).toBe(true)
    expect(found.rows.filter((r) => r[at('probability')] !== null).every((r) => r[at('label')] !== null)).toBe(true)
  })

  test('no rows give no rows', async () => {
    const { sql } = await compiled(hostile('multinomial', 'softmax'))
    await engine.db.execute('CREATE TABLE kept AS SELECT * FROM "hostile rows"; DELETE FROM "hostile rows"')
    expect((await engine.db.query(sql)).rows).toEqual([])
    await engine.db.execute('INSERT INTO "hostile rows" SELECT * FROM kept; DROP TABLE kept')
  })
})

describe('guards', () => {
  test('are there for a column that can hold anything, and not for one that cannot', async () => {
    const one = (type: string) => record('gaussian', { inputs: [{ ...asIs('x'), type }] })
    const { openTestDatabase } = await import('@viewcast/sdk/testing')
    const db = await openTestDatabase()
    try {
      await db.execute('CREATE TABLE typed (id int4 PRIMARY KEY, x int4, y float8)')
      const typed = p.entity('typed', { id: 'int4' }, { from: 'typed' })
      const of = p.dataset('typed', { sample: p.sample('typed', { entity: typed }).existing('typed'), features: [] })
      const { dataset: d, facts } = await prepareDataset(db, of)
      const model = {
        ...p.model('scored', { dataset: of, family: 'linear', label: 'y' as never }),
        dataset: d,
      } as ModelDef
      // Trained on a double, read from an integer: the type that counts is the one that is read.
      const sql = predictionQuery(model, one('float8'), facts, { spine: { kind: 'sample' } }).sql
      expect(sql).not.toMatch(/abs\(/)
      const y = record('gaussian', { inputs: [{ ...asIs('y'), type: 'int4' }] })
      expect(predictionQuery(model, y, facts, { spine: { kind: 'sample' } }).sql).toMatch(/abs\(f\.y\)/)
    } finally {
      await db.close()
    }
  })
})

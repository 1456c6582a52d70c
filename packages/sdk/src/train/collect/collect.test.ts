import { type Column, type DatasetDef, isViewcastError, type ModelDef } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { type Collected, type CollectOptions, collectRows } from './collect.ts'
import { mostLevels } from './input-reader.ts'

const entity = { kind: 'entity', name: 'customer', keys: [{ name: 'id', type: 'int4' }] } as const
const origin = { kind: 'sql', text: 'select 1', origin: { kind: 'generated' } } as const
const dataset: DatasetDef = {
  kind: 'dataset',
  name: 'orders',
  sample: { kind: 'sample', name: 'weeks', entity, query: origin, split: { kind: 'none' }, weight: 'n' },
  features: [
    { view: { kind: 'static', name: 'profile', entity, query: origin, features: { plan: {} } }, prefix: 'p_' },
    { view: { kind: 'static', name: 'activity', entity, query: origin, features: { visits: {} } } },
  ],
}
const model = (inputs: readonly string[], more: Partial<ModelDef> = {}): ModelDef => ({
  kind: 'model',
  name: 'm',
  dataset,
  family: 'binomial',
  link: 'logit',
  label: 'y',
  inputs: Object.fromEntries(inputs.map((i) => [i, 'auto' as const])),
  penalty: { l1: 0, l2: 0 },
  solver: 'irls',
  threshold: 0.5,
  ...more,
})
const column = (name: string, type: string): Column => ({ name, type, nullable: true })

async function* batchesOf(rows: readonly (readonly unknown[])[], size = 3) {
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size)
}
const collect = (
  m: ModelDef,
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  options: CollectOptions = {},
): Promise<Collected> => collectRows(m, columns, batchesOf(rows), options)

const stored = ({ store }: Collected): number[][] =>
  [...store.blocks()].flatMap(({ rows, values }) =>
    Array.from({ length: rows }, (_, r) => [...values.subarray(r * store.width, (r + 1) * store.width)]),
  )
const problems = async (collected: Promise<unknown>): Promise<Record<string, Readonly<Record<string, string>>>> => {
  const failure = await collected.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was collected')
  return Object.fromEntries(failure.diagnostics.map((d) => [d.code, d.parameters]))
}

describe('values become numbers', () => {
  const columns = [
    column('id', 'int4'),
    column('big', 'int8'),
    column('exact', 'numeric'),
    column('real', 'float8'),
    column('flag', 'bool'),
    column('plan', 'text'),
    column('y', 'bool'),
  ]
  const inputs = ['real', 'plan', 'big', 'exact', 'flag']
  const rows = [
    [1, '9007199254740993', '0.1', 2.5, true, 'b', true],
    [2, null, 'NaN', null, null, null, false],
    [3, '-4', '12345678901234567890.5', Number.NaN, false, 'a', false],
    [4, '0', '-0.5', 1, false, 'b', true],
  ]

  test('in the order of the inputs, with label, weight and part behind', async () => {
    const collected = await collect(model(inputs), columns, rows)
    expect(stored(collected)).toEqual([
      [2.5, 0, 9007199254740992, 0.1, 1, 1, 1, 0],
      [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 1, 0],
      [Number.NaN, 1, -4, 12345678901234567000, 0, 0, 1, 0],
      [1, 0, 0, -0.5, 0, 1, 1, 0],
    ])
    expect(collected.rows).toEqual({ train: 4, test: 0, validation: 0 })
    expect(collected.isWeighted).toBe(false)
    expect(collected.warnings).toEqual([])
    expect(collected.inputs[0]?.statistics).toEqual({
      kind: 'numeric',
      count: 2,
      missing: 2,
      mean: 1.75,
      deviation: 0.75,
      min: 1,
      max: 2.5,
    })
    expect(collected.inputs[1]?.statistics).toEqual({
      kind: 'category',
      count: 3,
      missing: 1,
      levels: [
        { level: 'b', rows: 2 },
        { level: 'a', rows: 1 },
      ],
    })
    expect(collected.inputs[4]?.statistics).toEqual({ kind: 'boolean', count: 3, missing: 1, trues: 1 })
  })

  test('spread is right far from zero', async () => {
    const far = Array.from({ length: 1000 }, (_, i) => [1e9 + (i % 2), i % 2])
    const collected = await collect(model(['x']), [column('x', 'float8'), column('y', 'int4')], far)
    const { statistics } = collected.inputs[0] as (typeof collected.inputs)[number]
    expect(statistics).toMatchObject({ mean: 1e9 + 0.5, deviation: 0.5 })
  })
})

describe('parts, labels and weights', () => {
  const columns = [
    column('x', 'float8'),
    column('g', 'text'),
    column('y', 'int8'),
    column('_weight', 'float8'),
    column('_split', 'text'),
  ]

  test('statistics are of training rows; the gap, rows without label and weight 0 are left out', async () => {
    const collected = await collect(model(['x', 'g']), columns, [
      [1, 'a', '1', 2, 'train'],
      [3, 'a', '0', 0.5, 'train'],
      [100, 'z', '1', 1, 'test'],
      [200, 'gap', '1', 1, null],
      [300, 'none', null, 1, 'train'],
      [400, 'none', null, 1, 'test'],
      [500, 'light', '0', 0, 'train'],
      [Number.POSITIVE_INFINITY, null, '0', 3, 'test'],
    ])
    expect(stored(collected)).toEqual([
      [1, 0, 1, 2, 0],
      [3, 0, 0, 0.5, 0],
      [100, 1, 1, 1, 1],
      [Number.NaN, Number.NaN, 0, 3, 1],
    ])
    expect(collected.rows).toEqual({ train: 2, test: 2, validation: 0 })
    expect(collected.isWeighted).toBe(true)
    expect(collected.inputs[0]?.statistics).toMatchObject({ count: 2, mean: 2, max: 3 })
    expect(collected.inputs[1]?.statistics).toMatchObject({
      levels: [
        { level: 'a', rows: 2 },
        { level: 'z', rows: 0 },
      ],
    })
    expect(collected.warnings.map((w) => [w.code, w.parameters])).toEqual([
      ['train/null-label', { label: 'y', rows: '2', total: '6' }],
    ])
  })

  test('rows in no part are counted by the first reason', async () => {
    const three = [...columns, column('_censored', 'bool')]
    const collected = await collect(model(['x']), three, [
      [1, 'a', '1', 1, 'train', false],
      [2, 'a', '0', 1, 'train', false],
      [3, 'a', '1', 1, 'validation', false],
      [4, 'a', null, 1, null, true],
      [5, 'a', null, 1, null, false],
      [6, 'a', null, 0, 'train', false],
      [7, 'a', '1', 0, 'train', false],
      [8, 'a', '1', 1, 'test', false],
    ])
    expect(collected.rows).toEqual({ train: 2, validation: 1, test: 1 })
    expect(collected.leftOut).toEqual({ censored: 1, gap: 1, unlabelled: 1, weightless: 1 })
    expect(stored(collected).map((row) => row.at(-1))).toEqual([0, 0, 2, 1])
  })

  test('every error is named at once', async () => {
    const found = await problems(
      collect(
        model(['x', 'p_plan', 'ratio']),
        [column('x', 'float8'), column('p_plan', 'text'), column('ratio', 'float8'), column('y', 'int4')],
        [
          [Number.NaN, null, Number.NEGATIVE_INFINITY, 1],
          [null, null, 1e-200, 1],
        ],
      ),
    )
    expect(found).toEqual({
      'train/one-class': { label: 'y', rows: '2' },
      'train/all-null': { input: 'p_plan', view: 'profile' },
    })
  })

  test('labels of a logistic model are 0 and 1', async () => {
    const two = collect(model(['x']), [column('x', 'float8'), column('y', 'int4')], [[1, 2]])
    expect(await problems(two)).toEqual({ 'train/label-values': { label: 'y' } })
  })

  test('labels of a linear model are finite', async () => {
    const linear = model(['x'], { family: 'gaussian', link: 'identity', solver: 'cholesky' })
    const columns = [column('x', 'float8'), column('y', 'numeric')]
    expect(stored(await collect(linear, columns, [[1, '2.5']]))).toEqual([[1, 2.5, 1, 0]])
    expect(await problems(collect(linear, columns, [[1, 'Infinity']]))).toEqual({ 'train/not-finite': { input: 'y' } })
  })

  test('a part without rows is an error when the sample is split', async () => {
    expect(await problems(collect(model(['x', 'g']), columns, []))).toEqual({
      'train/no-rows': { dataset: 'orders', part: 'training' },
    })
    const unlabelled = await problems(collect(model(['x', 'g']), columns, [[1, 'a', null, 1, 'train']]))
    expect(unlabelled['train/no-rows']?.hint).toContain('NULL in 1 rows')
    const split = model(['x', 'g'], {
      dataset: { ...dataset, sample: { ...dataset.sample, split: { kind: 'hash', test: 0.5 } } },
    })
    const rows = [
      [1, 'a', '1', 1, 'train'],
      [2, 'a', '0', 1, 'train'],
    ]
    expect(await problems(collect(split, columns, rows))).toEqual({
      'train/no-rows': { dataset: 'orders', part: 'test' },
    })
  })

  test('weights are numbers from 0', async () => {
    const rows = [
      [1, 'a', '1', -1, 'train'],
      [1, 'a', '0', null, 'train'],
      [1, 'a', '0', 1, 'train'],
      [1, 'a', '1', 1, 'train'],
    ]
    expect(await problems(collect(model(['x', 'g']), columns, rows))).toEqual({
      'train/weight': { column: 'n', rows: '2' },
    })
  })
})

test('a category with too many levels is refused', async () => {
  async function* keys() {
    for (let b = 0; b < 101; b++) yield Array.from({ length: 1000 }, (_, i) => [`k${b * 1000 + i}`, i % 2])
  }
  const collected = collectRows(model(['key']), [column('key', 'text'), column('y', 'int4')], keys())
  expect(await problems(collected)).toEqual({ 'train/many-levels': { input: 'key', limit: String(mostLevels) } })
})

test('a column a model cannot read is refused', async () => {
  const collected = collect(model(['at']), [column('at', 'timestamptz'), column('y', 'int4')], [])
  expect(Object.keys(await problems(collected))).toEqual(['model/input-type'])
})

test('reading stops when it is interrupted, and says how far it is', async () => {
  const controller = new AbortController()
  const seen: number[] = []
  const rows = Array.from({ length: 9 }, (_, i) => [i, i % 2])
  const collected = collect(model(['x']), [column('x', 'float8'), column('y', 'int4')], rows, {
    signal: controller.signal,
    onRows: (n) => {
      seen.push(n)
      if (n === 6) controller.abort()
    },
  })
  expect(Object.keys(await problems(collected))).toEqual(['engine/interrupted'])
  expect(seen).toEqual([3, 6])
})

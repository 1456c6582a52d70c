/** Trees: the walk, the expression and the database give the same bits for every row. */
import {
  evaluate,
  linearPredictors,
  type ModelRecord,
  modelRecordSchema,
  parseModelRecord,
  preparedInputs,
  printModelRecord,
  type Row,
  rowScorer,
  verificationQuery,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, row, treeRecord } from './tree-models.ts'

const scoresOf = (record: ModelRecord, values: Row): readonly (number | null)[] => {
  const inputs = Object.fromEntries(
    preparedInputs(record, 'f').map(({ name, expr }) => [name, evaluate(expr, { row: values })]),
  )
  return linearPredictors(record, 'f').map((e) => evaluate(e, { row: inputs }) as number | null)
}

const stump = {
  inputs: ['a'],
  values: 'float64',
  comparison: '<=',
  required: [],
  zero: 0,
  sums: 'float64',
  base: [0],
  divisor: 1,
  trees: [
    { score: 0, input: [0, -1, -1], threshold: [1, 2, 3], left: [1, 0, 0], right: [2, 0, 0], missingLeft: [0, 0, 0] },
  ],
} as const
const columns = [{ feature: 'a', type: 'float8', encoder: { kind: 'raw' as const } }]

describe('a tree model', () => {
  test('means the same walked and as an expression', () => {
    fc.assert(
      fc.property(model, fc.array(row, { minLength: 1, maxLength: 5 }), (record, rows) => {
        expect(modelRecordSchema.safeParse(record).error).toBeUndefined()
        const { score } = rowScorer(record)
        for (const values of rows) expect(score(values).scores).toEqual(scoresOf(record, values))
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  test('is the same record when it is written and read', () => {
    fc.assert(
      fc.property(model, (record) => {
        expect(parseModelRecord(printModelRecord(record), 'm.json')).toEqual(record)
      }),
      { seed: 12, numRuns: 50 },
    )
  })

  const tree = stump.trees[0]
  test.each([
    ['a node that is its own child', { ...tree, left: [0, 0, 0] }],
    ['a child of two parents', { ...tree, right: [1, 0, 0] }],
    ['a child that is not there', { ...tree, right: [3, 0, 0] }],
    ['arrays of different length', { ...tree, right: [2, 0] }],
    ['a score that is not there', { ...tree, score: 1 }],
    ['an input that is not there', { ...tree, input: [1, -1, -1] }],
    ['members of a leaf', { ...tree, members: { 1: [1] } }],
    ['no node', { ...tree, input: [], threshold: [], left: [], right: [], missingLeft: [] }],
  ])('%s is refused when the record is read', (_, wrong) => {
    const text = printModelRecord(treeRecord({ ...stump, inputs: ['a'], base: [0], trees: [wrong] } as never, columns))
    expect(() => parseModelRecord(text, 'm.json')).toThrow(/m\.json/)
  })

  test('that reads what the record does not give it is refused', () => {
    const text = printModelRecord(treeRecord({ ...stump, inputs: ['b'] } as never, columns))
    expect(() => parseModelRecord(text, 'm.json')).toThrow(/reads "b"/)
  })
})

describeEachEngine('a tree model', (engine) => {
  test('means the same in the interpreter and the database, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(model, fc.array(row, { minLength: 1, maxLength: 12 }), async (record, rows) => {
        const { score } = rowScorer(record)
        const verification = rows.map((inputs) => ({ inputs, scores: [...score(inputs).scores], outputs: {} }))
        const { sql, scores } = verificationQuery({ ...record, verification })
        const { rows: found } = await engine.db.query(sql)
        const theirs = found.map((r) => r.slice(1, 1 + scores.length))
        expect(theirs).toEqual(verification.map((v) => v.scores))
      }),
      { seed: 13, numRuns: 60 },
    )
  })

  test.each([1, 2, 64, 65, 128, 129, 1024, 1100])('of %i trees is summed in their order', async (count) => {
    for (const sums of ['float32', 'float64'] as const) {
      const trees = Array.from({ length: count - 1 }, (_, t) => ({
        score: 0,
        input: [0, -1, -1],
        threshold: [t, Math.sin(t) * 1e3, Math.cos(t) / 7],
        left: [1, 0, 0],
        right: [2, 0, 0],
        missingLeft: [0 as const, 0 as const, 0 as const],
      }))
      const record = treeRecord({ ...stump, inputs: ['a'], required: [], base: [0.1], sums, trees }, columns)
      const { score } = rowScorer(record)
      const verification = [null, 0.5, 40, 700, 5000].map((a) => {
        const inputs = { a }
        return { inputs, scores: [...score(inputs).scores], outputs: {} }
      })
      const { rows } = await engine.db.query(verificationQuery({ ...record, verification }).sql)
      expect(rows.map((r) => r[1])).toEqual(verification.map((v) => v.scores[0]))
    }
  })

  test('of 500 trees of depth 6 compiles and runs', async () => {
    const depth = 6
    const size = 2 ** (depth + 1) - 1
    const trees = Array.from({ length: 500 }, (_, t) => ({
      score: 0,
      input: Array.from({ length: size }, (_, i) => (i < size >> 1 ? (i + t) % 2 : -1)),
      threshold: Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i * 7 + t))),
      left: Array.from({ length: size }, (_, i) => (i < size >> 1 ? 2 * i + 1 : 0)),
      right: Array.from({ length: size }, (_, i) => (i < size >> 1 ? 2 * i + 2 : 0)),
      missingLeft: Array.from({ length: size }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0)),
    }))
    const record = treeRecord(
      {
        inputs: ['a', 'b'],
        values: 'float32',
        comparison: '<',
        required: [],
        zero: 0,
        sums: 'float32',
        base: [0.5],
        divisor: 1,
        trees,
      },
      ['a', 'b'].map((feature) => ({ feature, type: 'float8', encoder: { kind: 'raw' } })),
    )
    const { score } = rowScorer(record)
    const verification = Array.from({ length: 20 }, (_, i) => {
      const inputs = { a: i % 7 === 0 ? null : Math.sin(i), b: Math.cos(i) }
      return { inputs, scores: [...score(inputs).scores], outputs: {} }
    })
    const { rows } = await engine.db.query(verificationQuery({ ...record, verification }).sql)
    expect(rows.map((r) => r[1])).toEqual(verification.map((v) => v.scores[0]))
    expect(new Set(rows.map((r) => r[1])).size).toBeGreaterThan(15)
  })
})

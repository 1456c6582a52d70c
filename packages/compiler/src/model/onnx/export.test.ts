/**
 * Exported ONNX, run node by node by an evaluator written here from the operators' definitions (onnx.ai, opset 19). The
 * same graphs were run once by ONNX Runtime 1.30: it agrees with the record to 2e-16.
 */
import { describe, expect, it } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { rowScorer } from '../../evaluate/score-row.ts'
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import { cases, inputs, recordOf, rows } from '../pmml/cases.ts'
import { exportOnnx } from './export.ts'
import { missingText } from './expression-nodes.ts'
import { elementTypes, readModel, writeModel } from './proto.ts'

type Cell = number | string | boolean

function run(bytes: Uint8Array, row: Readonly<Record<string, Literal>>): Readonly<Record<string, Cell>> {
  const model = readModel(bytes)
  if (model === undefined) throw new Error('no model')
  const { graph } = model
  const cells = new Map<string, Cell>(graph.initializers.map((t) => [t.name, t.texts[0] ?? t.numbers[0] ?? 0]))
  for (const { name, type } of graph.inputs) {
    const value = row[name] ?? null
    cells.set(
      name,
      type === elementTypes.string ? (value ?? missingText).toString() : value === null ? Number.NaN : Number(value),
    )
  }
  const singles = new Set<string>()
  for (const node of graph.nodes) {
    const args = node.inputs.map((i) => cells.get(i))
    if (args.includes(undefined)) throw new Error(`${node.name} reads what is not there yet`)
    const [a, b, c] = args as [never, never, never]
    const out = node.outputs[0] as string
    const to = node.attributes[0]?.i
    const value = operate(node.op, a, b, c, to)
    // What is computed of float32 is rounded to it.
    const isSingle = node.op === 'Cast' ? to === elementTypes.float : node.inputs.every((i) => singles.has(i))
    if (isSingle) singles.add(out)
    cells.set(out, isSingle ? Math.fround(value as number) : value)
  }
  return Object.fromEntries(graph.outputs.map((o) => [o.name, cells.get(o.name) as Cell]))
}

function operate(op: string, a: never, b: never, c: never, to: number | undefined): Cell {
  switch (op) {
    case 'Identity':
      return a
    case 'Add':
      return a + b
    case 'Mul':
      return a * b
    case 'Div':
      return a / b
    case 'Neg':
      return -a
    case 'Equal':
      return a === b
    case 'Less':
      return a < b
    case 'LessOrEqual':
      return a <= b
    case 'Greater':
      return a > b
    case 'GreaterOrEqual':
      return a >= b
    case 'And':
      return a && b
    case 'Or':
      return a || b
    case 'Not':
      return !a
    case 'IsNaN':
      return Number.isNaN(a)
    case 'Where':
      return a ? b : c
    case 'Exp':
      return Math.exp(a)
    case 'Log':
      return Math.log(a)
    case 'Sqrt':
      return Math.sqrt(a)
    case 'Abs':
      return Math.abs(a)
    case 'Floor':
      return Math.floor(a)
    case 'Cast':
      return to === elementTypes.float ? Math.fround(a) : a
    default:
      throw new Error(`no operator ${op}`)
  }
}

describe('exported ONNX', () => {
  it.each(cases.map((r) => [r.family, r.link, r] as const))(
    'of %s with %s gives the outputs of the record',
    (_, __, record) => {
      const bytes = exportOnnx(record)
      const { score } = rowScorer(record)
      let numbers = 0
      for (const row of rows) {
        const theirs = run(bytes, row)
        for (const [name, mine] of Object.entries(score(row).outputs)) {
          const t = theirs[name]
          if (mine === null)
            expect(typeof t === 'number' ? Number.isNaN(t) : t, JSON.stringify(row)).toBe(
              typeof t === 'number' ? true : missingText,
            )
          else if (typeof mine === 'number') {
            numbers++
            expect(Math.abs((t as number) - mine), JSON.stringify(row)).toBeLessThanOrEqual(1e-14 * Math.abs(mine))
          } else expect(t).toBe(typeof mine === 'boolean' ? Number(mine) : mine)
        }
      }
      expect(numbers).toBeGreaterThan(40)
    },
  )

  it('is typed, named and versioned', () => {
    const model = readModel(exportOnnx(recordOf('binomial', 'logit')))
    expect(model).toMatchObject({ producer: 'viewcast', producerVersion: 'm version 2', opsets: { '': 19 } })
    expect(model?.graph.inputs.map((i) => [i.name, i.type, i.shape])).toEqual(
      inputs.map((i) => [i.feature, i.type === 'text' ? elementTypes.string : elementTypes.double, [0, 1]]),
    )
    expect(model?.graph.outputs).toEqual([{ name: 'probability', type: elementTypes.double, shape: [0, 1] }])
  })

  it('is written and read without loss, and anything else is no model', () => {
    const bytes = exportOnnx(recordOf('multinomial', 'softmax', ['a', 'b']))
    const model = readModel(bytes)
    expect(model && writeModel(model)).toEqual(bytes)
    for (const other of ['', 'not a model', '{"learner": {}}'])
      expect(readModel(new TextEncoder().encode(other))).toBeUndefined()
  })

  it('of trees adds in the arithmetic of their library', () => {
    const raw = (feature: string): LearnedInput => ({ feature, type: 'float8', encoder: { kind: 'raw' } })
    const leaf = (score: number, left: number, right: number) => ({
      score,
      input: [0, -1, -1],
      threshold: [0.1, left, right],
      left: [1, 0, 0],
      right: [2, 0, 0],
      missingLeft: [1 as const, 0 as const, 0 as const],
    })
    const record: ModelRecord = {
      ...recordOf('gaussian', 'identity', undefined, [raw('x')]),
      coefficients: [],
      trees: {
        inputs: ['x'],
        values: 'float32',
        comparison: '<',
        required: [],
        zero: 0,
        sums: 'float32',
        base: [0.1],
        divisor: 1,
        trees: [leaf(0, Math.fround(0.7), Math.fround(-0.3)), leaf(0, Math.fround(1e-8), Math.fround(0.2))],
      },
    }
    const bytes = exportOnnx(record)
    const { score } = rowScorer(record)
    for (const x of [0, Math.fround(0.1), 0.1, 0.0999999999, 5, null]) {
      expect(run(bytes, { x }).prediction).toBe(score({ x }).outputs.prediction)
    }
  })

  it('refuses what ONNX has no operator for, by name', () => {
    const hashed: LearnedInput = {
      feature: 'tail',
      type: 'text',
      encoder: { kind: 'hashed', columns: 4, signed: false },
    }
    try {
      exportOnnx(recordOf('gaussian', 'identity', undefined, [hashed]))
      expect.unreachable()
    } catch (e) {
      expect(isViewcastError(e) && e.diagnostics.map((d) => [d.code, d.message])).toEqual([
        ['model/export', 'Model "m" cannot be written as ONNX: the function hash_slot'],
      ])
    }
  })
})

/** The JavaScript scorer has the bits of the interpreter: for random expressions, and for models of every kind. */
import {
  ArithmeticError,
  type Expr,
  evaluate,
  exportJavascript,
  javascriptPrinter,
  type Literal,
  type ModelRecord,
  type Row,
  rowScorer,
  runtimeText,
} from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { numberExpr, row as plainRow } from './expressions.ts'
import { model, row } from './tree-models.ts'

type Outcome = { readonly value: Literal } | { readonly raised: true }
const outcome = (f: () => Literal): Outcome => {
  try {
    return { value: f() }
  } catch (error) {
    if (error instanceof ArithmeticError || error instanceof RangeError) return { raised: true }
    throw error
  }
}

function compiled(e: Expr): (values: Row) => Literal {
  const names = ['a', 'b', 'c', 'p', 'w']
  const printer = javascriptPrinter(({ name }) => `x[${names.indexOf(name)}]`)
  const text = printer.print(e)
  const body = `${printer.declarations.join('\n')}\n${runtimeText(printer.called)}\nreturn (x) => ${text}`
  const f = new Function(body)() as (x: Literal[]) => Literal
  return (values) => f(names.map((name) => values[name] ?? null))
}

interface Scorer {
  readonly inputs: readonly string[]
  readonly score: (row: Readonly<Record<string, unknown>>) => Record<string, Literal>
}
const load = async (text: string): Promise<Scorer> =>
  (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Scorer

describe('an expression as JavaScript', () => {
  test('means what it means to the interpreter', () => {
    fc.assert(
      fc.property(numberExpr, fc.array(plainRow, { minLength: 1, maxLength: 5 }), (e, rows) => {
        const f = compiled(e)
        for (const values of rows) {
          expect(outcome(() => f(values))).toEqual(outcome(() => evaluate(e, { row: values })))
        }
      }),
      { seed: 21, numRuns: 400 },
    )
  })
})

describe('a model as JavaScript', () => {
  test('of trees gives what the interpreter gives', async () => {
    await fc.assert(
      fc.asyncProperty(model, fc.array(row, { minLength: 1, maxLength: 10 }), async (record, rows) => {
        const scorer = await load(exportJavascript(record))
        const { score } = rowScorer(record)
        for (const values of rows) expect(scorer.score(values)).toEqual(score(values).outputs)
      }),
      { seed: 22, numRuns: 60 },
    )
  })

  const levels = Array.from({ length: 30 }, (_, i) => `level ${i}`)
  const inputs: ModelRecord['inputs'] = [
    {
      feature: 'a',
      type: 'float8',
      encoder: { kind: 'numeric', transform: 'log1p', impute: 1, indicator: true, center: 0.3, scale: 1.7 },
    },
    {
      feature: 'b',
      type: 'float8',
      encoder: {
        kind: 'numeric',
        transform: 'identity',
        impute: 0,
        indicator: false,
        center: -2,
        scale: 3,
        clip: [-1, 4],
        missing: 'null',
      },
    },
    {
      feature: 'c',
      type: 'int4',
      encoder: {
        kind: 'numeric',
        transform: 'identity',
        impute: 2,
        indicator: false,
        center: 0,
        scale: 1,
        basis: { kind: 'natural', knots: [-3, 0, 1, 4] },
      },
    },
    { feature: 'd', type: 'bool', encoder: { kind: 'boolean' } },
    { feature: 'w', type: 'text', encoder: { kind: 'onehot', levels: ['a', "it's", 'é'], base: 'zz' } },
    {
      feature: 'v',
      type: 'text',
      encoder: { kind: 'levels', by: 'target', levels, values: levels.map((_, i) => i / 7), missing: -1, unseen: 0.5 },
    },
    { feature: 'h', type: 'text', encoder: { kind: 'hashed', columns: 5, signed: true } },
  ]
  const columns = [null, 'a', 'a', 'b', 'c', 'c', 'c', 'd', 'w', 'w', 'w', 'v', 'h', 'h', 'h', 'h', 'h']
  const record = linearRecord('every "kind"\nof encoder', [], {
    inputs,
    coefficients: columns.map((feature, i) => ({
      name: `${feature}${i}`,
      feature,
      estimate: Math.sin(i + 1) * 3,
      standardError: null,
      statistic: null,
      pValue: null,
    })),
  })
  const number = fc.oneof(
    fc.double({ min: -10, max: 10, noNaN: true }),
    fc.constantFrom(0, 1e-200, 1e150, 1e151, 1e308, Number.NaN, Infinity, -Infinity, 4, -1),
  )
  const word = fc.constantFrom('', 'a', "it's", 'é', 'zz', 'level 3', 'level 29', 'unseen')
  const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null })
  const anyRow = fc.record({
    a: nullable(number),
    b: nullable(number),
    c: nullable(fc.integer({ min: -6, max: 6 })),
    d: nullable(fc.boolean()),
    w: nullable(word),
    v: nullable(word),
    h: nullable(word),
  })

  test.each([
    ['gaussian', 'identity'],
    ['binomial', 'logit'],
    ['binomial', 'cloglog'],
    ['binomial', 'probit'],
    ['poisson', 'log'],
    ['gamma', 'inverse'],
    ['svm', 'identity'],
  ] as const)('of every encoder, %s by %s, gives what the interpreter gives', async (family, link) => {
    const own = { ...record, family, link }
    const scorer = await load(exportJavascript(own))
    expect(scorer.inputs).toEqual(['a', 'b', 'c', 'd', 'w', 'v', 'h'])
    const { score } = rowScorer(own)
    fc.assert(
      fc.property(anyRow, (values) => {
        expect(scorer.score(values)).toEqual(score(values).outputs)
      }),
      { seed: 23, numRuns: 1000 },
    )
  })

  test('takes what drivers give: numbers as text, big integers, and columns that are not there', async () => {
    const scorer = await load(exportJavascript(record))
    const values = { a: 1.5, b: 2, c: 3, d: true, w: 'a', v: 'level 3', h: 'x' }
    const { score } = rowScorer(record)
    expect(scorer.score({ ...values, a: '1.5', c: 3n })).toEqual(score(values).outputs)
    const { a: _, w: __, ...rest } = values
    expect(scorer.score(rest)).toEqual(score({ ...values, a: null, w: null }).outputs)
  })
})

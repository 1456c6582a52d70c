import {
  encodedColumns,
  encodedValues,
  evaluate,
  expr,
  interactionValues,
  type LearnedInput,
  type Literal,
} from '@viewcast/compiler'
import { expect, test } from 'vitest'
import type { Collected } from '../collect/collect.ts'
import { storedRows } from '../collect/stored-rows.ts'
import { createDesign } from './design.ts'

const number = (feature: string, scale: number): LearnedInput => ({
  feature,
  type: 'float8',
  encoder: { kind: 'numeric', transform: 'identity', impute: 1, indicator: true, center: 0, scale },
})
const inputs: readonly LearnedInput[] = [
  number('a', 1),
  { feature: 'b', type: 'text', encoder: { kind: 'onehot', levels: ['x', 'y:z'], base: 'w' } },
  number('c', 1e-100),
]
const interactions = [
  ['a', 'b'],
  ['b', 'a'],
  ['a', 'c'],
  ['a', 'b', 'c'],
]

test('columns are named by the columns they multiply, the last varying fastest', () => {
  const names = encodedColumns(inputs, interactions).map((c) => `${c.feature} ${c.name}`)
  expect(names.slice(0, 6)).toEqual(['a a', 'a a?', 'b b=x', 'b b=y:z', 'c c', 'c c?'])
  expect(names.slice(6, 10)).toEqual(['a:b a:b=x', 'a:b a:b=y:z', 'a:b a?:b=x', 'a:b a?:b=y:z'])
  expect(names).toHaveLength(6 + 4 + 4 + 4 + 8)
})

test('products are those of the expressions, and finite where their factors are not small', () => {
  const values: (number | null)[] = [null, 0, 1, -2.5, 1e150, -1e150, 1e-150, 3e100, Number.NaN]
  const rows = values.flatMap((a) => ['x', 'w', null].flatMap((b) => values.map((c): Literal[] => [a, b, c])))
  const { store, inputs: collectedInputs } = storedRows(
    inputs.map(({ feature: name, type }) => ({ name, type })),
    rows.map((r) => ({ values: r })),
  )
  const collected: Collected = {
    store,
    inputs: collectedInputs,
    isWeighted: false,
    rows: { train: rows.length, test: 0, validation: 0 },
    leftOut: { censored: 0, gap: 0, unlabelled: 0, weightless: 0 },
    warnings: [],
  }
  const column = (feature: string) => expr.column('t', feature)
  const own = (names: readonly string[]): LearnedInput[] => names.flatMap((f) => inputs.filter((i) => i.feature === f))
  const expressions = [
    ...inputs.flatMap((input) => encodedValues(input, column(input.feature))),
    ...interactions.flatMap((names) => interactionValues(own(names), column)),
  ]
  const design = createDesign(collected, inputs, 'train', { interactions })
  expect(design.columns).toHaveLength(expressions.length)
  let at = 0
  for (const { rows: count, x } of design.blocks()) {
    for (let r = 0; r < count; r++, at++) {
      const [a = null, b = null, c = null] = rows[at] ?? []
      expressions.forEach((e, j) => {
        const value = x[r * expressions.length + j] as number
        expect(value + 0).toBe((evaluate(e, { row: { a, b, c } }) as number) + 0)
        expect(Number.isFinite(value)).toBe(true)
      })
    }
  }
  expect(at).toBe(rows.length)
})

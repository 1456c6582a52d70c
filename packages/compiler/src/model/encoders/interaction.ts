/** Interactions: products of the encoded columns of two or more inputs. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import { bounded, boundedExpr, largestFactor } from './bounded.ts'
import { products } from './columns.ts'
import { encodedRange } from './encoded-range.ts'
import { encodedValues } from './encoded-values.ts'
import { levelTable } from './level-table.ts'

/** The interactions of a record with their inputs, named `a:b`. Errors: `model/record`. */
export const interactionsOf = ({
  name: model,
  inputs,
  interactions = [],
}: Pick<ModelRecord, 'name' | 'inputs' | 'interactions'>): readonly {
  readonly name: string
  readonly inputs: readonly LearnedInput[]
}[] =>
  interactions.map((features) => ({
    name: features.join(':'),
    inputs: features.map(
      (f) =>
        inputs.find((i) => i.feature === f) ??
        fail('model/record', { file: `model "${model}"`, detail: `an interaction with "${f}", which is no input` }),
    ),
  }))

/**
 * The columns of an interaction: every product of a column of each input, the last varying fastest. A factor is cut to
 * ±1e100 (of two inputs; ±1e66 of three), and below the reciprocal it counts as 0, so that no product overflows.
 */
export function interactionValues(
  inputs: readonly LearnedInput[],
  columnOf: (feature: string) => Expr,
): readonly Expr[] {
  const factors = factorsOf(inputs, columnOf)
  return products(factors).map((chosen) => expr.product(chosen))
}

/** Its share of the linear predictor: sums of the innermost input's columns, times those of the others. */
export function interactionContribution(
  inputs: readonly LearnedInput[],
  betas: readonly number[],
  columnOf: (feature: string) => Expr,
): Expr {
  const largest = largestFactor(inputs.length)
  const terms = products(factorsOf(inputs, columnOf))
    .map((chosen, i) => ({ chosen, beta: bounded(betas[i] ?? 0, largest) }))
    .filter(({ beta }) => beta !== 0)
    .map(({ chosen, beta }) => expr.product([...chosen, expr.float(beta)]))
  return terms.length === 0 ? expr.float(0) : expr.sum(terms)
}

function factorsOf(inputs: readonly LearnedInput[], columnOf: (feature: string) => Expr): readonly (readonly Expr[])[] {
  const largest = largestFactor(inputs.length)
  return inputs.map((input) => {
    const ranges = encodedRange(input)
    const isLevel = levelTable(input) !== undefined
    return encodedValues(input, columnOf(input.feature)).map((value, j) =>
      boundedExpr(value, largest, isLevel, ranges[j] ?? [0, 0]),
    )
  })
}

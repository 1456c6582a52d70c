/** Interactions: products of encoded columns, from the row that holds them. */
import { bounded, encodedColumns, type LearnedInput, largestFactor } from '@viewcast/compiler'
import type { Block } from '../solve/fit.ts'

export interface ProductColumn {
  readonly column: number
  /** Columns that are multiplied. */
  readonly factors: readonly number[]
}

/** The columns behind those of the inputs, in the order of `encodedColumns`. */
export function productColumns(
  inputs: readonly LearnedInput[],
  interactions: readonly (readonly string[])[],
): ProductColumn[] {
  let next = 0
  const own = new Map<string, number[]>()
  for (const input of inputs) {
    const count = encodedColumns([input]).length
    own.set(
      input.feature,
      Array.from({ length: count }, (_, j) => next + j),
    )
    next += count
  }
  return interactions.flatMap((features) =>
    features
      .map((f) => own.get(f) ?? [])
      .reduce<number[][]>((all, columns) => all.flatMap((chosen) => columns.map((c) => [...chosen, c])), [[]])
      .map((factors): ProductColumn => ({ column: next++, factors })),
  )
}

/** Fills the product columns of encoded rows. */
export function multiply({ rows, x }: Block, products: readonly ProductColumn[], width: number): void {
  for (const { column, factors } of products) {
    const largest = largestFactor(factors.length)
    for (let r = 0, at = 0; r < rows; r++, at += width) {
      let product = bounded(x[at + (factors[0] as number)] as number, largest)
      for (let k = 1; k < factors.length; k++) product *= bounded(x[at + (factors[k] as number)] as number, largest)
      x[at + column] = product
    }
  }
}

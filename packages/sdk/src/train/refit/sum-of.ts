/** Sums of rows as the aggregates give them, and sums of these. */
import type { PartitionSum } from '@viewcast/compiler'
import { packed } from '../solve/kernels.ts'

export type Sum = Pick<PartitionSum, 'rows' | 'logWeights' | 'squares' | 'gradient' | 'products'>

/** The values of a row of `fitSums`, by name; half the deviance is the first of them. */
export function sumOf(values: readonly number[], width: number): Sum {
  const [loss = 0, , , rows = 0, logWeights = 0] = values
  const end = 6 + width
  const products = values.slice(end, end + packed(width + 1))
  return { rows, logWeights, squares: 2 * loss, gradient: values.slice(5, end), products }
}

/**
 * The sum of all, each number with the rounding errors of its additions added up beside it, so that neither the order nor the
 * number of partitions matters beyond the last bits.
 */
export function added(sums: readonly Sum[], width: number): Sum {
  const of = (value: (sum: Sum) => number): number => compensated(sums.map(value))
  const list = (length: number, value: (sum: Sum) => readonly number[]): number[] =>
    Array.from({ length }, (_, i) => of((sum) => value(sum)[i] as number))
  return {
    rows: of((s) => s.rows),
    logWeights: of((s) => s.logWeights),
    squares: of((s) => s.squares),
    gradient: list(width + 1, (s) => s.gradient),
    products: list(packed(width + 1), (s) => s.products),
  }
}

/** Source: Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, ZAMM 54 (1974). */
function compensated(values: readonly number[]): number {
  let sum = 0
  let lost = 0
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}

import { type ExactPowers, encodedColumns, exactSumsQuery } from '@viewcast/compiler'
import { decimalOf } from '../exact/decimal.ts'
import { divisorsOf, isPowers, powersOf } from '../exact/exact-rows.ts'
import { exactSumsOf } from '../exact/exact-sums.ts'
import { exactFit, refuseExact } from '../exact/fit-exactly.ts'
import type { Fit, FitOptions } from '../solve/fit.ts'
import type { RemoteDesign } from './remote-design.ts'

/**
 * Least squares without rounding over rows that stay in the database, by sums of numeric: some sixty times the time of
 * float8 sums.
 *
 * Errors: as from rows; those of the database.
 */
export async function fitExactlyRemotely(
  { ask, design, columns, rows }: RemoteDesign,
  { penalty, onIteration }: FitOptions,
): Promise<Fit> {
  refuseExact(penalty, columns.length)
  const powers = design.inputs.map(({ encoder }): ExactPowers | undefined =>
    isPowers(encoder) ? { encoder, powers: powersOf(encoder) } : undefined,
  )
  const values: unknown[] = []
  for (const sql of exactSumsQuery(design, powers)) values.push(...((await ask(sql))[0] ?? []))
  onIteration?.(1, 0)
  const [logWeights, ...products] = values
  const sums = exactSumsOf(
    columns.length,
    rows,
    products.map((p) => decimalOf(String(p))),
  )
  const divisors = design.inputs.flatMap((input) => divisorsOf(input, encodedColumns([input]).length))
  return exactFit(sums, columns, divisors, Number(logWeights))
}

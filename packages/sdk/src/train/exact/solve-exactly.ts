/** Symmetric integer systems solved without rounding. */

export interface ExactSolution {
  /** Solution `i` is `solution[i] / determinant`. */
  readonly solution: readonly bigint[]
  /** The inverse, times the determinant. */
  readonly inverse: readonly (readonly bigint[])[]
  /** Above 0. */
  readonly determinant: bigint
}

export interface ExactDependence {
  /** Columns of a combination that is 0, the last being the first that depends on those before it. */
  readonly dependence: readonly number[]
}

/**
 * Solves `matrix · x = right` for a symmetric matrix that is positive semidefinite, such as cross-products; says which
 * columns depend on each other when there is no one solution.
 *
 * Every division is without remainder. Source: Bareiss, Sylvester's identity and multistep integer-preserving Gaussian
 * elimination, Mathematics of Computation 22 (1968).
 */
export function solveExactly(
  matrix: readonly (readonly bigint[])[],
  right: readonly bigint[],
): ExactSolution | ExactDependence {
  const size = matrix.length
  const rows = matrix.map((row, i) => [
    ...row,
    right[i] as bigint,
    ...Array.from({ length: size }, (_, j) => (i === j ? 1n : 0n)),
  ])
  let before = 1n
  for (let k = 0; k < size; k++) {
    const pivotRow = rows[k] as bigint[]
    const pivot = pivotRow[k] as bigint
    if (pivot === 0n) {
      const partners = Array.from({ length: k }, (_, i) => i).filter((i) => rows[i]?.[k] !== 0n)
      return { dependence: [...partners, k] }
    }
    for (let i = 0; i < size; i++) {
      if (i === k) continue
      const row = rows[i] as bigint[]
      const factor = row[k] as bigint
      for (let j = 0; j < row.length; j++) {
        // Columns left of the pivot are done, but for the diagonal that becomes the determinant.
        if (j < k && j !== i) continue
        row[j] = (pivot * (row[j] as bigint) - factor * (pivotRow[j] as bigint)) / before
      }
    }
    before = pivot
  }
  return {
    solution: rows.map((row) => row[size] as bigint),
    inverse: rows.map((row) => row.slice(size + 1)),
    determinant: before,
  }
}

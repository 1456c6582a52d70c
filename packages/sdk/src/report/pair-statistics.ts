/** Statistics of two raters, from counts alone. */

/**
 * Cohen's kappa of labels a × b with their rows: agreement beyond what the shares of each would give by chance. Null without
 * rows, or where chance alone makes them agree. Source: Cohen, A coefficient of agreement for nominal scales (1960).
 */
export function cohensKappa(counts: readonly (readonly [a: string, b: string, rows: number])[]): number | null {
  const [first, second] = [new Map<string, number>(), new Map<string, number>()]
  let total = 0
  let equal = 0
  for (const [a, b, rows] of counts) {
    first.set(a, (first.get(a) ?? 0) + rows)
    second.set(b, (second.get(b) ?? 0) + rows)
    total += rows
    if (a === b) equal += rows
  }
  if (total === 0) return null
  const chance = [...first].reduce((sum, [label, rows]) => sum + (rows / total) * ((second.get(label) ?? 0) / total), 0)
  return chance >= 1 ? null : (equal / total - chance) / (1 - chance)
}

/**
 * The population stability index of counts by bin, Σ (q − p) ln(q/p). Half a row is added to each bin of both, as an empty
 * one would make it infinite.
 */
export function populationStability(bins: readonly (readonly [champion: number, challenger: number])[]): number {
  const [n, m] = [0, 1].map((side) => bins.reduce((sum, bin) => sum + (bin[side] ?? 0) + 0.5, 0)) as [number, number]
  return bins.reduce((sum, [a, b]) => {
    const [p, q] = [(a + 0.5) / n, (b + 0.5) / m]
    return sum + (q - p) * Math.log(q / p)
  }, 0)
}

/**
 * McNemar's test in its exact form: two-sided, of `a` and `b` being as likely, 1 where both are 0. Source: McNemar, Note on
 * the sampling error of the difference between correlated proportions (1947).
 */
export function exactSignTest(a: number, b: number): number {
  const n = a + b
  const least = Math.min(a, b)
  // ln of the largest term, C(n, least) / 2ⁿ; the others relative to it, until they add nothing.
  let largest = -n * Math.LN2
  for (let k = 1; k <= least; k++) largest += Math.log((n - k + 1) / k)
  let sum = 0
  for (let k = least, term = 1; k >= 0 && term > 1e-20; k--) {
    sum += term
    term *= k / (n - k + 1)
  }
  return Math.min(1, 2 * Math.exp(largest) * sum)
}

/** Comparing candidates by what they scored on the same folds. */

/** Scores of a candidate by fold; null where the metric has no value. */
export type FoldScores = readonly (number | null)[]

export interface Summary {
  readonly folds: number
  readonly mean: number
  /** Of the mean over folds; null for a single one. */
  readonly standardError: number | null
}

/** Mean and standard error of numbers; undefined without any. */
export function summarise(values: readonly number[]): Summary | undefined {
  const folds = values.length
  if (folds === 0) return undefined
  const mean = values.reduce((a, b) => a + b, 0) / folds
  if (folds === 1) return { folds, mean, standardError: null }
  const squares = values.reduce((s, v) => s + (v - mean) ** 2, 0)
  return { folds, mean, standardError: Math.sqrt(squares / (folds - 1) / folds) }
}

/** Of the scores a candidate has on every fold so far; undefined when one has no value. */
export function summaryOf(scores: FoldScores): Summary | undefined {
  return scores.every((s) => s !== null) ? summarise(scores) : undefined
}

/** How much worse one candidate is than another, fold by fold: above 0 when it is. */
export function worseBy(scores: FoldScores, best: FoldScores, isMoreBetter: boolean): Summary | undefined {
  const differences = scores.flatMap((s, i) => {
    const other = best[i]
    return s === null || other === null || other === undefined ? [] : [isMoreBetter ? other - s : s - other]
  })
  return summarise(differences)
}

/** The place of the candidate with the best mean; the first of equal ones; undefined when none has a mean. */
export function bestOf(all: readonly (FoldScores | undefined)[], isMoreBetter: boolean): number | undefined {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [i, scores] of all.entries()) {
    const mean = scores === undefined ? undefined : summaryOf(scores)?.mean
    if (mean === undefined) continue
    const loss = isMoreBetter ? -mean : mean
    if (loss < least) {
      least = loss
      best = i
    }
  }
  return best
}

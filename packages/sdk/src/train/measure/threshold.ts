/** Which probability to call true. */
import type { ThresholdRule } from '@viewcast/compiler'

/** Weighted counts of what a threshold gives. */
export interface ThresholdRow {
  readonly threshold: number
  readonly truePositives: number
  readonly falsePositives: number
  readonly trueNegatives: number
  readonly falseNegatives: number
  /** The measure of the rule: cost per row of weight 1 (less is better), or accuracy, F1, or Youden's J (more is). Null where the rows do not define it. */
  readonly value: number | null
}

export interface ChosenThreshold extends ThresholdRow {
  /** Thresholds for a reader to compare, the chosen one among them, ascending. */
  readonly table: readonly ThresholdRow[]
}

/** Rows of the table beside the chosen one. */
const tableRows = 19

/**
 * The threshold that is best by a rule, for `probability >= threshold`.
 *
 * Between two neighbouring probabilities all thresholds do the same; the middle one is taken, so that rounding in another
 * engine does not move a row across it. Of equally good places the one nearest to 0.5 is chosen. Rows whose probability is
 * NaN count for nothing. Undefined when there are no rows.
 */
export function chooseThreshold(
  rule: ThresholdRule,
  probabilities: Float64Array,
  labels: Float64Array,
  weights?: Float64Array,
): ChosenThreshold | undefined {
  const order = Uint32Array.from(probabilities.keys())
    .filter((r) => !Number.isNaN(probabilities[r]))
    .sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number))
  if (order.length === 0) return undefined
  const weightOf = (r: number): number => (weights === undefined ? 1 : (weights[r] as number))
  let positives = 0
  let negatives = 0
  for (const r of order) {
    if (labels[r] === 1) positives += weightOf(r)
    else negatives += weightOf(r)
  }
  const rowAt = (threshold: number, truePositives: number, falsePositives: number): ThresholdRow => {
    const counts = {
      truePositives,
      falsePositives,
      trueNegatives: negatives - falsePositives,
      falseNegatives: positives - truePositives,
    }
    const value = measured(rule, counts)
    return { threshold, ...counts, value: Number.isNaN(value) ? null : value }
  }
  const isLess = typeof rule === 'object'
  const loss = ({ value }: ThresholdRow): number =>
    value === null ? Number.POSITIVE_INFINITY : isLess ? value : -value
  const isBetter = (a: ThresholdRow, b: ThresholdRow): boolean =>
    loss(a) === loss(b) ? Math.abs(a.threshold - 0.5) < Math.abs(b.threshold - 0.5) : loss(a) < loss(b)

  const step = order.length / (tableRows + 1)
  const table: ThresholdRow[] = []
  let tp = 0
  let fp = 0
  // Above every probability nothing is true; a threshold cannot be above 1, nor any row with probability 0 be true.
  const most = probabilities[order[0] as number] as number
  let best: ThresholdRow | undefined = most < 1 ? rowAt(between(1, most), 0, 0) : undefined
  let nextRow = step
  for (let i = 0; i < order.length; ) {
    const p = probabilities[order[i] as number] as number
    if (p <= 0) break
    for (; i < order.length && probabilities[order[i] as number] === p; i++) {
      const r = order[i] as number
      if (labels[r] === 1) tp += weightOf(r)
      else fp += weightOf(r)
    }
    const below = i < order.length ? (probabilities[order[i] as number] as number) : 0
    const row = rowAt(between(p, below), tp, fp)
    if (best === undefined || isBetter(row, best)) best = row
    if (i >= nextRow && i < order.length) {
      table.push(row)
      while (nextRow <= i) nextRow += step
    }
  }
  if (best === undefined) return undefined
  const { threshold } = best
  const rows = [...table.filter((t) => t.threshold !== threshold), best].sort((a, b) => a.threshold - b.threshold)
  return { ...best, table: rows }
}

/** A threshold strictly between 0 and 1 that has `high` at or above it and `low` below. */
function between(high: number, low: number): number {
  const middle = low + (high - low) / 2
  const inside = middle > low ? middle : high
  return Math.min(1 - Number.EPSILON, Math.max(Number.MIN_VALUE, inside))
}

type Counts = Omit<ThresholdRow, 'threshold' | 'value'>

/** NaN where the rows do not define it. */
function measured(
  rule: ThresholdRule,
  { truePositives, falsePositives, trueNegatives, falseNegatives }: Counts,
): number {
  const total = truePositives + falsePositives + trueNegatives + falseNegatives
  if (typeof rule === 'object') {
    return (rule.cost.falsePositive * falsePositives + rule.cost.falseNegative * falseNegatives) / total
  }
  switch (rule) {
    case 'accuracy':
      return (truePositives + trueNegatives) / total
    case 'f1':
      return (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives)
    case 'youden':
      return truePositives / (truePositives + falseNegatives) + trueNegatives / (trueNegatives + falsePositives) - 1
  }
}

/** How well one column orders another: AUC against a label of two values, rank correlation against one of many. */
import { auc } from '../../train/measure/auc.ts'

/** Rows each class needs before an AUC says anything. */
const fewest = 20

export interface Strength {
  readonly measure: 'AUC' | 'rank correlation'
  readonly value: number
  readonly of: 'value' | 'presence'
}

/**
 * The stronger of the two: the values among the rows that have one, and whether there is a value at all.
 *
 * Levels of a category become numbers by their mean label in one half of the rows and are judged on the other half, so that
 * a category with a level per row does not look perfect.
 */
export function strengthOf(
  column: readonly (number | string | null)[],
  isCategory: boolean,
  labels: readonly number[],
): Strength | undefined {
  const missing = column.map((v) => (v === null || Number.isNaN(v) ? 1 : 0))
  const present = labels.flatMap((_, i) => (missing[i] === 0 ? [i] : []))
  const rows = isCategory
    ? encoded(column, labels, present)
    : present.map((i) => [column[i] as number, labels[i] as number] as const)
  const measure = new Set(labels).size === 2 ? 'AUC' : 'rank correlation'
  const strength = measure === 'AUC' ? aucOf : correlationOf
  const value = strength(
    rows.map((r) => r[0]),
    rows.map((r) => r[1]),
  )
  const presence = strength(missing, labels)
  const best = Math.max(value ?? 0, presence ?? 0)
  if (value === undefined && presence === undefined) return undefined
  return { measure, value: best, of: best === value ? 'value' : 'presence' }
}

function aucOf(scores: readonly number[], labels: readonly number[]): number | undefined {
  const [low = 0, high = 0] = [...new Set(labels)].sort((a, b) => a - b)
  const classes = labels.map((y) => (y === high && high !== low ? 1 : 0))
  const ones = classes.filter((c) => c === 1).length
  if (ones < fewest || classes.length - ones < fewest || new Set(scores).size < 2) return undefined
  const area = auc(scores, classes)
  return Math.max(area, 1 - area)
}

/** Spearman's rank correlation with mid-ranks, absolute. */
function correlationOf(scores: readonly number[], labels: readonly number[]): number | undefined {
  if (scores.length < 2 * fewest) return undefined
  const [x, y] = [ranks(scores), ranks(labels)]
  const mean = (scores.length + 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - mean, (y[i] as number) - mean]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? undefined : Math.abs(xy) / Math.sqrt(xx * yy)
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number))
  const out = new Array<number>(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++
    for (let i = from; i < to; i++) out[order[i] as number] = (from + 1 + to) / 2
    from = to
  }
  return out
}

function encoded(
  column: readonly (number | string | null)[],
  labels: readonly number[],
  present: readonly number[],
): (readonly [number, number])[] {
  const sums = new Map<unknown, { n: number; sum: number }>()
  let [n, sum] = [0, 0]
  present.forEach((row, i) => {
    if (i % 2 === 1) return
    const level = sums.get(column[row]) ?? { n: 0, sum: 0 }
    level.n++
    level.sum += labels[row] as number
    sums.set(column[row], level)
    n++
    sum += labels[row] as number
  })
  return present.flatMap((row, i) => {
    if (i % 2 === 0) return []
    const level = sums.get(column[row])
    return [[level ? level.sum / level.n : sum / n, labels[row] as number] as const]
  })
}

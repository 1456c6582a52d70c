/** Probabilities of several classes from their scores. */
import { type Expr, expr } from '../ir/expression.ts'
import type { Projection } from '../ir/relation.ts'

/** Where a class is so far behind that its share is 0: exp raises below −745, and products of shares with it. */
const behind = -700

/** Name of the column with the largest score; NULL where a score is NULL, NaN or infinite. */
export const topColumn = '_top'
const shareColumn = (i: number): string => `_share_${i + 1}`

const stage = (name: string): Expr => expr.column('s', name)

/**
 * The largest score. `greatest` passes over NULL, which would make a missing score certainty: the sum of all says first
 * that there is none. Scores are at most 1e300 (`compile/range`), so the sum does not overflow.
 */
export function topScore(scores: readonly string[]): Projection {
  const all = expr.call('abs', [expr.sum(scores.map(stage))])
  const isComplete = expr.compare('<', all, expr.float(Number.POSITIVE_INFINITY))
  const top = expr.call('greatest', scores.map(stage))
  return { name: topColumn, expr: expr.case([{ when: isComplete, value: top }], expr.literal('float8', null)) }
}

/** e^(score − top) for each class; 0 from 700 below the top, where exp would raise. */
export const shares = (scores: readonly string[]): readonly Projection[] =>
  scores.map((name, i) => {
    const distance = expr.sum([stage(name), expr.negate(stage(topColumn))])
    const isNear = expr.compare('>=', distance, expr.float(behind))
    const isFar = expr.compare('<', distance, expr.float(behind))
    const share = expr.case(
      [
        { when: isNear, value: expr.call('exp', [distance]) },
        { when: isFar, value: expr.float(0) },
      ],
      expr.literal('float8', null),
    )
    return { name: shareColumn(i), expr: share }
  })

/** The column with the sum of the shares, at least 1. */
const totalColumn = '_shares'
export const totalOfShares = (count: number): Projection => ({
  name: totalColumn,
  expr: expr.sum(Array.from({ length: count }, (_, i) => stage(shareColumn(i)))),
})

export const probabilityOf = (i: number): Expr => expr.divide(stage(shareColumn(i)), stage(totalColumn))

/**
 * The features that contribute most to a row, as columns `reason_1`, `reason_2`, … : plain expressions, so that a row stays a
 * row and ties are decided by the order of the inputs, on every engine.
 */
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection } from '../ir/relation.ts'
import { partColumn, partColumns } from './contributions.ts'
import type { PlannedOutputs } from './planned-outputs.ts'
import { partNames } from './predictors.ts'
import { scoreColumns } from './score-columns.ts'

const stage = (name: string): Expr => expr.column('s', name)
const strengthColumn = (input: number): string => `_strength_${input + 1}`
const mostColumn = (rank: number): string => `_most_${rank}`
/** Number of the input that has the rank, from 1. */
const rankColumn = (rank: number): string => `_rank_${rank}`

export type ReasonsBy = 'raising' | 'lowering' | 'size'

const strengths: Readonly<Record<ReasonsBy, (part: Expr) => Expr>> = {
  raising: (part) => part,
  lowering: (part) => expr.negate(part),
  size: (part) => expr.call('abs', [part]),
}

const what: Readonly<Record<ReasonsBy, string>> = {
  raising: 'raises the linear predictor',
  lowering: 'lowers the linear predictor',
  size: 'moves the linear predictor',
}

/**
 * The first `count` features by what they contribute. One that does not contribute in the direction asked for is no reason:
 * NULL follows when there are fewer, and where the score is NULL.
 */
export function reasons(record: ModelRecord, count: number, by: ReasonsBy): PlannedOutputs {
  const features = partNames(record)
  const strength = features.map((_, i) => ({ name: strengthColumn(i), expr: strengths[by](stage(partColumn(0, i))) }))
  const ranks = Array.from({ length: count }, (_, r) => rankColumns(features.length, r + 1)).flat()
  const score = stage(scoreColumns(record)[0] ?? '')
  return {
    columns: [...partColumns(record), ...strength, ...ranks],
    outputs: Array.from({ length: count }, (_, r) => ({
      name: `reason_${r + 1}`,
      type: 'text',
      description: `the feature that ${what[by]} ${r === 0 ? 'most' : `next, ${r + 1} in rank`}, from the mean training row`,
      expr: expr.case(
        [
          { when: expr.isNull(score), value: expr.literal('text', null) },
          ...features.map((feature, i) => ({
            when: expr.compare('=', stage(rankColumn(r + 1)), expr.float(i + 1)),
            value: expr.text(feature),
          })),
        ],
        expr.literal('text', null),
      ),
      ofInputs: true,
    })),
  }
}

/** The largest strength after the rank before, and the first input that has it. */
function rankColumns(inputs: number, rank: number): Projection[] {
  const nothing = expr.literal('float8', null)
  const isLeft = (i: number): Expr[] => {
    const own = stage(strengthColumn(i))
    if (rank === 1) return [expr.compare('>', own, expr.float(0))]
    const before = stage(mostColumn(rank - 1))
    const isLess = expr.compare('<', own, before)
    const isLater = expr.compare('<', stage(rankColumn(rank - 1)), expr.float(i + 1))
    const isEqual = expr.compare('=', own, before)
    return [expr.compare('>', own, expr.float(0)), expr.or([isLess, expr.and([isEqual, isLater])])]
  }
  const all = Array.from({ length: inputs }, (_, i) => i)
  const left = all.map((i) => expr.case([{ when: and(isLeft(i)), value: stage(strengthColumn(i)) }], nothing))
  const found = all.map((i) => ({
    when: and([expr.compare('=', stage(strengthColumn(i)), stage(mostColumn(rank))), ...isLeft(i)]),
    value: expr.float(i + 1),
  }))
  return [
    { name: mostColumn(rank), expr: expr.call('greatest', left) },
    { name: rankColumn(rank), expr: expr.case(found, nothing) },
  ]
}

const and = (terms: readonly Expr[]): Expr => (terms.length === 1 ? (terms[0] as Expr) : expr.and(terms))

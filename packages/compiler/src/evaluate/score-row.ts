/** Scores one row without a database: what the prediction query has to give for it. */
import type { Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { scorePlan } from '../model/score-plan.ts'
import { treeWalker } from '../model/trees/walk.ts'
import { evaluate, type Row } from './evaluate.ts'

export interface ScoredRow {
  /** A linear predictor per score. */
  readonly scores: readonly (number | null)[]
  /** By name of the output column. */
  readonly outputs: Readonly<Record<string, Literal>>
}

export interface RowScorer {
  /** Scores and outputs of a row of features. Errors: {@link ArithmeticError} where the database would raise one. */
  readonly score: (row: Row) => ScoredRow
  /** The outputs that given scores have; `row` matters to those made of more than the scores. */
  readonly outputsOf: (scores: readonly (number | null)[], row: Row) => ScoredRow['outputs']
}

/** Prepares the scoring of rows with a record; the expressions are made once. */
export function rowScorer(record: ModelRecord): RowScorer {
  const plan = scorePlan(record, { joined: false })
  const walk = record.trees === undefined ? undefined : treeWalker(record.trees)
  const scored = (features: Row, scores?: readonly (number | null)[]): ScoredRow => {
    const given = new Map(scores?.map((score, i) => [plan.scores[i] ?? '', score]))
    let row: Row = features
    const computed: Record<string, Literal> = {}
    for (const { columns } of plan.stages) {
      for (const { name, expr } of columns) {
        const score = given.get(name)
        computed[name] = score === undefined ? evaluate(expr, { row }) : score
      }
      row = { ...computed }
    }
    return {
      scores: plan.scores.map((name) => computed[name] as number | null),
      outputs: Object.fromEntries(plan.outputs.map((o) => [o.name, evaluate(o.expr, { row })])),
    }
  }
  return {
    score: (row) => (walk === undefined ? scored(row) : scored(row, walk(row))),
    outputsOf: (scores, row) => scored(row, scores).outputs,
  }
}

/** Scores one row without a database: what the prediction query has to give for it. */
import { expr, type Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { linearPredictors, outputs, scoreColumns } from '../model/scoring.ts'
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
  /** The outputs that given scores have. */
  readonly outputsOf: (scores: readonly (number | null)[]) => ScoredRow['outputs']
}

/** Prepares the scoring of rows with a record; the expressions are made once. */
export function rowScorer(record: ModelRecord): RowScorer {
  const predict = record.trees === undefined ? linearScorer(record) : treeWalker(record.trees)
  const names = scoreColumns(record)
  const out = outputs(
    record,
    names.map((name) => expr.column('s', name)),
  )
  const outputsOf = (scores: readonly (number | null)[]): ScoredRow['outputs'] => {
    const row = Object.fromEntries(names.map((name, i) => [name, scores[i] ?? null]))
    return Object.fromEntries(out.map((o) => [o.name, evaluate(o.expr, { row })]))
  }
  return {
    outputsOf,
    score: (row) => {
      const scores = predict(row)
      return { scores, outputs: outputsOf(scores) }
    },
  }
}

function linearScorer(record: ModelRecord): (row: Row) => (number | null)[] {
  const predictors = linearPredictors(record, 'f')
  return (row) => predictors.map((p) => evaluate(p, { row }) as number | null)
}

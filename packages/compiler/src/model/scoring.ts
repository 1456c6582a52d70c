/** A model record as expressions over the feature stage. */
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { type Predictor, predictorsOf } from './predictors.ts'
import { treeScores } from './trees/tree-scores.ts'

/** From this many guarded inputs on, rows without missing values take a sum without guards. */
const manyInputs = 8

/** The linear predictors over columns of `alias` (for trees: over those that `preparedSource` makes of them), in the order of `scoreColumns`. */
export const linearPredictors = (record: ModelRecord, alias: string): readonly Expr[] =>
  record.trees === undefined ? predictorsOf(record, alias).map(predictorSum) : treeScores(record, record.trees, alias)

/** What is added to the parts of a predictor: the intercept and the constants of its encoders. */
export const constantOf = ({ intercept, parts }: Predictor): number =>
  parts.reduce((sum, p) => sum + p.constant, intercept)

/**
 * One sum, constants gathered into its first term.
 *
 * Tests for NULL cost as much as a sum of integers itself. With many inputs of types without NaN and infinity the bare sum is
 * computed first; it is NULL exactly when some input is, and only then the guarded one runs: `coalesce(bare, guarded)`.
 * Both add in the same order, so no row changes by a bit.
 */
export function predictorSum(predictor: Predictor): Expr {
  const { parts } = predictor
  const constant = expr.float(constantOf(predictor))
  if (parts.length === 0) return constant
  const guarded = expr.sum([constant, ...parts.map((p) => p.expr)])
  if (parts.filter((p) => p.plain).length < manyInputs) return guarded
  return expr.call('coalesce', [expr.sum([constant, ...parts.map((p) => p.plain ?? p.expr)]), guarded])
}

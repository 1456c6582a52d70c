/** The rows of the training query with what a model says of each, for measuring it. */
import { type BoundDataset, bindDataset, type Facts } from '../analyse/bind.ts'
import { diagnostic, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { passesOf } from '../ir/compile-options.ts'
import type { ModelDef } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Opaque, Projection, Select } from '../ir/relation.ts'
import { crossed } from '../rewrite/feature-boundary.ts'
import { scoredRelation } from './scored-relation.ts'
import { type TrainingQueryOptions, trainingQuery } from './training-query.ts'

export interface EvaluationQuery {
  /** Columns: `columns`, then the scores and the outputs of the model. */
  readonly sql: string
  /** The label, the inputs, the columns asked for and, where the dataset has them, `_weight`, `_split` and `_censored`. */
  readonly columns: readonly string[]
}

/**
 * Compiles the training query with the model scored over its rows, each at its own instant.
 *
 * `also` are further columns of the dataset to carry along. Errors: those of {@link trainingQuery}; `model/stale` for
 * an input the dataset lost; `view/unknown-column` for one of `also` that it does not have.
 *
 * ```sql
 * WITH _score AS (SELECT f.late15, f.distance, f._split, 0.1::float8 + … AS _linear FROM (SELECT … FROM (…) AS t) AS f OFFSET 0)
 * SELECT s.late15, s.distance, s._split, s._linear, CASE … END AS probability FROM _score AS s
 * ```
 */
export function evaluationQuery(
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  also: readonly string[] = [],
  options: TrainingQueryOptions = {},
): EvaluationQuery {
  const bound = bindDataset(model.dataset, facts).value
  const training = trainingQuery(model.dataset, facts, { ...options, passes: { ...options.passes, format: false } })
  const known = new Set(training.columns.map((c) => c.name))
  const view = `dataset "${model.dataset.name}"`
  throwIfErrors([
    ...record.inputs
      .filter((i) => !known.has(i.feature))
      .map((i) => diagnostic('model/stale', { model: model.name, input: i.feature })),
    ...also
      .filter((column) => !known.has(column))
      .map((column) => diagnostic('view/unknown-column', { view, column, ...nearParameter(column, known) })),
  ])
  const marks = ['_weight', '_split', '_censored'].filter((name) => known.has(name))
  const inputs = record.inputs.map((i) => i.feature)
  const columns = [...new Set([record.label, ...inputs, ...also, ...marks])].filter((name) => known.has(name))
  const text: Opaque = {
    kind: 'opaque',
    text: training.sql,
    origin: { kind: 'generated' },
    view,
    targets: {},
  }
  const rows: Select = {
    kind: 'select',
    from: { relation: text, alias: 't' },
    joins: [],
    columns: columns.map((name) => asFeature(bound, name)),
    distinct: false,
    fence: false,
  }
  const statement = scoredRelation(record, rows, columns, { ...options, withScores: true })
  const sql = layout(printStatement(statement, dialectOf(options)), passesOf(options).format)
  return { sql, columns }
}

/** Columns of the sample itself have not crossed the boundary that features have. */
function asFeature(bound: BoundDataset, name: string): Projection {
  const column = expr.column('t', name)
  const own = bound.extras.find((c) => c.name === name)
  return { name, expr: own === undefined ? column : crossed(column, own.type) }
}

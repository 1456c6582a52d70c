/** How a query will be computed, and why so. Nothing is run but catalog queries and, when asked, EXPLAIN. */
import {
  type CompiledQuery,
  predictionQuery as compilePredictionQuery,
  trainingQuery as compileTrainingQuery,
  type Definition,
  type Diagnostic,
  explainView,
  type Facts,
  type FeatureView,
  fail,
  findRelation,
  isFeatureView,
  type ModelRecord,
  type QueryPlan,
  showQuery,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { describeAll, prepareDataset } from '../project/facts.ts'
import { readDefinitionFiles } from '../project/read-files.ts'
import { type BranchCheck, checkBranches, type PlanNode } from './plan-branches.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

export interface ExplainOptions extends PredictOptions {
  /** The trained version of a model; without it the training query of its dataset is explained. */
  readonly record?: ModelRecord
  /** Also ask the server for its plan; the query is not run. Default false. */
  readonly plan?: boolean
}

export interface ExplainReport extends Partial<Pick<QueryPlan, 'stages' | 'model'>> {
  readonly name: string
  readonly query: 'training' | 'prediction' | 'view'
  readonly views: QueryPlan['views']
  /** Size of the whole text; absent for a view alone. */
  readonly bytes?: number
  readonly warnings: readonly Diagnostic[]
  /** What the server's planner says. */
  readonly plan?: {
    /** False when a LATERAL would not be an index scan. */
    readonly ok: boolean
    readonly cost: number
    readonly rows: number
    readonly branches: readonly BranchCheck[]
  }
}

/**
 * Explains a dataset (its training query), a model (its prediction query) or a feature view: for each view the form it is
 * computed in, why, the index that would help, who asks it, and how there is one row per question.
 *
 * Errors: those of {@link trainingQuery}; `form/no-index`, `form/unsupported`, `form/unknown-view`; for the plan of a view
 * alone `compile/no-anchor`.
 *
 * @example
 * ```ts
 * const { views } = await explain(db, departures)
 * for (const v of views) console.log(v.view, v.form, v.reason, v.createIndex ?? '')
 * ```
 */
export async function explain(
  db: Database,
  definition: Definition,
  options: ExplainOptions = {},
): Promise<ExplainReport> {
  const { name } = definition
  if (isFeatureView(definition)) {
    const view = (await readDefinitionFiles(definition, options.directory ?? '.')) as FeatureView
    const { facts, warnings } = await describeAll(db, [view])
    const report: ExplainReport = { name, query: 'view', views: explainView(view, facts, options), warnings }
    if (!options.plan) return report
    return { ...report, plan: await planned(db, showQuery(view, facts, options.at), report.views, facts) }
  }
  if (definition.kind !== 'model' && definition.kind !== 'dataset') {
    return fail('project/wrong-kind', { name, kind: definition.kind, expected: 'feature view, dataset or model' })
  }
  const declared = definition.kind === 'model' ? definition.dataset : definition
  const { dataset, facts, warnings: all, warningsOf } = await prepareDataset(db, declared, options.directory)
  const { record } = options
  const trained = definition.kind === 'model' && record !== undefined
  // A prediction does not ask the target, and training has told of it.
  const warnings = trained ? warningsOf(dataset.features.map((use) => use.view)) : all
  const query: CompiledQuery = trained
    ? compilePredictionQuery({ ...definition, dataset }, record, facts, predictionOptions(options))
    : compileTrainingQuery(dataset, facts, options)
  return {
    name,
    query: trained ? 'prediction' : 'training',
    ...query.plan,
    bytes: new TextEncoder().encode(query.sql).length,
    warnings: [...warnings, ...query.warnings],
    ...(options.plan ? { plan: await planned(db, query.sql, query.plan.views, facts) } : {}),
  }
}

async function planned(db: Database, sql: string, views: QueryPlan['views'], facts: Facts) {
  const { rows } = await db.query(`EXPLAIN (FORMAT JSON) ${sql}`)
  const given = rows[0]?.[0]
  const [root] = (typeof given === 'string' ? JSON.parse(given) : given) as { readonly Plan: PlanNode }[]
  const plan: PlanNode = root?.Plan ?? { 'Node Type': 'Result' }
  const rowsOf = (schema: string, relation: string) => findRelation(facts.catalog, relation, schema)?.estimatedRows
  const branches = checkBranches(plan, views, rowsOf)
  const { 'Total Cost': cost = 0, 'Plan Rows': estimated = 0 } = plan
  return { ok: branches.every((b) => b.ok), cost, rows: estimated, branches }
}

/** The prediction query with everything that a log of it keeps. */
import {
  type BoundDataset,
  besideKeys,
  bindDataset,
  boundaryType,
  type Column,
  type CompiledQuery,
  predictionQuery as compilePredictionQuery,
  type Diagnostic,
  type Facts,
  type FeatureView,
  findRelation,
  type ModelDef,
  type ModelRecord,
  outputs,
  queryParts,
  questionColumns,
  type RelationName,
  withOutputs,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { rowsNamingFailedView } from '../project/failed-view.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningPrediction } from '../project/running-query.ts'
import { sha256 } from '../store/datasets/sha256.ts'
import { type InputPolicy, keptInputs, type LogShape } from '../store/predictions/log-shape.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

export interface LoggedPrediction {
  /** The prediction query, with the questions and the inputs that are kept. */
  readonly sql: string
  readonly columns: readonly Column[]
  /** The prediction query as it is without a log. */
  readonly plain: Pick<CompiledQuery, 'sql' | 'columns'>
  /** Streams the rows of `sql`; each follows `columns`. Errors: `view/failed`, `engine/interrupted`. */
  readonly rows: (signal?: AbortSignal) => AsyncIterable<readonly (readonly Value[])[]>
  readonly shape: LogShape
  /** Feature view → hash of what it is made of. */
  readonly views: Readonly<Record<string, string>>
  readonly warnings: readonly Diagnostic[]
}

/**
 * Compiles the prediction query so that its rows can be logged: with what each question brought, the inputs that `policy`
 * keeps, and the shape of it all. A server that answers with another form of the query takes the shape alone.
 *
 * Errors: those of {@link predictionQuery}; `define/option` for a policy that names no input.
 *
 * @example
 * ```ts
 * const { sql, shape, views } = await loggedPrediction(db, model, record, { at }, { inputs: 'all', redact: ['country'] })
 * const log = await openPredictionLog(store, { model: model.name, version: record.version, shape, views })
 * await logPredictions(store, log, { query: sql, at })
 * ```
 */
export async function loggedPrediction(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions = {},
  policy: InputPolicy = {},
): Promise<LoggedPrediction> {
  const prepared = await prepareModel(db, model, options.directory)
  const bound = bindDataset(prepared.model.dataset, prepared.facts).value
  const shape = logShape(bound, withOutputs(record, options.outputs), policy)
  const wanted = predictionOptions(options)
  const query = compilePredictionQuery(prepared.model, record, prepared.facts, {
    ...wanted,
    withQuestions: true,
    withFeatures: shape.inputs.some((i) => i.kept !== 'absent'),
  })
  const plain = compilePredictionQuery(prepared.model, record, prepared.facts, wanted)
  return {
    sql: query.sql,
    columns: query.columns,
    plain,
    rows: (signal) =>
      rowsNamingFailedView(
        db,
        runningPrediction(prepared, record, wanted.spine, signal),
        db.stream(query.sql, signal ? { signal } : {}),
      ),
    shape,
    views: viewDigests(bound, prepared.facts),
    warnings: [...prepared.warnings, ...query.warnings],
  }
}

function logShape(bound: BoundDataset, record: ModelRecord, policy: InputPolicy): LogShape {
  const wanted = new Set(record.inputs.map((i) => i.feature))
  const typeOf = new Map(bound.sampleColumns.map((c) => [c.name, c.type]))
  const features = new Map([...bound.extras, ...bound.features].map((c) => [c.name, boundaryType(c)]))
  const inputs = record.inputs.map(({ feature, type }) => ({
    name: feature,
    type: features.get(feature) ?? boundaryType({ type }),
  }))
  return {
    keys: bound.dataset.sample.entity.keys.map(({ name, type }) => ({ name, type: typeOf.get(name) ?? type })),
    questions: besideKeys(bound, questionColumns(bound, wanted)).map(({ name, type }) => ({ name, type })),
    inputs: keptInputs(inputs, policy, `the log of model "${record.name}"`),
    outputs: outputs(record).map(({ name, type }) => ({ name, type })),
    hasAsOf: bound.hasAsOf,
  }
}

/** Feature view → hash of what its values are made of: its declaration, and the views of the database it reads. */
export function viewDigests(bound: BoundDataset, facts: Facts): Readonly<Record<string, string>> {
  const reads = new Map(queryParts(bound, facts, { spine: { kind: 'sample' } }).map((p) => [p.view, p.reads]))
  return Object.fromEntries(
    bound.uses.map(({ use: { view } }) => {
      const below = (reads.get(`view "${view.name}"`) ?? []).map((r) => {
        const dot = r.relation.indexOf('.')
        return [r.relation, definitionOf({ schema: r.relation.slice(0, dot), name: r.relation.slice(dot + 1) }, facts)]
      })
      const query = view.kind === 'aggregates' ? view.spec.source : view.query
      const own = query.kind === 'relation' ? definitionOf(query.relation, facts) : undefined
      return [view.name, sha256(JSON.stringify([meaningOf(view), own ?? null, below]))]
    }),
  )
}

const definitionOf = ({ schema, name }: RelationName, { catalog }: Facts): string | undefined =>
  findRelation(catalog, name, schema)?.definition

/** What decides values; what is said about them does not. */
function meaningOf(view: FeatureView): unknown {
  const { entity, features, description, owners, tags, updateFrequency, sla, ...rest } = view
  const fills = Object.entries(features).map(([name, meta]) => [name, meta.fill])
  return { ...rest, keys: entity.keys, fills: fills.sort() }
}

/** Several models over the same questions, in one statement. */
import {
  type ComparisonQuery,
  comparisonQuery as compileComparisonQuery,
  type Diagnostic,
  type Facts,
  fail,
  type ModelDef,
  type ModelRecord,
  type OutputChoice,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { RunningQuery } from '../project/failed-view.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningPrediction } from '../project/running-query.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

/** A version of a model. */
export interface Scored {
  readonly model: ModelDef
  readonly record: ModelRecord
  /** Output columns instead of those the record has. */
  readonly outputs?: readonly OutputChoice[]
}

export interface CompareOptions extends Omit<PredictOptions, 'outputs' | 'withFeatures'> {
  /** Also return the label, weight and part of each row of the sample. Default false. */
  readonly withLabel?: boolean
}

/**
 * Compiles one query that scores a champion and its challengers for the same questions: each view is read once, and every
 * value is that of the version's own prediction query. Nothing is run but catalog queries.
 *
 * The columns of a challenger start with its key: `next_probability`.
 *
 * Errors: those of `predictionQuery` for each of them; `compile/challenger` for one that cannot be asked what the champion is.
 *
 * @example
 * ```ts
 * const { sql } = await comparisonQuery(db, { model, record: v3 }, { next: { model, record: v4 } })
 * ```
 * ```sql
 * WITH …, _score AS (…), _score_next AS (… FROM _score …) SELECT origin, as_of, … AS probability, … AS next_probability FROM _score_next
 * ```
 */
export async function comparisonQuery(
  db: Database,
  champion: Scored,
  challengers: Readonly<Record<string, Scored>>,
  options: CompareOptions = {},
): Promise<ComparisonQuery> {
  return (await preparedComparison(db, champion, challengers, options)).query
}

/** The query, and what to ask when it fails. */
export async function preparedComparison(
  db: Database,
  champion: Scored,
  challengers: Readonly<Record<string, Scored>>,
  options: CompareOptions & { readonly signal?: AbortSignal },
): Promise<{ readonly query: ComparisonQuery; readonly running: RunningQuery }> {
  const labels = Object.keys(challengers)
  const prepared = await prepareTogether(db, [champion, ...Object.values(challengers)], options.directory)
  const { facts, warnings } = prepared
  const [first, ...others] = prepared.all
  if (first === undefined) throw new RangeError('There is no champion')
  const { withLabel = false, ...wanted } = options
  const query = compileComparisonQuery(
    first,
    others.map((other, i) => ({ ...other, label: labels[i] ?? '' })),
    facts,
    { ...predictionOptions(wanted), withLabel },
  )
  const { spine } = predictionOptions(wanted)
  const each = prepared.all.map((one) =>
    runningPrediction({ model: one.model, facts }, one.record, spine, options.signal),
  )
  const running: RunningQuery = {
    query: `model "${champion.model.name}" and its challengers`,
    parts: () => each.flatMap((one) => one.parts()),
    definitions: [...new Set(each.flatMap((one) => one.definitions))],
    signal: options.signal,
  }
  return { query: { ...query, warnings: [...warnings, ...query.warnings] }, running }
}

async function prepareTogether(
  db: Database,
  all: readonly Scored[],
  directory: string | undefined,
): Promise<{ readonly all: readonly Scored[]; readonly facts: Facts; readonly warnings: readonly Diagnostic[] }> {
  const byModel = new Map<ModelDef, Awaited<ReturnType<typeof prepareModel>>>()
  for (const { model } of all) if (!byModel.has(model)) byModel.set(model, await prepareModel(db, model, directory))
  const [first] = [...byModel.values()]
  if (first === undefined) throw new RangeError('There is no champion')
  for (const { model } of byModel.values()) {
    if ((model.dataset.materialised ?? 'inline') === (first.model.dataset.materialised ?? 'inline')) continue
    const reason = 'only one of both datasets reads materialised views as they are stored'
    fail('compile/challenger', { challenger: model.name, champion: first.model.name, reason })
  }
  const found = [...byModel.values()].map((p) => p.facts)
  const facts: Facts = {
    catalog: first.facts.catalog,
    columns: (d) => found.map((f) => f.columns(d)).find((columns) => columns.length > 0) ?? [],
  }
  const warnings = [...byModel.values()].flatMap((p) => p.warnings)
  return {
    all: all.map((one) => ({ ...one, model: byModel.get(one.model)?.model ?? one.model })),
    facts,
    warnings: [...new Map(warnings.map((w) => [JSON.stringify(w), w])).values()],
  }
}

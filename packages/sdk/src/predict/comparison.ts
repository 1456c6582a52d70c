/** Several models over the same questions, in one statement. */
import { type ComparisonQuery, comparisonQuery as compileComparisonQuery, type SpineBinding } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { RunningQuery } from '../project/failed-view.ts'
import { runningPrediction } from '../project/running-query.ts'
import { preparedTogether, type Scored } from './prepared-together.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

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
  const prepared = await preparedTogether(db, [champion, ...Object.values(challengers)], options.directory)
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
  const running = runningTogether(champion.model.name, prepared, spine, options.signal)
  return { query: { ...query, warnings: [...warnings, ...query.warnings] }, running }
}

/** What to ask when a query of several versions fails. */
export function runningTogether(
  champion: string,
  { all, facts }: Awaited<ReturnType<typeof preparedTogether>>,
  spine: SpineBinding,
  signal?: AbortSignal,
): RunningQuery {
  const each = all.map(({ model, record }) => runningPrediction({ model, facts }, record, spine, signal))
  return {
    query: `model "${champion}" and its challengers`,
    parts: () => each.flatMap((one) => one.parts()),
    definitions: [...new Set(each.flatMap((one) => one.definitions))],
    signal,
  }
}

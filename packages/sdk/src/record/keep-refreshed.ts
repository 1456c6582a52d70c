/** What a refresh wrote into a table, kept in the prediction log as well. */
import { fail, InternalError, type ModelDef, type OutputChoice, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { assetName, quoted } from '../deploy/object-name.ts'
import type { Refreshed } from '../deploy/refresh.ts'
import { liveDeployment } from '../deploy/state.ts'
import { tableSpec } from '../deploy/table-change.ts'
import { versionColumn } from '../deploy/table-query.ts'
import { loggedPrediction } from '../predict/logged-prediction.ts'
import { logPredictions } from '../store/predictions/log-predictions.ts'
import { openPredictionLog } from '../store/predictions/open-log.ts'
import { modelVersion } from '../store/registry/model-versions.ts'
import type { Store } from '../store/store.ts'

export interface KeepRefreshed {
  /** Declaration of a model by its name: it says by which questions the predictions are asked. */
  readonly model: (name: string) => ModelDef
  /** What relative `.sql` paths of the definitions are relative to. */
  readonly directory?: string
}

/**
 * Logs the rows of a refresh, to be called in its transaction; returns how many are new to the log. No row leaves the database.
 *
 * The log is told nothing of how the views are defined: the query is that of the version that is live, and the declarations
 * may be others by now.
 *
 * Errors: `define/option` where the table does not hold what a logged prediction needs; those of `loggedPrediction`.
 */
export async function keepRefreshed(
  store: Store,
  { object, model, version, at }: Refreshed,
  { model: declared, directory }: KeepRefreshed,
  run: string,
): Promise<number> {
  const live = await liveDeployment(store, object)
  const spec = live && tableSpec(live)
  if (!live || !spec) throw new InternalError('A table was refreshed that is none')
  const refuse = (detail: string, hint: string): never =>
    fail('define/option', { option: 'keep', what: `the refresh of ${assetName(object)}`, detail, hint })
  // A key that vanished keeps its row, which by then nobody predicted.
  if (!spec.hasAsOf && spec.refresh === 'upsert')
    refuse('cannot tell new rows from old ones: its dataset has no as_of', "Declare it with refresh: 'full'.")
  const { record } = await modelVersion(store, model, version)
  const outputs = live.spec['outputs'] as readonly OutputChoice[] | null
  const { shape } = await loggedPrediction(store.db, declared(model), record, {
    spine: 'sample',
    ...(outputs === null ? {} : { outputs }),
    ...(directory === undefined ? {} : { directory }),
  })
  if (shape.questions.length > 0) {
    const missing = shape.questions.map((c) => c.name).join(', ')
    refuse(`needs ${missing}, which the table does not have`, 'Keep predictions with: viewcast predictions log.')
  }
  const log = await openPredictionLog(store, { model, version, shape, deployment: assetName(object), run })
  const columns = [...spec.entity, ...(spec.hasAsOf ? ['as_of'] : []), ...shape.outputs.map((o) => o.name)]
  const ofRefresh = [`${versionColumn} = ${version}`, ...(at === null ? [] : [`as_of = ${quoteText(at)}::timestamptz`])]
  const { logged } = await logPredictions(store, log, {
    query: `SELECT ${columns.map(quoteIdentifier).join(', ')} FROM ${quoted(object)} WHERE ${ofRefresh.join(' AND ')}`,
    ...(at === null ? {} : { at }),
  })
  return logged
}

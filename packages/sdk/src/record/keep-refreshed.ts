/** What a refresh wrote into a table, kept in the prediction log as well. */
import { fail, InternalError, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { assetName, type ObjectName, quoted } from '../deploy/object-name.ts'
import { type Refreshed, widened } from '../deploy/refresh.ts'
import { tableSpec } from '../deploy/table-change.ts'
import { queryAt, versionColumn } from '../deploy/table-query.ts'
import { logPredictions } from '../store/predictions/log-predictions.ts'
import type { InputPolicy } from '../store/predictions/log-shape.ts'
import { openPredictionLog } from '../store/predictions/open-log.ts'
import type { Store } from '../store/store.ts'
import { type AsDeclared, deployedPrediction } from './deployed-prediction.ts'

/** Which inputs are kept beside the predictions, by the options of {@link InputPolicy}; default none. */
export interface KeepRefreshed extends AsDeclared, InputPolicy {}

const keepsInputs = ({ inputs = 'none' }: InputPolicy): boolean => inputs !== 'none' && inputs.length > 0

const refusal =
  (object: ObjectName) =>
  (detail: string, hint: string): never =>
    fail('define/option', { option: 'keep', what: `the refresh of ${assetName(object)}`, detail, hint })

/**
 * The query of a refresh with the inputs it computes its predictions from, where they are to be kept; undefined where not.
 *
 * Errors: `define/option` where the declarations are not those of the version that is live, or it is one of several models.
 */
export function withInputs(object: ObjectName, keep: KeepRefreshed) {
  if (!keepsInputs(keep)) return undefined
  return async (store: Store, at: string | null): Promise<string> => {
    const { live, logged } = await deployedPrediction(store, object, keep, { at, policy: keep })
    const spec = tableSpec(live)
    if (spec !== undefined && logged.plain.sql === queryAt(spec, at)) return logged.sql
    return refusal(object)(
      'can keep inputs of the query that is live, and the declarations give another one: they are others by now, or it scores challengers, too',
      'Deploy them first with: viewcast apply. Or keep the predictions without inputs.',
    )
  }
}

/**
 * Logs the rows of a refresh, to be called in its transaction; returns how many are new to the log. No row leaves the database.
 *
 * The log is told how the views are defined where the declarations are those of the version that is live; they may be others
 * by now.
 *
 * Errors: `define/option` where the table does not hold what a logged prediction needs; those of `loggedPrediction`.
 */
export async function keepRefreshed(
  store: Store,
  { object, model, version, at }: Refreshed,
  keep: KeepRefreshed,
  run: string,
): Promise<number> {
  // By the sample's questions: what each brings is known then, whether or not the table has it.
  const { live, logged } = await deployedPrediction(store, object, keep, { at: null, policy: keep, spine: 'sample' })
  const { shape, views } = logged
  const spec = tableSpec(live)
  if (!spec) throw new InternalError('A table was refreshed that is none')
  const refuse = refusal(object)
  // A key that vanished keeps its row, which by then nobody predicted.
  if (!spec.hasAsOf && spec.refresh === 'upsert')
    refuse('cannot tell new rows from old ones: its dataset has no as_of', "Declare it with refresh: 'full'.")
  if (shape.questions.length > 0) {
    const missing = shape.questions.map((c) => c.name).join(', ')
    refuse(`needs ${missing}, which the table does not have`, 'Keep predictions with: viewcast predictions log.')
  }
  const isWide = keepsInputs(keep)
  const log = await openPredictionLog(store, {
    model,
    version,
    shape,
    deployment: assetName(object),
    run,
    ...(isWide ? { views } : {}),
    ...(keep.hashKey === undefined ? {} : { hashKey: keep.hashKey }),
  })
  const inputs = shape.inputs.filter((i) => i.kept !== 'absent').map((i) => i.name)
  const columns = [...spec.entity, ...(spec.hasAsOf ? ['as_of'] : []), ...shape.outputs.map((o) => o.name)]
  const own = columns.map((c) => `t.${quoteIdentifier(c)}`)
  const more = isWide ? inputs.filter((i) => !columns.includes(i)).map((i) => `w.${quoteIdentifier(i)}`) : []
  const same = spec.entity.map((c) => `w.${quoteIdentifier(c)} = t.${quoteIdentifier(c)}`).join(' AND ')
  const joined = isWide ? ` JOIN ${widened} AS w ON ${same}` : ''
  const ofRefresh = [
    `t.${versionColumn} = ${version}`,
    ...(at === null ? [] : [`t.as_of = ${quoteText(at)}::timestamptz`]),
  ]
  const done = await logPredictions(store, log, {
    query: `SELECT ${[...own, ...more].join(', ')} FROM ${quoted(object)} AS t${joined} WHERE ${ofRefresh.join(' AND ')}`,
    ...(at === null ? {} : { at }),
  })
  // A series may go on in the same transaction.
  if (isWide) await store.db.execute(`DROP TABLE ${widened}`)
  return done.logged
}

/** What a planned change means, beside the statements that make it. */
import {
  isViewcastError,
  type ModelRecord,
  predictionObject,
  predictionQuery,
  type QueryPlan,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { DeploymentDef } from '../../define/deployment.ts'
import { predictionOptions } from '../../predict/queries.ts'
import { featureDefinitions } from '../../project/feature-definitions.ts'
import { prepareModel } from '../../project/prepare-model.ts'
import type { Store } from '../../store/store.ts'
import { deploymentHistory } from '../deployment-history.ts'
import type { DryRun } from '../dry-run.ts'
import type { Insight, PlannedChange } from '../plan-data.ts'
import type { Present } from '../present.ts'
import type { LiveDeployment } from '../state.ts'
import { affectedModels } from './affected.ts'
import { coefficientMoves } from './coefficient-moves.ts'
import { costOf } from './cost.ts'
import { missingIndexes, readByEachCall } from './missing-indexes.ts'
import { movementOf } from './movement.ts'
import { accessOf } from './privileges.ts'
import { deployedVersion, versionChange } from './version-change.ts'

export interface InsightOptions {
  /** Keys whose predictions are compared, at most; 10,000 by default, and 0 for none. `all` costs as much as both queries do. */
  readonly sample?: number | 'all'
  /** Gives the key that moved furthest, too, which is a row's value. Default false. */
  readonly showKeys?: boolean
  readonly signal?: AbortSignal
  /** Limit of each statement, in milliseconds; 30,000 by default. The embedded engine knows no limit. */
  readonly timeout?: number
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
  /** Called with what is asked next, and of which deployment. */
  readonly onProgress?: (part: 'privileges' | 'cost' | 'models' | 'movement', deployment: string) => void
}

/** What is known of a change when it is planned. */
export interface ChangeInContext {
  readonly change: PlannedChange
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  /** What it should be; undefined for a removal. */
  readonly wanted?: { readonly def: DeploymentDef; readonly record: ModelRecord; readonly dry: DryRun }
}

/**
 * Looks at a change from the sides that a statement does not show: who lacks which privilege, which index would help, what
 * the planner expects. Nothing is changed, and only ACCESS SHARE is taken.
 */
export async function withInsight(
  store: Store,
  { change, present, live, wanted }: ChangeInContext,
  options: InsightOptions = {},
): Promise<PlannedChange> {
  const { db } = store
  const timeout = options.timeout ?? 30_000
  options.onProgress?.('privileges', change.name)
  const reads = wanted?.dry ?? { relations: [], calls: [] }
  const access = await accessOf(db, { change, present, readers: wanted?.def.readers ?? [], reads })
  if (!wanted) return { ...change, insight: { affected: [], unchanged: [], ...access, indexes: [] } }
  const { def, record, dry } = wanted
  options.onProgress?.('cost', change.name)
  const { cost, notes, isBroken } = await costOf(db, {
    change,
    dry,
    live,
    isTrees: record.trees !== undefined,
    timeout,
  })
  const prepared = await prepareModel(db, def.model, options.directory)
  const compiled = compiledOf(prepared, record, def)
  const definitions = featureDefinitions(
    prepared,
    record.inputs.map((i) => i.feature),
  )
  options.onProgress?.('models', change.name)
  const { affected, unchanged, notes: ofModels } = await affectedModels(store, record, definitions, live)
  const deployed = await deployedVersion(store, live)
  const version = await versionChange(store, deployed, record)
  const coefficients = coefficientMoves(deployed?.record, record)
  options.onProgress?.('movement', change.name)
  const moved = isBroken
    ? { notes: [] }
    : await movement(db, { change, present, live, wanted }, compiled.query, timeout, options)
  const asked =
    dry.without === undefined ? [] : [`the bare query was planned, without making an object of it: ${dry.without}`]
  const insight: Insight = {
    affected,
    unchanged,
    ...(version ? { version } : {}),
    ...(coefficients ? { coefficients } : {}),
    ...(moved.movement ? { movement: moved.movement } : {}),
    privileges: access.privileges,
    indexes: missingIndexes(compiled.views, prepared.facts),
    ...(cost ? { cost } : {}),
    notes: [
      ...(await rolledBack(store, change, live)),
      ...asked,
      ...access.notes,
      ...notes,
      ...(change.as === 'function' ? readByEachCall(dry, prepared.facts) : []),
      ...ofModels,
      ...moved.notes,
    ],
  }
  return { ...change, definitions, insight }
}

/** What is live by a rollback is there on purpose: going forward again is not to come as a surprise. */
async function rolledBack(store: Store, { object }: PlannedChange, live: LiveDeployment | undefined) {
  const [last] = live ? await deploymentHistory(store, object) : []
  if (last?.action !== 'rollback') return []
  const why = last.reason === null ? '' : `, because: ${last.reason}`
  return [
    `what is live was rolled back to on ${last.at.slice(0, 10)} by ${last.actor ?? 'somebody'}${why}; this goes forward again`,
  ]
}

/** Of an object that is as it is declared: whether those it is declared for can read it is not the object's. */
export async function withReaders(
  db: Database,
  { change, present, wanted }: Pick<ChangeInContext, 'change' | 'present'> & Required<Pick<ChangeInContext, 'wanted'>>,
): Promise<PlannedChange> {
  const { readers } = wanted.def
  if (readers.length === 0) return change
  const { privileges } = await accessOf(db, { change, present, readers, reads: wanted.dry })
  if (privileges.length === 0) return change
  return { ...change, insight: { affected: [], unchanged: [], privileges, indexes: [], notes: [] } }
}

/** How the query is made, and a text of it that answers for every key; undefined where nobody says which keys there are. */
function compiledOf(
  { model, facts }: Awaited<ReturnType<typeof prepareModel>>,
  record: ModelRecord,
  def: DeploymentDef,
): { readonly views: QueryPlan['views']; readonly query: string | undefined } {
  const outputs = def.outputs === null ? {} : { outputs: def.outputs }
  const every = () =>
    predictionQuery(model, record, facts, predictionOptions({ ...outputs, ...(def.at === null ? {} : { at: def.at }) }))
  if (def.as !== 'function') return { views: every().plan.views, query: undefined }
  const { views } = predictionObject(model, record, facts, { as: 'function', ...outputs }).plan
  try {
    return { views, query: every().sql }
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return { views, query: undefined }
  }
}

async function movement(
  db: Database,
  { change, present, live, wanted }: ChangeInContext,
  every: string | undefined,
  timeout: number,
  { sample = 10_000, showKeys = false, signal }: InsightOptions,
): ReturnType<typeof movementOf> {
  if (!live || !wanted || sample === 0 || change.class === 'metadata') return { notes: [] }
  const query = change.as === 'function' ? every : change.query
  if (query === undefined)
    return { notes: ['predictions were not compared: the entity names no relation that says which keys there are'] }
  return movementOf(db, {
    change,
    query,
    columns: wanted.dry.columns,
    keys: wanted.def.model.dataset.sample.entity.keys.map((k) => k.name),
    live,
    present,
    sample,
    timeout,
    withKey: showKeys,
    signal,
  })
}

/** Back to any earlier version, in one step: the object that was kept takes its place again, or is made again. */
import { diagnostic, fail, type ModelRecord } from '@viewcast/compiler'
import { isDatabaseError } from '../database/database-error.ts'
import type { DeploymentDef } from '../define/deployment.ts'
import { featureDefinitionsOf } from '../store/registry/feature-definitions.ts'
import type { Store } from '../store/store.ts'
import { type ApplyPlanOptions, applyPlan } from './apply-plan.ts'
import { objectBlockers } from './blockers.ts'
import { commentOf, declaredChallengers } from './challengers.ts'
import { changeTo, type Made } from './change-to.ts'
import type { Desired } from './desired.ts'
import { dryRun } from './dry-run.ts'
import { dryRunFunction } from './dry-run-function.ts'
import { fingerprintOf } from './fingerprint.ts'
import { handEdit, serverMajor } from './hand-edit.ts'
import { keptPlace } from './kept-place.ts'
import { assetName, type ObjectName } from './object-name.ts'
import { ownerText } from './owner.ts'
import { type ColumnChange, type Plan, type PlannedChange, planFormat } from './plan-data.ts'
import { inspect, type Present } from './present.ts'
import { rememberedRecords } from './remembered-records.ts'
import { fromLive, type LiveDeployment, liveDeployment } from './state.ts'
import { moving, standing } from './swap.ts'
import type { TableQuery } from './table-query.ts'
import { type DeploymentVersion, type DeploymentVersions, deploymentVersions } from './versions.ts'

export interface RollbackPlanOptions {
  /** Number of the deployment's version; default the one that was live before the last change. */
  readonly to?: number
  /** Exactly as it was, without tombstones for columns that came later: by a swap if need be. Default false. */
  readonly isExact?: boolean
  /** Whether what others made of the object that is there may stay with it when it is put aside. Default false. */
  readonly leaveDependents?: boolean
  /** Record of a model's version. */
  readonly record: ApplyPlanOptions['record']
}

export interface RollbackOptions extends RollbackPlanOptions, Omit<ApplyPlanOptions, 'action'> {}

/**
 * Brings an earlier version of a deployment back, in one transaction, as {@link applyPlan} applies a plan: its verification
 * rows are scored first, readers never see a missing object, and it is written into the history with reason and actor.
 *
 * A version that was put aside by a swap, or was removed, comes back as it was left: with its data, grants, and whoever
 * depends on it. Any other is made again: in place where PostgreSQL can do that, with columns that came later as NULLs.
 *
 * Returns the plan that was applied.
 *
 * Errors: those of {@link planRollback}; `deploy/dependents`, `deploy/verification`, `deploy/moved`.
 *
 * @example
 * ```ts
 * await rollback(store, { schema: 'scoring', name: 'delay15_now' }, { to: 3, record, reason: 'AUC fell' })
 * ```
 * ```sql
 * ALTER VIEW scoring.delay15_now SET SCHEMA scoring__v4; ALTER VIEW scoring__v3.delay15_now SET SCHEMA scoring
 * ```
 */
export async function rollback(store: Store, object: ObjectName, options: RollbackOptions): Promise<Plan> {
  const record = rememberedRecords(options.record)
  const plan = await planRollback(store, object, { ...options, record })
  await applyPlan(store, plan, { ...options, record, allowBreaking: true, action: 'rollback' })
  return plan
}

/**
 * What {@link rollback} would do; nothing is changed. Its only change has the class `none` when the version is live.
 *
 * Errors: `deploy/unknown`, `deploy/claimed`, `deploy/no-version`; `deploy/gone` when what the version reads is not there any more.
 */
export async function planRollback(store: Store, object: ObjectName, options: RollbackPlanOptions): Promise<Plan> {
  const known = await deploymentVersions(store, object)
  if (!known) return unknownHere(store, object)
  const version = chosen(object, known, options.to)
  const change = await changeBack(store, object, known, version, options)
  return {
    format: planFormat,
    project: store.project,
    environment: known.environment,
    database: store.db.description,
    createdAt: new Date().toISOString(),
    fingerprint: { [assetName(object)]: await fingerprintOf(store, change) },
    changes: [change],
  }
}

/** Of an object that is somebody else's it is said whose. */
async function unknownHere(store: Store, object: ObjectName): Promise<never> {
  const live = await liveDeployment(store, object)
  if (!live) return fail('deploy/unknown', { name: assetName(object) })
  return fail('deploy/claimed', { object: assetName(object), by: ownerText(live, store.project) })
}

function chosen(
  object: ObjectName,
  { versions, before }: DeploymentVersions,
  to: number | undefined,
): DeploymentVersion {
  const wanted = to ?? before
  const found = versions.find((v) => v.version === wanted)
  if (found) return found
  return fail('deploy/no-version', {
    object: assetName(object),
    version: wanted === null ? '' : String(wanted),
    versions: versions.map((v) => v.version).join(', '),
  })
}

async function changeBack(
  store: Store,
  object: ObjectName,
  { name, isDeclared, environment, granted }: DeploymentVersions,
  version: DeploymentVersion,
  options: RollbackPlanOptions,
): Promise<PlannedChange> {
  const { db } = store
  const record = await options.record(version.model, version.modelVersion)
  const live = await liveDeployment(store, object)
  const target = restored(object, version, record, live?.granted ?? granted)
  const made = await stillReadable(store, version.version, target)
  const { reads } = made.dry
  const present = (live && (await inspect(db, object, live.kind))) ?? (await inspect(db, object, version.kind))
  const about = { present, live, object, name, isDeclared, reads }
  const edited = await handEdit(db, present, live)
  if (version.isLive && present && edited === undefined) return unchanged(version, about)
  const blockers = objectBlockers(store, { object, present, live, environment, edited })
  const { kept, warnings } = await keptAsLeft(store, object, version)
  const { isExact = false } = options
  const known = { present, live, now: new Date().toISOString(), isDeclared, isExact, edited }
  const change = kept
    ? await exchangeBack(store, version, kept, about, options)
    : await changeTo(db, target, made, known, options)
  // It is made of what it was made of, even where later columns make it a version of its own.
  const definitions = (await featureDefinitionsOf(store, [version.artifact])).get(version.artifact) ?? []
  return {
    ...change,
    name,
    definitions,
    ...(target.challengers.length === 0 ? {} : { challengers: target.challengers }),
    ...(edited === undefined ? {} : { edited }),
    blockers: [...change.blockers, ...blockers],
    warnings: [...change.warnings, ...warnings],
  }
}

/** Runs nothing: the engine is asked whether it would still take the query. */
async function stillReadable({ db }: Store, version: number, target: Desired): Promise<Made> {
  try {
    const { as } = target.def
    if (as === 'function') return { as, dry: await dryRunFunction(db, target) }
    const dry = await dryRun(db, target.query)
    const query = (target.def as { readonly table?: TableQuery }).table
    return query ? { as: 'table', dry, query } : { as: 'view', dry }
  } catch (e) {
    // Class 42: what is named is not there, or is of another type. 3F000: a schema that is not there.
    if (!isDatabaseError(e) || !/^(42(?!501)|3F)/.test(e.sqlState)) throw e
    return fail('deploy/gone', { object: assetName(target.object), version: String(version), detail: e.message })
  }
}

/** The declaration as it was; of its model only the name is known any more. Who may read it, and who owns it, stays. */
function restored(
  object: ObjectName,
  version: DeploymentVersion,
  record: ModelRecord,
  readers: readonly string[],
): Desired {
  const { routine, ...spec } = version.spec as Pick<Desired, 'routine'>
  const def = { ...spec, model: { name: record.name }, readers, owner: null, renamed: {} } as unknown as DeploymentDef
  const { query, parameters } = version
  const challengers = declaredChallengers(version.spec)
  const comment = commentOf(record, challengers)
  const about = { def, object, record, challengers, query, columns: [], parameters, comment, warnings: [] }
  return routine ? { ...about, routine } : about
}

/** The object that was put aside, if it is as it was left; else why it is not used. */
async function keptAsLeft({ db }: Store, object: ObjectName, { kept, version, kind }: DeploymentVersion) {
  if (!kept) return { kept: undefined, warnings: [] }
  const found = await inspect(db, kept.at, kind)
  // Another major version of the server prints definitions otherwise.
  const isSame = found !== undefined && (found.hash === kept.hash || (await serverMajor(db)) !== kept.server)
  if (isSame) return { kept: { at: kept.at, present: found, granted: kept.granted }, warnings: [] }
  const about = { object: assetName(object), version: String(version), kept: assetName(kept.at) }
  return {
    kept: undefined,
    warnings: [
      diagnostic('deploy/not-kept', { ...about, what: found ? 'was changed since' : 'is not there any more' }),
    ],
  }
}

interface About {
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  readonly object: ObjectName
  readonly name: string
  readonly isDeclared: boolean
  readonly reads: PlannedChange['reads']
}

async function exchangeBack(
  { db }: Store,
  version: DeploymentVersion,
  kept: { readonly at: ObjectName; readonly present: Present; readonly granted: readonly string[] | null },
  about: About,
  { leaveDependents = false }: RollbackPlanOptions,
): Promise<PlannedChange> {
  const { present, live, object } = about
  const columns = columnsBack(version, present)
  const back = moving(kept.present, kept.at, object.schema)
  const same = unchanged(version, about)
  const change: PlannedChange = {
    ...same,
    granted: kept.granted ?? same.granted,
    class: !present ? 'add' : classOf(columns),
    strategy: 'swap',
    columns,
    exchange: { built: kept.at, keptAt: null, statements: [back] },
  }
  if (!present) return change
  const place = await keptPlace(db, object, live?.version ?? 0)
  const notes = standing({ present, leaveDependents, version: live?.version ?? 0 }, object, place.at)
  return {
    ...change,
    ...notes,
    statements: place.statements,
    exchange: {
      built: kept.at,
      keptAt: place.at,
      statements: [moving(present, object, place.at.schema), back],
    },
  }
}

function columnsBack({ columns }: DeploymentVersion, present: Present | undefined): ColumnChange[] {
  const now = new Map(present?.columns.map((c) => [c.name, c.type]))
  const names = new Set(columns.map((c) => c.name))
  return [
    ...columns.map((c): ColumnChange => {
      const was = now.get(c.name)
      if (was === undefined) return { ...c, change: 'appended' }
      return was === c.type ? { ...c, change: 'kept' } : { ...c, was, change: 'retyped' }
    }),
    ...(present?.columns ?? [])
      .filter((c) => !names.has(c.name))
      .map((c): ColumnChange => ({ ...c, change: 'removed' })),
  ]
}

const classOf = (columns: readonly ColumnChange[]) =>
  columns.some((c) => c.change === 'retyped' || c.change === 'removed')
    ? 'breaking'
    : columns.some((c) => c.change === 'appended')
      ? 'append'
      : 'body'

function unchanged(version: DeploymentVersion, { live, object, name, isDeclared, reads }: About): PlannedChange {
  return {
    class: 'none',
    strategy: 'none',
    name,
    object,
    as: version.kind,
    isDeclared,
    ...fromLive(live),
    to: { model: version.model, version: version.modelVersion, deployment: version.version },
    columns: version.columns.map((c) => ({ ...c, change: 'kept' })),
    metadata: [],
    granted: live?.granted ?? [],
    reads,
    statements: [],
    creation: version.statements,
    query: version.query,
    digest: version.digest,
    blockers: [],
    warnings: [],
    parameters: version.parameters,
    spec: version.spec,
  }
}

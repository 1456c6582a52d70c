/** What would change in a database so that it carries what is declared. */
import type { ModelRecord } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningPrediction } from '../project/running-query.ts'
import type { Store } from '../store/store.ts'
import { type ChangeOptions, changeTo } from './change-to.ts'
import { type DesiredOptions, desired } from './desired.ts'
import { type DryRun, dryRun } from './dry-run.ts'
import { dryRunFunction } from './dry-run-function.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type InsightOptions, insightOf } from './insight/insight.ts'
import { assetName } from './object-name.ts'
import { type Fingerprint, type Plan, type PlannedChange, planFormat } from './plan-data.ts'
import { inspect } from './present.ts'
import { liveDeployment } from './state.ts'
import { tableQuery } from './table-query.ts'

export interface PlanOptions extends DesiredOptions, ChangeOptions, InsightOptions {
  /** As the configuration names it; default the one without a name. */
  readonly environment?: string
}

/** A declaration with the version it stands for. */
export interface Wanted {
  readonly def: DeploymentDef
  readonly record: ModelRecord
  readonly isDeclared: boolean
}

/**
 * Plans deployments; nothing is changed.
 *
 * @example
 * ```ts
 * const plan = await planDeployments(store, [{ def: delays, record, isDeclared: true }])
 * ```
 */
export async function planDeployments(
  store: Store,
  wanted: readonly Wanted[],
  options: PlanOptions = {},
): Promise<Plan> {
  const now = new Date().toISOString()
  const changes: PlannedChange[] = []
  const fingerprint: Record<string, Fingerprint> = {}
  for (const one of wanted) {
    const change = await changeOf(store, one, options, now)
    changes.push(change)
    fingerprint[assetName(change.object)] = await fingerprintOf(store, change)
  }
  return {
    format: planFormat,
    project: store.project,
    environment: options.environment ?? '',
    database: store.db.description,
    createdAt: now,
    fingerprint,
    changes,
  }
}

async function changeOf(
  store: Store,
  { def, record, isDeclared }: Wanted,
  options: PlanOptions,
  now: string,
): Promise<PlannedChange> {
  const target = await desired(store.db, def, record, options)
  const present = await inspect(store.db, target.object)
  const live = await liveDeployment(store, target.object)
  const known = { present, live, now, isDeclared, isExact: options.isExact ?? false }
  const running = async () => {
    const spine = { kind: 'entities', ...(def.at === null ? {} : { at: def.at }) } as const
    return runningPrediction(await prepareModel(store.db, def.model, options.directory), record, spine)
  }
  const told = async (change: PlannedChange, dry: DryRun): Promise<PlannedChange> =>
    change.class === 'none'
      ? change
      : { ...change, insight: await insightOf(store, { change, present, live, wanted: { def, record, dry } }, options) }
  if (def.as === 'view') {
    const dry = await dryRun(store.db, target.query, { running, ...(present ? { present: present.columns } : {}) })
    return told(await changeTo(store.db, target, { as: 'view', dry }, known, options), dry)
  }
  if (def.as === 'function') {
    const dry = await dryRunFunction(store.db, target, { running })
    return told(await changeTo(store.db, target, { as: 'function', dry }, known, options), dry)
  }
  const dry = await dryRun(store.db, target.query, { running, ...(present ? { present: present.columns } : {}) })
  const query = await tableQuery(store.db, target, options)
  return told(await changeTo(store.db, target, { as: 'table', dry, query }, known, options), dry)
}

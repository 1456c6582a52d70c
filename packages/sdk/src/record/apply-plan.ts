/** A plan carried out as a run of the store. */
import type { ModelRecord } from '@viewcast/compiler'
import {
  type AppliedPlan,
  type ApplyPlanOptions,
  applyPlan,
  type DeployedVersion,
  isApplied,
} from '../deploy/apply-plan.ts'
import { assetName } from '../deploy/object-name.ts'
import type { Plan, PlannedChange } from '../deploy/plan-data.ts'
import { planDigest } from '../deploy/plan-file.ts'
import { keepDeploymentColumns } from '../store/catalog/keep-columns.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { registerDeployment } from '../store/lineage/register-deployment.ts'
import { endRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'
import { type RecordsOptions, recordsOf } from './records-of.ts'
import { signalOf } from './signal.ts'

export interface ApplyRecordedOptions
  extends Omit<ApplyPlanOptions, 'record' | 'run' | 'onChange' | 'onDone'>,
    RecordsOptions {}

/**
 * Carries out a plan as {@link applyPlan} does, as a run of the store. The objects, what is kept of them, their lineage,
 * their columns in the catalog and the end of the run are one transaction. A plan without changes, and one that was applied
 * before, leave no run.
 *
 * Errors: those of {@link applyPlan}.
 *
 * @example
 * ```ts
 * const plan = await readPlan(store, 'plan.json')
 * const { changes, run } = await applyPlanRecorded(store, plan, { reason: 'retrained on May' })
 * ```
 */
export async function applyPlanRecorded(
  store: Store,
  plan: Plan,
  options: ApplyRecordedOptions = {},
): Promise<AppliedPlan & { readonly run?: Run }> {
  const { models: _, ...rest } = options
  const record = recordsOf(store, options)
  const pending = plan.changes.filter((c) => c.class !== 'none')
  if (await isApplied(store, plan, rest)) return applyPlan(store, plan, { ...rest, record })
  return withRun(store, { ...described(plan, pending), ...signalOf(options) }, async (run) => {
    const applied = await applyPlan(store, plan, {
      ...rest,
      record,
      run: run.id,
      onChange: (inside, change, version) => recordDeployed(inside, run, change, version, record),
      onDone: async (inside) => {
        for (const { as, to, object } of pending) {
          if (to && as !== 'function') await keepDeploymentColumns(inside, assetName(object))
        }
        await endRun(inside, run, 'finished')
      },
    })
    return { ...applied, run }
  })
}

/** One change is a run of its model; several are one of the project. */
function described({ environment, ...plan }: Plan, pending: readonly PlannedChange[]) {
  const [only, ...more] = pending
  const about = { plan: planDigest({ environment, ...plan }), ...(environment === '' ? {} : { environment }) }
  if (!only?.to || more.length > 0) {
    return { kind: 'apply', name: 'apply', job: 'apply', params: { ...about, changes: pending.length } }
  }
  const { model, version } = only.to
  const at = only.spec['at']
  return {
    kind: 'apply',
    name: only.name,
    job: `${model}.apply`,
    params: { model, version, ...about, ...(typeof at === 'string' ? { at } : {}) },
  }
}

/** Says of a run what it deployed, and of which versions of models. */
export async function recordDeployed(
  inside: Store,
  run: Run,
  { to, object, challengers = [] }: PlannedChange,
  version: DeployedVersion | undefined,
  record: (model: string, version: number) => Promise<ModelRecord>,
): Promise<void> {
  if (!to || !version) return
  // Loaded for its verification rows before, so that nothing is read outside of the transaction here.
  const carried = await record(to.model, to.version)
  await recordModelUse(inside, run, carried)
  for (const other of challengers) await recordModelUse(inside, run, await record(other.model, other.version))
  await recordEvent(inside, run.id, version.artifact, 'out', 'deployment')
  await registerDeployment(inside, assetName(object), carried, { run: run.id })
}

/** What is live in one environment, planned for another. */
import type { ModelRecord } from '@viewcast/compiler'
import type { DeploymentDef } from '../define/deployment.ts'
import type { Project } from '../project/project.ts'
import { describeVersion } from '../store/registry/describe-version.ts'
import { modelVersion } from '../store/registry/model-versions.ts'
import { registerModel } from '../store/registry/register-model.ts'
import type { Store } from '../store/store.ts'
import { declaredChallengers } from './challengers.ts'
import { type DeployedObject, listDeployments } from './deployed-objects.ts'
import type { Wanted } from './plan.ts'
import type { Plan } from './plan-data.ts'
import { type PlanProjectOptions, planResolved, resolved } from './plan-project.ts'
import { liveDeployment } from './state.ts'

export interface PlanPromotionOptions extends PlanProjectOptions {
  readonly from: {
    /** The store that knows what is live there; of another database, or the same one. */
    readonly store: Store
    /** As the configuration names it; `''` is the one without a name. */
    readonly environment: string
  }
}

/**
 * Plans for an environment what is live in another: each declared deployment with exactly the model version that it has there,
 * and the challengers in those they have there, whatever the declaration or an alias says by now. What is not live there is left as it is.
 *
 * A model version that the registry of the target does not have is registered there, by what it says: its number may be
 * another, and the tags `promoted.from` and `promoted.version` say where it comes from. Nothing else is written; the
 * verification rows of the record decide, when the plan is applied, whether it means the same on the engine of the target.
 *
 * Errors: those of {@link planProject}.
 *
 * @example
 * ```ts
 * const from = { store: staging, environment: 'staging' }
 * const plan = await planPromotion(production, project, { from, environment: 'production', schema: 'scoring' })
 * ```
 */
export async function planPromotion(store: Store, project: Project, options: PlanPromotionOptions): Promise<Plan> {
  const { from, ...rest } = options
  const live = await listDeployments(from.store, from.environment)
  const brought = async (record: ModelRecord): Promise<ModelRecord> =>
    from.store.db === store.db && from.store.project === store.project
      ? record
      : register(store, record, from.environment)
  const resolve = async (def: DeploymentDef): Promise<Wanted | undefined> => {
    const there = live.find((d) => d.isDeclared && d.name === def.name)
    if (there?.modelVersion == null || there.model !== def.model.name) return undefined
    const { record } = await modelVersion(from.store, there.model, there.modelVersion)
    const { challengers = {}, warnings = [] } = await resolved(
      from.store,
      { ...def, version: record.version, challengers: await scoredThere(from.store, def, there) },
      options.models,
    )
    const others = await Promise.all(
      Object.entries(challengers).map(async ([label, one]) => [label, await brought(one)] as const),
    )
    return {
      def,
      record: await brought(record),
      isDeclared: true,
      challengers: Object.fromEntries(others),
      origin: { environment: from.environment, version: record.version },
      warnings,
    }
  }
  return planResolved(store, project, rest, resolve)
}

/** Those that are declared, in the versions that the deployment scores there. */
async function scoredThere(
  store: Store,
  { challengers }: DeploymentDef,
  { object }: DeployedObject,
): Promise<DeploymentDef['challengers']> {
  const live = await liveDeployment(store, object)
  const scored = declaredChallengers(live?.spec ?? {})
  return Object.fromEntries(
    Object.entries(challengers).map(([label, one]) => {
      const there = scored.find((c) => c.label === label && c.model === one.model.name)
      return [label, there ? { ...one, version: there.version } : one]
    }),
  )
}

async function register(store: Store, record: ModelRecord, environment: string): Promise<ModelRecord> {
  const { record: kept, isNew } = await registerModel(store, record)
  if (isNew) {
    const tags = { 'promoted.from': environment, 'promoted.version': String(record.version) }
    await describeVersion(store, record.name, kept.version, { tags })
  }
  return kept
}

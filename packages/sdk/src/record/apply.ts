import { fail, type ModelDef, type ModelRecord } from '@viewcast/compiler'
import { defineDeployment } from '../define/deployment.ts'
import type { Applied, ApplyOptions } from '../deploy/apply-view.ts'
import { assetName, quoted } from '../deploy/object-name.ts'
import { planDeployments } from '../deploy/plan.ts'
import type { Run } from '../store/runs/started.ts'
import type { Store } from '../store/store.ts'
import { applyPlanRecorded } from './apply-plan.ts'

/**
 * Deploys a model as a view, as {@link applyView} does, by a plan of its own: what is there already is left as it is, and then
 * there is no run.
 *
 * Errors: those of {@link planDeployments} and of {@link applyPlanRecorded}; the blockers of the plan.
 */
export async function applyRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: ApplyOptions = {},
): Promise<Applied & { readonly run?: Run }> {
  const { name = model.name, at, schema, directory, lockTimeout } = options
  const def = defineDeployment(name, {
    model,
    ...(at === undefined ? {} : { at }),
    ...(schema === undefined ? {} : { schema }),
  })
  const plan = await planDeployments(store, [{ def, record, isDeclared: false }], {
    sample: 0,
    ...(directory === undefined ? {} : { directory }),
  })
  const { changes, run } = await applyPlanRecorded(store, plan, {
    record: async () => record,
    ...(lockTimeout === undefined ? {} : { lockTimeout }),
  })
  const [planned] = plan.changes
  const [done] = changes
  if (!planned || !done)
    return fail('define/option', { option: 'name', what: `deployment "${name}"`, detail: '', hint: '' })
  return {
    view: quoted(planned.object),
    relation: assetName(planned.object),
    sql: planned.creation[0] ?? planned.query,
    replaced: planned.class !== 'add',
    verification: done.verification ?? 'as it was',
    ...(run === undefined ? {} : { run }),
  }
}

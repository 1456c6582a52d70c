import type { ObjectName } from '../deploy/object-name.ts'
import type { Plan } from '../deploy/plan-data.ts'
import { type RollbackOptions, rollback } from '../deploy/rollback.ts'
import { keepDeploymentColumns } from '../store/catalog/keep-columns.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { recordDeployed } from './apply-plan.ts'
import { type RecordsOptions, recordsOf } from './records-of.ts'
import { signalOf } from './signal.ts'

/** As {@link rollback}, as a run of the store, with what the object's columns come of from now on. */
export async function rollbackRecorded(
  store: Store,
  object: ObjectName,
  options: Omit<RollbackOptions, 'run' | 'record'> & RecordsOptions = {},
): Promise<{ readonly plan: Plan; readonly run: Run }> {
  const { models: _, ...rest } = options
  const record = recordsOf(store, options)
  const name = `${object.schema}.${object.name}`
  const params = { object: name, ...(options.to === undefined ? {} : { to: options.to }) }
  return withRun(
    store,
    { kind: 'rollback', name, job: `${name}.rollback`, params, ...signalOf(options) },
    async (run) => {
      const plan = await rollback(store, object, {
        ...rest,
        record,
        run: run.id,
        onChange: async (inside, change, version) => {
          await recordDeployed(inside, run, change, version, record)
          await options.onChange?.(inside, change, version)
        },
        onDone: async (inside) => {
          await keepDeploymentColumns(inside, name)
          await options.onDone?.(inside)
        },
      })
      return { plan, run }
    },
  )
}

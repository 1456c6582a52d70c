import { createHash } from 'node:crypto'
import type { ModelDef, ModelRecord } from '@viewcast/compiler'
import { type Applied, type ApplyOptions, applyView } from '../deploy/apply-view.ts'
import { keepDeploymentColumns } from '../store/catalog/keep-columns.ts'
import { recordEvent, registerArtifact } from '../store/graph/artifacts.ts'
import { ensureAsset } from '../store/graph/assets.ts'
import { registerDeployment } from '../store/lineage/register-deployment.ts'
import { endRun } from '../store/runs/run.ts'
import type { Run } from '../store/runs/started.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'
import { recordModelUse } from './model-use.ts'

/**
 * Deploys a model as {@link applyView} does, as a run of the store; the view, its version, and the end of the run are one
 * transaction.
 */
export async function applyRecorded(
  store: Store,
  model: ModelDef,
  record: ModelRecord,
  options: ApplyOptions = {},
): Promise<Applied & { readonly run: Run }> {
  return withRun(
    store,
    {
      kind: 'apply',
      name: options.name ?? model.name,
      job: `${model.name}.apply`,
      params: { model: model.name, version: record.version, ...(options.at === undefined ? {} : { at: options.at }) },
    },
    async (run) => {
      const applied = await applyView(store.db, model, record, {
        ...options,
        onApplied: async (tx, done) => {
          const inside = { ...store, db: tx }
          await recordModelUse(inside, run, record)
          const asset = await ensureAsset(inside, { kind: 'deployment', name: done.relation })
          const digest = createHash('sha256').update(done.sql).digest('hex')
          const { id } = await registerArtifact(inside, asset, {
            digest,
            props: { model: model.name, modelVersion: record.version, sql: done.sql },
          })
          await recordEvent(inside, run.id, id, 'out', 'deployment')
          await registerDeployment(inside, done.relation, record, { run: run.id })
          await keepDeploymentColumns(inside, done.relation)
          await endRun(inside, run, 'finished')
        },
      })
      return { ...applied, run }
    },
  )
}

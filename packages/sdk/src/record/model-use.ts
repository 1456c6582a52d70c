/** Which version of a model a run reads. */
import type { ModelRecord } from '@viewcast/compiler'
import { recordEvent } from '../store/graph/artifacts.ts'
import { findAsset } from '../store/graph/assets.ts'
import type { Run } from '../store/runs/started.ts'
import type { Store } from '../store/store.ts'

/**
 * Says that a run reads a version, and as what; a record that was never registered is a file only, and leaves no event.
 */
export async function recordModelUse(store: Store, run: Run, record: ModelRecord, role = 'model'): Promise<void> {
  const asset = await findAsset(store, { kind: 'model', name: record.name })
  if (asset === undefined) return
  const [artifact] = await store.db.rows<{ id: string }>(
    'SELECT id FROM viewcast.artifact WHERE asset_id = $1 AND version = $2',
    [asset, record.version],
  )
  if (artifact) await recordEvent(store, run.id, artifact.id, 'in', role)
}

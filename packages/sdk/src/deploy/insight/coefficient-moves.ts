/** How far the coefficients moved from the version that is deployed to the one that is planned. */
import { type ModelRecord, parseModelRecord } from '@viewcast/compiler'
import { compareRecords } from '../../store/registry/compare-records.ts'
import { modelArtifact } from '../../store/registry/model-artifact.ts'
import type { Store } from '../../store/store.ts'
import type { CoefficientMoves } from '../plan-data.ts'
import type { LiveDeployment } from '../state.ts'

/** Rows for a person; the rest is counted, and `models compare` has it. */
const most = 5

/** Undefined where the same version is deployed, or another model. */
export async function coefficientMoves(
  store: Store,
  record: ModelRecord,
  live: LiveDeployment | undefined,
): Promise<CoefficientMoves | undefined> {
  if (live?.model !== record.name || live.modelVersion === null || live.modelVersion === record.version)
    return undefined
  const artifact = await modelArtifact(store, live.model, live.modelVersion)
  const [row] = artifact
    ? await store.db.rows<{ record: string }>('SELECT record FROM viewcast.model_version WHERE artifact_id = $1', [
        artifact.id,
      ])
    : []
  if (!row) return undefined
  const before = parseModelRecord(row.record, `version ${live.modelVersion} of ${live.model} in the store`)
  const { coefficients } = compareRecords(before, record)
  // Trees have none.
  if (coefficients.length === 0) return undefined
  const moved = coefficients
    .map((c) => ({
      term: c.class === undefined ? c.name : `${c.name} of ${c.class}`,
      before: c.before?.estimate ?? null,
      after: c.after?.estimate ?? null,
    }))
    .filter((c) => !Object.is(c.before, c.after))
  const distance = (c: (typeof moved)[number]): number => Math.abs((c.after ?? 0) - (c.before ?? 0))
  const largest = moved.sort((a, b) => distance(b) - distance(a)).slice(0, most)
  return { changed: moved.length, of: coefficients.length, largest }
}

/** What another version of the model answers, and what it learned from, beside the one that is deployed. */
import type { ModelRecord } from '@viewcast/compiler'
import { modelArtifact } from '../../store/registry/model-artifact.ts'
import { modelVersion, type RegisteredVersion } from '../../store/registry/model-versions.ts'
import type { Store } from '../../store/store.ts'
import type { DescribedVersion, VersionChange } from '../plan-data.ts'
import type { LiveDeployment } from '../state.ts'

/** The version that is live; undefined where none is, or the registry of this project does not have it. */
export const deployedVersion = async (
  store: Store,
  live: LiveDeployment | undefined,
): Promise<RegisteredVersion | undefined> => known(store, live?.model, live?.modelVersion)

/** Undefined where the version stays. */
export async function versionChange(
  store: Store,
  deployed: RegisteredVersion | undefined,
  record: ModelRecord,
): Promise<VersionChange | undefined> {
  const before = deployed?.record
  if (!before || (before.name === record.name && before.version === record.version)) return undefined
  const planned = await known(store, record.name, record.version)
  const [b, a] = [deployed.dataset, planned?.dataset]
  return {
    before: described(before),
    after: described(record),
    sameQuery: before.dataset.queryHash === record.dataset.queryHash,
    sameRows: b?.digest && a?.digest ? b.digest === a.digest : null,
  }
}

async function known(
  store: Store,
  model: string | null | undefined,
  version: number | null | undefined,
): Promise<RegisteredVersion | undefined> {
  if (model == null || version == null || !(await modelArtifact(store, model, version))) return undefined
  return modelVersion(store, model, version)
}

const described = ({
  name,
  version,
  label,
  family,
  link,
  trainedAt,
  dataset,
  ...rest
}: ModelRecord): DescribedVersion => ({
  model: name,
  version,
  label,
  family,
  link,
  // Of others there is nothing to decide.
  threshold: family === 'binomial' ? rest.threshold : null,
  trainedAt,
  trainRows: dataset.trainRows,
})

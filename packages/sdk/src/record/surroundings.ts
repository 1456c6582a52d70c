/** Catalog and lineage around a trained model: worth keeping, and no reason to lose a training over. */
import {
  type Diagnostic,
  diagnostic,
  isViewcastError,
  type LineageGraph,
  type ModelDef,
  type ModelRecord,
} from '@viewcast/compiler'
import { isDatabaseError } from '../database/database-error.ts'
import { projectLineage } from '../predict/project-lineage.ts'
import { syncCatalog } from '../store/catalog/sync.ts'
import { registerLineage } from '../store/lineage/register-lineage.ts'
import type { Store } from '../store/store.ts'
import { partOfProject } from './part-of-project.ts'

export interface Surroundings {
  readonly graph: LineageGraph | undefined
  readonly warnings: readonly Diagnostic[]
}

/**
 * Brings the catalog to what the model is made of, and works out its lineage; what cannot be is told as a warning,
 * `store/incomplete`.
 */
export async function surroundingsOf(
  store: Store,
  run: string,
  model: ModelDef,
  record: ModelRecord,
  directory: string | undefined,
): Promise<Surroundings> {
  const part = partOfProject(store, model, directory)
  const warnings: Diagnostic[] = []
  await orWarn(model, 'catalog', warnings, () => syncCatalog(store, part, { run, isComplete: false }))
  const records = new Map([[model.name, record]])
  const graph = await orWarn(model, 'lineage', warnings, () => projectLineage(store.db, part, { records }))
  return { graph, warnings }
}

/** Keeps the lineage of a version that is registered already. */
export async function keepLineage(
  inside: Store,
  run: string,
  model: ModelDef,
  version: string,
  { graph }: Surroundings,
): Promise<void> {
  if (graph === undefined) return
  await registerLineage(inside, graph, { run, versions: new Map([[model.name, version]]), covers: 'relations' })
}

async function orWarn<T>(
  { name }: ModelDef,
  part: string,
  warnings: Diagnostic[],
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body()
  } catch (e) {
    if (!isViewcastError(e) && !isDatabaseError(e)) throw e
    const detail = isViewcastError(e) ? e.diagnostics.map((d) => d.message).join('; ') : e.message
    warnings.push(diagnostic('store/incomplete', { model: name, part, detail }))
    return undefined
  }
}

/** The lineage of everything a project declares, in both directions. */
import {
  bindDataset,
  type DatasetDef,
  type Diagnostic,
  type FeatureView,
  isFeatureView,
  isViewcastError,
  type LineageGraph,
  type LineageOfModel,
  lineageGraph,
  type ModelDef,
  type ModelRecord,
  type SampleDef,
  type TargetDef,
  ViewcastError,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { describeAll } from '../project/facts.ts'
import type { Project } from '../project/project.ts'
import { readDatasetFiles, readDefinitionFiles } from '../project/read-files.ts'

/**
 * Every column of a project as one graph: tables and views of the database, feature views, samples and targets, datasets,
 * and the coefficients and predictions of models. {@link follow} walks it, `up` to what a column comes from or `down` to what
 * depends on it.
 *
 * @param options `records` are the trained models by name; a model without one leads from its features to its prediction.
 *
 * Errors: everything wrong with the views, at once, each with its place.
 *
 * @example
 * ```ts
 * const graph = await projectLineage(db, project, { records })
 * follow(graph, ['public.flights.delay'], 'down').edges
 * // public.flights.delay → late.delay_7d (aggregation) → departures.delay_7d (identity) → delay15.delay_7d (numeric) → …
 * ```
 */
export async function projectLineage(
  db: Database,
  project: Project,
  options: { readonly records?: ReadonlyMap<string, ModelRecord> } = {},
): Promise<LineageGraph> {
  const all = new Map<string, FeatureView | SampleDef | TargetDef>()
  const datasets = new Map<string, DatasetDef>()
  const models: ModelDef[] = []
  const told = problemsByMessage()
  for (const d of project.definitions.values()) {
    if (d.kind === 'model') models.push(d)
    else if (d.kind === 'dataset')
      await told.of(async () => datasets.set(d.name, await readDatasetFiles(d, project.directory)))
    else if (isFeatureView(d) || d.kind === 'sample' || d.kind === 'target')
      await told.of(async () => all.set(d.name, await readDefinitionFiles(d, project.directory)))
  }
  const within = [...datasets.values()].flatMap((d) => [
    d.sample,
    ...(d.target ? [d.target] : []),
    ...d.features.map((u) => u.view),
  ])
  // A dataset's own copies stand for their definitions: what is described must be the very value that is bound.
  for (const d of within) all.set(d.name, d)
  const described = await told.of(() => describeAll(db, new Set([...all.values(), ...within])))
  if (described === undefined || told.found.size > 0) throw new ViewcastError([...told.found.values()])
  const { facts } = described
  const bound = new Map([...datasets].map(([name, d]) => [name, bindDataset(d, facts).value]))
  const ofModels = models.flatMap((model): LineageOfModel[] => {
    const own = bound.get(model.dataset.name)
    const record = options.records?.get(model.name)
    return own ? [{ model, bound: own, ...(record === undefined ? {} : { record }) }] : []
  })
  return lineageGraph([...all.values()], [...bound.values()], ofModels, facts)
}

/** What several steps are refused for, once each: a file that two definitions name is missing once. */
function problemsByMessage() {
  const found = new Map<string, Diagnostic>()
  const of = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (e) {
      if (!isViewcastError(e)) throw e
      for (const d of e.diagnostics) found.set(d.message, d)
      return undefined
    }
  }
  return { found, of }
}

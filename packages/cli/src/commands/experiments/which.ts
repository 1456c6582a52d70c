import type { Experiment, ExperimentRef, Store } from '@viewcast/sdk'

/** An experiment by its name, or by its id or the number MLflow's clients know it by where nothing has that name. */
export async function experimentNamed(store: Store, given: string, lifecycle?: 'deleted'): Promise<Experiment> {
  const { findExperiment, getExperiment } = await import('@viewcast/sdk')
  const byName = await findExperiment(store, given, lifecycle)
  if (byName) return byName
  const other: ExperimentRef = /^\d{1,15}$/.test(given) ? { seq: Number(given) } : { id: given }
  // Told by the name that was given.
  return (await findExperiment(store, other, lifecycle)) ?? (await getExperiment(store, given))
}

/** Ids of experiments, one that is misspelt being told; deleted runs may be those of a deleted one. */
export async function idsOf(store: Store, given: readonly string[], alsoDeleted = false): Promise<string[]> {
  const ids: string[] = []
  for (const name of given) {
    const { findExperiment } = await import('@viewcast/sdk')
    const deleted = alsoDeleted ? await findExperiment(store, name, 'deleted') : undefined
    const active = await experimentNamed(store, name).catch((error: unknown) => {
      if (deleted === undefined) throw error
      return undefined
    })
    ids.push(...[active, deleted].flatMap((found) => (found ? [found.id] : [])))
  }
  return ids
}

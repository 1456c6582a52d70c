/** What stands behind the features of a model, as hashes: by them a later plan knows what has changed. */
import { bindDataset, columnMeanings, type Facts, type ModelDef } from '@viewcast/compiler'

export interface FeatureDefinition {
  /** Its name in the dataset. */
  readonly feature: string
  readonly view: string
  readonly column: string
  /** Hash of what the column means: `columnMeanings`. */
  readonly digest: string
  /** Entity key → sample column, where they differ in name. */
  readonly keys: Readonly<Record<string, string>>
}

/** Definitions of the features some inputs are; columns of the sample are nobody's view and are left out. */
export function featureDefinitions(
  { model, facts }: { readonly model: ModelDef; readonly facts: Facts },
  inputs: readonly string[],
): FeatureDefinition[] {
  const wanted = new Set(inputs)
  return bindDataset(model.dataset, facts).value.uses.flatMap(({ use: { view }, on, features }) => {
    const own = features.filter((f) => wanted.has(f.name))
    if (own.length === 0) return []
    const meanings = columnMeanings(view, facts, new Set(own.map((f) => f.column)))
    const keys = Object.fromEntries(on.filter(([key, column]) => key !== column))
    return own.flatMap(({ name: feature, column }) => {
      const digest = meanings.get(column)
      return digest === undefined ? [] : [{ feature, view: view.name, column, digest, keys }]
    })
  })
}

/** What is said of assets and columns, by who says it. */
import type { Documented, FeatureMeta } from '@viewcast/compiler'

/** What can be said of an asset. */
export type AssetTexts = Documented

/** What can be said of a column. */
export interface ColumnTexts {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly unit?: string
  /** As a model reads it: `numeric`, `category` or `boolean`. */
  readonly kind?: string
}

/** Who says it: the code, somebody in the store, a comment of the database. Earlier ones win, field by field. */
export type Layer = 'declared' | 'edited' | 'commented'

const layers: readonly Layer[] = ['declared', 'edited', 'commented']

export type Layers<T> = { readonly [L in Layer]: T }

/** What counts of what is said, and who said it. */
export function told<T extends object>(said: Layers<T>): { readonly texts: T; readonly from: Record<string, Layer> } {
  const texts = { ...said.commented, ...said.edited, ...said.declared }
  const from = Object.fromEntries(
    Object.keys(texts).map((field) => [field, layers.find((l) => field in said[l]) ?? 'commented']),
  )
  return { texts, from }
}

export const assetTexts = (d: Documented): AssetTexts => ({
  ...(d.description === undefined ? {} : { description: d.description }),
  ...(d.owners === undefined ? {} : { owners: d.owners }),
  ...(d.tags === undefined ? {} : { tags: d.tags }),
  ...(d.updateFrequency === undefined ? {} : { updateFrequency: d.updateFrequency }),
  ...(d.sla === undefined ? {} : { sla: d.sla }),
})

export const columnTexts = (meta: FeatureMeta): ColumnTexts => ({
  ...(meta.description === undefined ? {} : { description: meta.description }),
  ...(meta.tags === undefined ? {} : { tags: meta.tags }),
  ...(meta.unit === undefined ? {} : { unit: meta.unit }),
  ...(meta.kind === undefined ? {} : { kind: meta.kind }),
})

/** What is said of assets and columns, by who says it. */
import type { Documented, FeatureMeta, Sla } from '@viewcast/compiler'

/** What can be said of an asset. */
export interface AssetTexts {
  readonly description?: string
  readonly owners?: readonly string[]
  readonly tags?: readonly string[]
  readonly updateFrequency?: string
  readonly sla?: Sla
}

/** What can be said of a column. */
export interface ColumnTexts {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly unit?: string
  /** As a model reads it: `numeric`, `category` or `boolean`. */
  readonly kind?: string
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

/** How many events there are of a key, and in a window, about: from what ANALYZE found. */
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import { windowFeatures } from './feature.ts'

export interface Density {
  /** Events of a key. */
  readonly perKey: number
  /** Events of a key in the widest window. */
  readonly perWindow: number
}

/**
 * Rows / keys, and the share of the history a window covers. Undefined where the size of the events or the number of the
 * keys is not known. `columns`: keys, then the time. Where the length of the history is not known, a window holds all of it.
 */
export function densityOf(
  view: AggregatesView,
  relation: CatalogRelation,
  columns: readonly string[],
  catalog: Catalog,
): Density | undefined {
  const { estimatedRows: rows, statistics = {} } = relation
  if (rows === undefined || rows < 1) return undefined
  const listed = view.entity.from && findRelation(catalog, view.entity.from.name, view.entity.from.schema)
  const [key, ...more] = columns.slice(0, -1)
  // The values of several columns are rarely all combined; only of one column is their number that of the keys.
  const counted = key === undefined || more.length > 0 ? undefined : statistics[key]?.distinct
  const keys = counted ?? listed?.estimatedRows
  if (keys === undefined || keys < 1) return undefined
  const perKey = Math.max(1, Math.round(rows / keys))
  const span = statistics[columns.at(-1) ?? '']?.span
  const widest = Math.max(...windowFeatures(view).map((f) => f.window))
  const share = span === undefined || span <= 0 ? 1 : Math.min(1, widest / span)
  return { perKey, perWindow: Math.max(1, Math.round(perKey * share)) }
}

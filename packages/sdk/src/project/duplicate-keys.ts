import {
  type DatasetDef,
  type Diagnostic,
  diagnostic,
  duplicateKeysQuery,
  type Facts,
  type StaticView,
} from '@viewcast/compiler'
import type { Database } from '../database/database.ts'

/**
 * Warnings `view/duplicate-keys`: static views with several rows for one key. The queries keep one of them, the same each
 * time, so that a dataset has its sample's rows; which one it is says nothing about the data. Views that are proven to
 * have one row per key are not asked.
 */
export async function duplicateKeys(db: Database, dataset: DatasetDef, facts: Facts): Promise<Diagnostic[]> {
  const views = new Set(dataset.features.map((u) => u.view).filter((v): v is StaticView => v.kind === 'static'))
  const found: Diagnostic[] = []
  for (const view of views) {
    const sql = duplicateKeysQuery(view, facts)
    const [row] = sql === undefined ? [] : await db.rows<{ duplicates: boolean }>(sql)
    if (!row?.duplicates) continue
    const keys = view.entity.keys.map((k) => k.name).join(', ')
    found.push(diagnostic('view/duplicate-keys', { view: `view "${view.name}"`, keys }))
  }
  return found
}

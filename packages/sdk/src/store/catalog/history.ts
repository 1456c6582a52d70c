/** What changed of an asset, and who changed it. */
import type { Store } from '../store.ts'
import { findEntry } from './find-entry.ts'

export interface CatalogChange {
  /** Absent when the asset itself changed. */
  readonly column?: string
  /**
   * `edited` by somebody; `declared` and `commented` as a synchronisation found the code and the comments; `schema` for a
   * column that came, went or has another type; `presence` for the asset itself, gone or back.
   */
  readonly layer: 'edited' | 'declared' | 'commented' | 'schema' | 'presence'
  readonly field: string
  readonly before: unknown
  readonly after: unknown
  readonly actor: string | null
  readonly run: string | null
  readonly at: string
}

/**
 * Changes of an asset and its columns, or of one column, newest first.
 *
 * @param options `limit` default 50.
 *
 * @example
 * ```ts
 * const [last] = await catalogHistory(store, 'public.flights')
 * // { layer: 'schema', column: 'delay', field: 'type', before: 'int4', after: 'float8', actor: 'me', … }
 * ```
 * ```sql
 * SELECT … FROM viewcast.catalog_change WHERE asset_id = '0190…' ORDER BY id DESC LIMIT 50
 * ```
 */
export async function catalogHistory(
  store: Store,
  name: string,
  options: { readonly limit?: number } = {},
): Promise<CatalogChange[]> {
  const { id, column } = await findEntry(store, name)
  return changesOf(store, id, column, options.limit ?? 50)
}

export async function changesOf(
  { db }: Store,
  asset: string,
  column: string | undefined,
  limit: number,
): Promise<CatalogChange[]> {
  const rows = await db.rows<Omit<CatalogChange, 'column'> & { column_name: string }>(
    `SELECT column_name, layer, field, before, after, actor, execution_id AS run, at FROM viewcast.catalog_change
     WHERE asset_id = $1 AND column_name = coalesce($2, column_name) ORDER BY id DESC LIMIT $3`,
    [asset, column ?? null, limit],
  )
  return rows.map(({ column_name, ...change }) => ({
    ...(column_name === '' ? {} : { column: column_name }),
    ...change,
  }))
}

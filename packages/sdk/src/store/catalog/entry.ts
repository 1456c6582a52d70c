/** Everything the catalog knows of an asset. */
import type { Project } from '../../project/project.ts'
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { type Drift, schemaDrift, textDrift } from './drift.ts'
import {
  checks,
  type EntryCheck,
  type EntryVersion,
  type Neighbour,
  neighbours,
  type RecordedFreshness,
  type Related,
  recordedFreshness,
  related,
  type StoredAsset,
  type StoredColumn,
  storedAssets,
  storedColumns,
  versions,
} from './entry-rows.ts'
import { findEntry } from './find-entry.ts'
import type { AssetProps } from './found.ts'
import { type Freshness, freshnessOf } from './freshness.ts'
import { type CatalogChange, changesOf } from './history.ts'
import { type AssetTexts, type ColumnTexts, type Layer, told } from './texts.ts'

export interface EntryColumn {
  readonly name: string
  readonly type: string | null
  /** Null when it is not known. */
  readonly nullable: boolean | null
  readonly texts: ColumnTexts
  /** Field → who says it. */
  readonly from: Readonly<Record<string, Layer>>
  /** When it was found gone. */
  readonly droppedAt: string | null
}

export interface CatalogEntry {
  /** Id of the asset. */
  readonly id: string
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
  readonly texts: AssetTexts
  readonly from: Readonly<Record<string, Layer>>
  readonly props: AssetProps
  readonly goneAt: string | null
  readonly updatedAt: string
  readonly columns: readonly EntryColumn[]
  readonly upstream: readonly Neighbour[]
  readonly downstream: readonly Neighbour[]
  /** Deployments and consumers that stand on it, at any distance. */
  readonly usedBy: readonly Neighbour[]
  readonly versions: readonly EntryVersion[]
  readonly checks: readonly EntryCheck[]
  /** As it was kept last. */
  readonly lastFreshness: RecordedFreshness | null
  readonly drift: readonly Drift[]
}

export interface CatalogPage extends CatalogEntry {
  /** What shares its entity, sources or columns. */
  readonly related: readonly Related[]
  /** The column that was asked for. */
  readonly column: string | null
  /** As it is now; null when it was not asked for. */
  readonly freshness: Freshness | null
  /** Newest first. */
  readonly changes: readonly CatalogChange[]
}

export interface CatalogPageOptions {
  /** Looks at the newest rows of the sources. Default true. */
  readonly freshness?: boolean
  /** What to compare the catalog with; without it only texts are compared. */
  readonly project?: Project
  /** How many changes. Default 10. */
  readonly changes?: number
}

/**
 * The page of one asset, or of one of its columns: texts and who says them, columns, neighbours, what uses it, what is
 * like it, versions, last checks, freshness, drift and history. About ten statements, and one per source for freshness.
 *
 * Errors: `catalog/unknown`, `catalog/ambiguous`, `catalog/unknown-column`.
 *
 * @example
 * ```ts
 * const { texts, drift } = await catalogPage(store, 'public.flights', { project })
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset WHERE id = '0190…'; SELECT … FROM viewcast.asset_column …; …
 * ```
 */
export async function catalogPage(store: Store, name: string, options: CatalogPageOptions = {}): Promise<CatalogPage> {
  const entry = await findEntry(store, name)
  const [asset] = await storedAssets(store, [entry.id])
  if (!asset) throw new Error('an asset that was found is not there')
  const columns = await storedColumns(store, [entry.id])
  const [one] = await entriesOf(store, [asset], columns)
  if (!one) throw new Error('an asset gave no entry')
  const drift = options.project ? await schemaDrift(store, options.project, entry, asset, columns) : []
  return {
    ...one,
    drift: [...one.drift, ...drift].filter((d) => entry.column === undefined || d.column === entry.column),
    related: await related(store, entry.id),
    column: entry.column ?? null,
    freshness: (options.freshness ?? true) ? await freshnessOf(store, entry, {}) : null,
    changes: await changesOf(store, entry.id, entry.column, options.changes ?? 10),
  }
}

/**
 * Every entry of the project and of the database, by kind and name: a fixed number of statements, whatever their number.
 *
 * @param options `gone` also gives what is no longer declared or no longer in the database; default false.
 *
 * @example
 * ```ts
 * for (const entry of await catalogEntries(store)) console.log(entry.kind, entry.name, entry.texts.description)
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset WHERE namespace IN ('database', 'flights') ORDER BY kind, name
 * ```
 */
export async function catalogEntries(
  store: Store,
  options: { readonly gone?: boolean } = {},
): Promise<readonly CatalogEntry[]> {
  const rows = await store.db.rows<{ id: string }>(
    `SELECT id FROM viewcast.asset
     WHERE namespace = CASE WHEN kind IN ('source', 'deployment', 'consumer') THEN 'database' ELSE $1 END
       AND lifecycle <> 'deleted' AND ($2 OR gone_at IS NULL)`,
    [store.project, options.gone ?? false],
  )
  const ids = rows.map((r) => r.id)
  return entriesOf(store, await storedAssets(store, ids), await storedColumns(store, ids))
}

async function entriesOf(
  store: Store,
  assets: readonly StoredAsset[],
  columns: readonly StoredColumn[],
): Promise<CatalogEntry[]> {
  const ids = assets.map((a) => a.id)
  const around = grouped(await neighbours(store, ids))
  const numbered = grouped(await versions(store, ids))
  const checked = grouped(await checks(store, ids))
  const fresh = grouped(await recordedFreshness(store, ids))
  const columnsBy = groupedBy(columns, (c) => c.asset_id)
  return assets.map((asset): CatalogEntry => {
    const own = columnsBy.get(asset.id) ?? []
    const met = around.get(asset.id) ?? []
    const said = told<AssetTexts>(asset)
    const way = (w: 'up' | 'down' | 'used'): Neighbour[] =>
      met.filter((n) => n.way === w).map(({ kind, name, owners }) => ({ kind, name, owners }))
    return {
      id: asset.id,
      kind: asset.kind,
      namespace: asset.namespace,
      name: asset.name,
      texts: said.texts,
      from: said.from,
      props: asset.props,
      goneAt: asset.gone_at,
      updatedAt: asset.updated_at,
      columns: own.map(columnOf),
      upstream: way('up'),
      downstream: way('down'),
      usedBy: way('used'),
      versions: (numbered.get(asset.id) ?? []).map(({ of: _, ...v }) => v),
      checks: (checked.get(asset.id) ?? []).map(({ of: _, ...c }) => c),
      lastFreshness: (fresh.get(asset.id) ?? []).map(({ of: _, ...f }) => f)[0] ?? null,
      drift: textDrift(asset, own),
    }
  })
}

const grouped = <T extends { readonly of: string }>(rows: readonly T[]): Map<string, T[]> =>
  groupedBy(rows, (r) => r.of)

function groupedBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group) group.push(row)
    else groups.set(key(row), [row])
  }
  return groups
}

function columnOf(c: StoredColumn): EntryColumn {
  const { texts, from } = told<ColumnTexts>(c)
  return { name: c.name, type: c.pg_type, nullable: c.nullable, texts, from, droppedAt: c.dropped_at }
}

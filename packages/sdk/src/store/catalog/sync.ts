/** Brings the catalog to what a project declares and the database has. */
import type { Diagnostic } from '@viewcast/compiler'
import type { Project } from '../../project/project.ts'
import { assetKey, ensureAssets } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import type { FoundAsset } from './found.ts'
import { type FindOptions, findProject, type ProjectFound } from './project-found.ts'

export interface SyncOptions extends FindOptions {
  /** The run that found it so, for the history. */
  readonly run?: string
  /** Whether it is the whole project: what it does not declare any more is then gone. Default true. */
  readonly isComplete?: boolean
}

export interface Synchronised {
  /** Assets looked at. */
  readonly assets: number
  readonly assetsChanged: number
  readonly columnsAdded: number
  readonly columnsChanged: number
  readonly columnsDropped: number
  /** Definitions that could not be read or described: their columns stay as they were known. */
  readonly problems: readonly Diagnostic[]
}

/**
 * Brings the catalog to what a project declares and the database has: sources, views, samples, targets, datasets, models,
 * with their columns. What is as it was is not written; what changed is kept as history; what is gone stays, marked.
 *
 * Costs a look at the database's catalog and one statement per definition, then five statements in one transaction,
 * however large the project is. A definition that is refused is told in `problems` and stops nothing, inside a
 * transaction neither.
 *
 * @param options `run` is named in the history; `all` takes every relation of the database and not only those that are
 * read; `isComplete: false` is for a part of a project, whose rest stays as it is.
 *
 * @example
 * ```ts
 * const { columnsDropped } = await syncCatalog(store, project)
 * ```
 * ```sql
 * SELECT * FROM viewcast.sync_catalog('flights', 'me', NULL, true, '[{"id": …}]', '[{"asset": …, "name": "delay"}]')
 * ```
 */
export async function syncCatalog(store: Store, project: Project, options: SyncOptions = {}): Promise<Synchronised> {
  const found = await findProject(store.db, project, options)
  return atomically(store, async (inside) => {
    const assets = await withKnownRelations(inside, found)
    const ids = await ensureAssets(inside, assets)
    const written = await write(inside, assets, ids, options)
    return { assets: assets.length, ...written, problems: found.problems }
  })
}

/** Relations that the catalog has beside those the project reads are looked after, too; what was deployed is no source. */
async function withKnownRelations(store: Store, found: ProjectFound): Promise<FoundAsset[]> {
  const rows = await store.db.rows<{ kind: 'source' | 'deployment'; name: string; known: boolean }>(
    `SELECT kind, name, cataloged_at IS NOT NULL AS known FROM viewcast.asset
     WHERE kind IN ('source', 'deployment') ORDER BY kind, name`,
  )
  const deployed = new Set(rows.filter((r) => r.kind === 'deployment').map((r) => r.name))
  const assets = found.assets.filter((a) => !(a.kind === 'source' && deployed.has(a.name)))
  const here = new Set(assets.filter((a) => a.kind === 'source').map((a) => a.name))
  const others = rows.flatMap(({ kind, name, known }): FoundAsset[] => {
    if (kind === 'source' && here.has(name)) return []
    const relation = kind === 'source' && deployed.has(name) ? undefined : found.relation(name)
    if (relation) return [{ kind, ...relation }]
    // What was never seen as a relation is none: a function, or a table of somebody else's database.
    return known ? [{ kind, name, declared: {}, commented: {}, props: {}, gone: true }] : []
  })
  return [...assets, ...others]
}

async function write(
  store: Store,
  assets: readonly FoundAsset[],
  ids: ReadonlyMap<string, string>,
  options: SyncOptions,
): Promise<Omit<Synchronised, 'assets' | 'problems'>> {
  const id = (a: FoundAsset): string => ids.get(assetKey(a)) as string
  const given = assets.map((a) => ({
    id: id(a),
    declared: a.declared,
    commented: a.commented,
    props: a.props,
    gone: a.gone ?? false,
    described: a.columns !== undefined,
  }))
  const columns = assets.flatMap((a) =>
    (a.columns ?? []).map((c, i) => ({
      asset: id(a),
      name: c.name,
      ordinal: i + 1,
      type: c.type ?? null,
      nullable: c.nullable ?? null,
      declared: c.declared,
      commented: c.commented,
    })),
  )
  const [row] = await store.db.rows<{
    assets_changed: number
    columns_added: number
    columns_changed: number
    columns_dropped: number
  }>('SELECT * FROM viewcast.sync_catalog($1, $2, $3, $4, $5, $6)', [
    store.project,
    store.actor,
    options.run ?? null,
    options.isComplete ?? true,
    JSON.stringify(given),
    JSON.stringify(columns),
  ])
  if (!row) throw new Error('sync_catalog returned no row')
  return {
    assetsChanged: row.assets_changed,
    columnsAdded: row.columns_added,
    columnsChanged: row.columns_changed,
    columnsDropped: row.columns_dropped,
  }
}

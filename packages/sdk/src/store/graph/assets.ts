/** Named things, without their versions. */
import { newId } from '../new-id.ts'
import type { Store } from '../store.ts'

/**
 * - `source`: a table or view of the database that is read and not declared;
 * - `feature_view`, `sample`, `target`, `dataset`, `model`: as declared;
 * - `prediction`: what a model returns;
 * - `deployment`: an object of the database that carries a prediction query;
 * - `consumer`: who reads predictions: a dashboard, report, application, team.
 */
export type AssetKind =
  | 'source'
  | 'feature_view'
  | 'sample'
  | 'target'
  | 'dataset'
  | 'model'
  | 'prediction'
  | 'deployment'
  | 'consumer'

export interface AssetName {
  readonly kind: AssetKind
  /** `schema.name` of a relation, or the name of the definition. */
  readonly name: string
}

/** Relations of the database are known to all projects by one name; what is declared belongs to its project. */
const shared: ReadonlySet<AssetKind> = new Set(['source', 'deployment', 'consumer'])

const namespaceOf = (store: Store, kind: AssetKind): string => (shared.has(kind) ? 'database' : store.project)

/** Ids of assets by `kind name`; those that are not there yet are made. In order, so that two of these never wait for each other. */
export async function ensureAssets(store: Store, names: readonly AssetName[]): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Map(names.map((n) => [assetKey(n), n])).values()].sort((a, b) =>
    assetKey(a) < assetKey(b) ? -1 : 1,
  )
  const parameters = [
    wanted.map(() => newId()),
    wanted.map((n) => n.kind),
    wanted.map((n) => namespaceOf(store, n.kind)),
    wanted.map((n) => n.name),
  ]
  await store.db.query(
    `INSERT INTO viewcast.asset (id, kind, namespace, name)
     SELECT u.id, u.kind, u.namespace, u.name
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS u(id, kind, namespace, name)
     WHERE NOT EXISTS (SELECT FROM viewcast.asset a WHERE (a.kind, a.namespace, a.name) = (u.kind, u.namespace, u.name))
     ORDER BY 2, 3, 4 ON CONFLICT (kind, namespace, name) DO NOTHING`,
    parameters,
  )
  const rows = await store.db.rows<{ id: string; kind: AssetKind; name: string }>(
    `SELECT a.id, a.kind, a.name FROM viewcast.asset a
     JOIN unnest($1::text[], $2::text[], $3::text[]) AS u(kind, namespace, name)
       ON (a.kind, a.namespace, a.name) = (u.kind, u.namespace, u.name)`,
    parameters.slice(1),
  )
  return new Map(rows.map((r) => [assetKey(r), r.id]))
}

/** By which {@link ensureAssets} tells ids. */
export const assetKey = ({ kind, name }: AssetName): string => `${kind} ${name}`

/** Id of one asset, made if need be. */
export async function ensureAsset(store: Store, name: AssetName): Promise<string> {
  const ids = await ensureAssets(store, [name])
  return ids.get(assetKey(name)) as string
}

/** Id of an asset, or undefined. */
export async function findAsset(store: Store, { kind, name }: AssetName): Promise<string | undefined> {
  const [row] = await store.db.rows<{ id: string }>(
    'SELECT id FROM viewcast.asset WHERE (kind, namespace, name) = ($1, $2, $3)',
    [kind, namespaceOf(store, kind), name],
  )
  return row?.id
}

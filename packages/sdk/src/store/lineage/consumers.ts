/** Who reads predictions: dashboards, reports, applications, teams. */
import { fail, nearParameter } from '@viewcast/compiler'
import { type AssetKind, ensureAsset, findAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import { findNodes } from './find-nodes.ts'
import { type GraphNode, writeGraph } from './write-graph.ts'

export const consumerKinds = ['dashboard', 'report', 'application', 'team'] as const
export type ConsumerKind = (typeof consumerKinds)[number]

export interface ConsumerOptions {
  readonly kind: ConsumerKind
  /** What it reads: deployments (`public.delay15_now`), what a model returns (`delay15`), or columns of those. */
  readonly reads: readonly string[]
  readonly owners?: readonly string[]
  readonly description?: string
  readonly url?: string
}

export interface Consumer {
  readonly name: string
  /** `view` is a view of the database that reads a deployment; nobody had to say so. */
  readonly kind: ConsumerKind | 'view'
  readonly owners: readonly string[]
  readonly description?: string
  readonly url?: string
  /** Columns that it reads, as `owner.column`; of a view the deployments. */
  readonly reads: readonly string[]
}

/**
 * Says who reads predictions, so that `impact` tells whom a change concerns. Adding it again replaces what was said of it;
 * what it read before stays in the history. A whole relation stands for the columns that it has now.
 *
 * Errors: `project/unknown-name` and `view/unknown-column` for what is read; `define/name` for a name of nothing.
 *
 * @example
 * ```ts
 * await addConsumer(store, 'Operations board', {
 *   kind: 'dashboard', reads: ['public.delay15_now.probability'], owners: ['ops@example.com'],
 * })
 * ```
 * ```sql
 * SELECT added, closed FROM viewcast.register_lineage($1, …)
 * ```
 */
export async function addConsumer(store: Store, name: string, options: ConsumerOptions): Promise<void> {
  if (name.trim() === '') fail('define/name', { kind: 'consumer', name, detail: 'it is empty' })
  await atomically(store, async (inside) => {
    const read: GraphNode[] = []
    for (const one of options.reads) read.push(...(await readableNodes(inside, one)))
    const asset = await ensureAsset(inside, { kind: 'consumer', name })
    const { owners, description, url } = options
    await inside.db.query(
      `UPDATE viewcast.asset SET props = $2, edited = edited - 'owners' - 'description' || $3,
              lifecycle = 'active', updated_at = clock_timestamp()
       WHERE id = $1`,
      [
        asset,
        JSON.stringify({ consumer: options.kind, ...(url !== undefined && { url }) }),
        JSON.stringify({ ...(owners && { owners }), ...(description !== undefined && { description }) }),
      ],
    )
    const edges = read.map((from) => ({
      from,
      to: { asset: { kind: 'consumer', name }, column: from.column, kind: 'reader' } as const,
      direct: true,
      how: ['read'],
    }))
    await writeGraph(inside, edges, { kind: 'consumer', asset })
  })
}

async function readableNodes(store: Store, name: string): Promise<GraphNode[]> {
  const { nodes, relation } = await findNodes(store, name, store.project, null)
  const rows = await store.db.rows<{ kind: AssetKind; name: string; col: string; node_kind: GraphNode['kind'] }>(
    `SELECT a.kind, a.name, n.name AS col, n.kind AS node_kind
     FROM viewcast.column_node n JOIN viewcast.asset a ON a.id = n.asset_id
     WHERE n.id = ANY ($1::integer[]) AND n.artifact_id IS NULL AND n.kind <> 'coefficient' ORDER BY n.id`,
    [nodes],
  )
  if (rows.length > 0) {
    return rows.map((r) => ({ asset: { kind: r.kind, name: r.name }, column: r.col, kind: r.node_kind }))
  }
  if (!relation) return fail('project/unknown-name', { name })
  const columns = await store.db.rows<{ name: string; col: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, a.attname::text AS col
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.oid = $1::oid AND ($2::integer IS NULL OR a.attnum = $2) ORDER BY a.attnum`,
    [relation.oid, relation.column ?? null],
  )
  return columns.map((c) => ({ asset: { kind: 'source', name: c.name }, column: c.col, kind: 'column' }))
}

/**
 * Says that a consumer is gone; what it read stays in the history.
 *
 * Errors: `project/unknown-name`, with the nearest.
 *
 * @example
 * ```ts
 * await removeConsumer(store, 'Operations board')
 * ```
 * ```sql
 * UPDATE viewcast.asset SET lifecycle = 'deleted' …
 * ```
 */
export async function removeConsumer(store: Store, name: string): Promise<void> {
  await atomically(store, async (inside) => {
    const asset = await findAsset(inside, { kind: 'consumer', name })
    const known = await inside.db.rows<{ id: string; name: string }>(
      `SELECT id, name FROM viewcast.asset WHERE kind = 'consumer' AND lifecycle <> 'deleted'`,
    )
    if (asset === undefined || !known.some((k) => k.id === asset)) {
      const names = known.map((k) => k.name)
      return fail('project/unknown-name', { name, ...nearParameter(name, names) })
    }
    await writeGraph(inside, [], { kind: 'consumer', asset })
    await inside.db.query(
      `UPDATE viewcast.asset SET lifecycle = 'deleted', updated_at = clock_timestamp() WHERE id = $1`,
      [asset],
    )
  })
}

interface ConsumerRow {
  readonly name: string
  readonly kind: Consumer['kind']
  readonly owners: readonly string[] | null
  readonly description: string | null
  readonly url: string | null
  readonly reads: readonly string[]
}

/**
 * All consumers, by name, and after them the views of the database that read a deployment, at once or through other views.
 *
 * @example
 * ```ts
 * for (const { name, kind, reads } of await listConsumers(store)) console.log(kind, name, reads)
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset WHERE kind = 'consumer' AND lifecycle <> 'deleted'
 * ```
 */
export async function listConsumers({ db }: Pick<Store, 'db'>): Promise<readonly Consumer[]> {
  const said = await db.rows<ConsumerRow>(
    `SELECT a.name, a.props ->> 'consumer' AS kind, a.edited -> 'owners' AS owners,
            a.edited ->> 'description' AS description, a.props ->> 'url' AS url,
            (SELECT coalesce(json_agg(f.name || '.' || n.name ORDER BY f.name, n.name), '[]')
             FROM viewcast.column_node r
             JOIN viewcast.column_edge e ON e.to_node = r.id AND e.valid_to IS NULL
             JOIN viewcast.column_node n ON n.id = e.from_node
             JOIN viewcast.asset f ON f.id = n.asset_id
             WHERE r.asset_id = a.id) AS reads
     FROM viewcast.asset a WHERE a.kind = 'consumer' AND a.lifecycle <> 'deleted' ORDER BY a.name`,
  )
  const views = await db.rows<ConsumerRow>(
    `WITH RECURSIVE deployed AS (
       SELECT c.oid, a.name
       FROM viewcast.asset a
       JOIN pg_class c ON true JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname || '.' || c.relname = a.name
       WHERE a.kind = 'deployment'
     ), reader AS (
       SELECT d.oid, d.name AS deployment FROM deployed d
       UNION
       SELECT w.ev_class, r.deployment FROM reader r
       JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = r.oid AND p.classid = 'pg_rewrite'::regclass
       JOIN pg_rewrite w ON w.oid = p.objid
     )
     SELECT n.nspname || '.' || c.relname AS name, 'view' AS kind,
            json_build_array(pg_get_userbyid(c.relowner)) AS owners,
            obj_description(c.oid, 'pg_class') AS description, NULL AS url,
            json_agg(DISTINCT r.deployment) AS reads
     FROM reader r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid NOT IN (SELECT oid FROM deployed)
     GROUP BY c.oid, n.nspname, c.relname, c.relowner ORDER BY 1`,
  )
  return [...said, ...views].map(({ owners, description, url, ...row }) => ({
    ...row,
    owners: owners ?? [],
    ...(description !== null && { description }),
    ...(url !== null && { url }),
  }))
}

/** From a name that a person writes to the columns it stands for. */
import { fail, nearParameter } from '@viewcast/compiler'
import type { Store } from '../store.ts'

export interface NamedNodes {
  /** Numbers of the nodes; none for a column that nothing depends on. */
  readonly nodes: readonly number[]
  /** A column of a relation of the database, or a relation, where the name is of one. */
  readonly relation?: { readonly oid: string; readonly column?: number }
}

/**
 * The columns that `name` stands for: a column (`public.flights.delay`, `late.delay_7d`, `delay15.probability`), or all
 * of a relation, definition or model. The schema may be left out; the longest name counts where names hold dots.
 *
 * Errors: `project/unknown-name`, `view/unknown-column`, both with the nearest.
 */
export async function findNodes(
  { db }: Store,
  name: string,
  project: string | null,
  at: string | null,
): Promise<NamedNodes> {
  const found = await db.rows<{ node: number }>(`SELECT node FROM viewcast.lineage_nodes($1, $2, $3::timestamptz)`, [
    name,
    project,
    at,
  ])
  const nodes = found.map((r) => r.node)
  // Names of the catalog come without quotes.
  const plain = name.replaceAll('"', '')
  const dots = [...plain.matchAll(/\./g)].map((m) => m.index)
  const parts = [...dots.map((i) => [plain.slice(0, i), plain.slice(i + 1)] as const), [plain, null] as const]
  const [relation] = await db.rows<{ oid: string; attnum: number | null }>(
    `SELECT c.oid::text AS oid, a.attnum::integer AS attnum
     FROM unnest($1::text[], $2::text[]) AS u(owner, col)
     JOIN pg_class c ON c.relkind IN ('r', 'p', 'v', 'm', 'f')
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'viewcast')
      AND u.owner IN (replace(n.nspname || '.' || c.relname, '"', ''), replace(c.relname, '"', ''))
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND replace(a.attname, '"', '') = u.col AND a.attnum > 0 AND NOT a.attisdropped
     WHERE u.col IS NULL OR a.attnum IS NOT NULL
     ORDER BY u.col IS NULL DESC, length(u.owner) DESC, pg_table_is_visible(c.oid) DESC LIMIT 1`,
    [parts.map((p) => p[0]), parts.map((p) => p[1])],
  )
  if (relation) {
    return { nodes, relation: { oid: relation.oid, ...(relation.attnum !== null && { column: relation.attnum }) } }
  }
  return nodes.length > 0 ? { nodes } : refuse({ db }, plain, project)
}

async function refuse({ db }: Pick<Store, 'db'>, name: string, project: string | null): Promise<never> {
  const assets = await db.rows<{ id: string; name: string }>(
    `SELECT id, replace(name, '"', '') AS name FROM viewcast.asset
     WHERE lifecycle <> 'deleted' AND ($1::text IS NULL OR namespace IN ($1, 'database'))`,
    [project],
  )
  const bare = (text: string): string => text.slice(text.indexOf('.') + 1)
  const isOwner = (asset: string): boolean => [asset, bare(asset)].some((n) => name.startsWith(`${n}.`))
  const [owner] = assets.filter((a) => isOwner(a.name)).sort((a, b) => b.name.length - a.name.length)
  if (owner === undefined) {
    const names = new Set(assets.flatMap((a) => [a.name, bare(a.name)]))
    return fail('project/unknown-name', { name, ...nearParameter(name, [...names]) })
  }
  const columns = await db.rows<{ name: string }>('SELECT name FROM viewcast.column_node WHERE asset_id = $1', [
    owner.id,
  ])
  const column = name.startsWith(`${owner.name}.`)
    ? name.slice(owner.name.length + 1)
    : name.slice(bare(owner.name).length + 1)
  const near = nearParameter(
    column,
    columns.map((c) => c.name),
  )
  return fail('view/unknown-column', { view: owner.name, column, ...near })
}

/** What the store knows of assets, as rows. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'

export interface Texts {
  readonly description?: unknown
  readonly owners?: unknown
  readonly tags?: unknown
}

export interface ColumnRow {
  readonly name: string
  readonly ordinal: number
  readonly type: string | null
  readonly texts: Texts
}

export interface AssetRow {
  readonly id: string
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
  readonly texts: Texts
  readonly columns: readonly ColumnRow[]
  /** `relkind` of the relation of that name, if there is one. */
  readonly relation: string | null
}

export interface EdgeRow {
  readonly to: string
  readonly to_column: string
  readonly from_kind: AssetKind
  readonly from_namespace: string
  readonly from_name: string
  readonly from_column: string
  readonly is_direct: boolean
  readonly how: readonly string[]
}

/** What the code says wins over what was edited, and that over the comments of the database; key by key. */
const texts = (row: string): string => `${row}.commented || ${row}.edited || ${row}.declared`

/** Assets with their columns, in one statement. */
export const assetRows = ({ db }: Store, ids: readonly string[]): Promise<AssetRow[]> =>
  db.rows<AssetRow>(
    `SELECT a.id, a.kind, a.namespace, a.name, ${texts('a')} AS texts,
            coalesce(c.columns, '[]') AS columns, r.relkind AS relation
     FROM viewcast.asset a
     LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('name', c.name, 'ordinal', c.ordinal, 'type', c.pg_type, 'texts', ${texts('c')})
                        ORDER BY c.ordinal, c.name) AS columns
       FROM viewcast.asset_column c WHERE c.asset_id = a.id AND c.dropped_at IS NULL
     ) c ON true
     LEFT JOIN LATERAL (
       SELECT r.relkind::text FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid
       WHERE a.kind IN ('source', 'deployment') AND n.nspname || '.' || r.relname = a.name
         AND r.relkind IN ('r', 'p', 'v', 'm', 'f') LIMIT 1
     ) r ON true
     WHERE a.id = ANY($1::uuid[]) ORDER BY a.kind, a.namespace, a.name`,
    [ids],
  )

/** Edges of no version of a model, and those of some versions; of those in use, when none are named. */
const ofVersions = `(e.artifact_id IS NULL OR e.artifact_id = ANY(
  CASE WHEN cardinality($2::uuid[]) > 0 THEN $2::uuid[] ELSE ARRAY(SELECT viewcast.versions_in_use()) END))`

/** The column edges that lead into some assets now. */
export const edgeRows = ({ db }: Store, ids: readonly string[], versions: readonly string[]): Promise<EdgeRow[]> =>
  db.rows<EdgeRow>(
    `SELECT t.asset_id AS to, t.name AS to_column, a.kind AS from_kind, a.namespace AS from_namespace, a.name AS from_name,
            f.name AS from_column, bool_or(e.is_direct) AS is_direct,
            array_to_json(array_agg(DISTINCT h.word) FILTER (WHERE h.word IS NOT NULL)) AS how
     FROM viewcast.column_edge e
     JOIN viewcast.column_node t ON t.id = e.to_node
     JOIN viewcast.column_node f ON f.id = e.from_node
     JOIN viewcast.asset a ON a.id = f.asset_id
     LEFT JOIN LATERAL unnest(e.how) AS h(word) ON true
     WHERE t.asset_id = ANY($1::uuid[]) AND e.valid_to IS NULL AND ${ofVersions}
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
    [ids, versions],
  )

/** Assets that some come from, themselves included. */
export async function upstreamOf(
  { db }: Store,
  ids: readonly string[],
  versions: readonly string[],
): Promise<readonly string[]> {
  const rows = await db.rows<{ id: string }>(
    `WITH RECURSIVE up(id) AS (
       SELECT unnest($1::uuid[])
       UNION
       SELECT e.from_asset FROM up JOIN viewcast.asset_edge e ON e.to_asset = up.id AND e.valid_to IS NULL AND ${ofVersions}
     ) SELECT id FROM up`,
    [ids, versions],
  )
  return rows.map((r) => r.id)
}

/** Rows of the store that an entry of the catalog is made of. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import type { AssetProps } from './found.ts'
import type { AssetTexts, ColumnTexts, Layers } from './texts.ts'

export interface StoredAsset extends Layers<AssetTexts> {
  readonly id: string
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
  readonly props: AssetProps
  readonly lifecycle: string
  readonly cataloged_at: string | null
  readonly gone_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

export interface StoredColumn extends Layers<ColumnTexts> {
  readonly asset_id: string
  readonly name: string
  readonly pg_type: string | null
  readonly nullable: boolean | null
  readonly dropped_at: string | null
}

export const storedAssets = ({ db }: Store, ids: readonly string[]): Promise<StoredAsset[]> =>
  db.rows<StoredAsset>(
    `SELECT id, kind, namespace, name, declared, edited, commented, props, lifecycle, cataloged_at, gone_at, created_at, updated_at
     FROM viewcast.asset WHERE id = ANY ($1::uuid[]) ORDER BY kind, name`,
    [ids],
  )

export const storedColumns = ({ db }: Store, ids: readonly string[]): Promise<StoredColumn[]> =>
  db.rows<StoredColumn>(
    `SELECT asset_id, name, pg_type, nullable, declared, edited, commented, dropped_at
     FROM viewcast.asset_column WHERE asset_id = ANY ($1::uuid[]) ORDER BY asset_id, dropped_at IS NOT NULL, ordinal, name`,
    [ids],
  )

export interface Neighbour {
  readonly kind: AssetKind
  readonly name: string
  readonly owners: readonly string[]
}

interface NeighbourRow extends Neighbour {
  readonly of: string
  readonly way: 'up' | 'down' | 'used'
}

/**
 * What is one step up and down, and which deployments and consumers stand on it at any distance. By the lineage that was
 * registered, and where nothing was, by what the last synchronisation saw that it reads. Edges of versions of models count
 * while the version is in use.
 */
export const neighbours = ({ db, project }: Store, ids: readonly string[]): Promise<NeighbourRow[]> =>
  db.rows<NeighbourRow>(
    `WITH RECURSIVE edge AS MATERIALIZED (
       SELECT DISTINCT e.from_asset, e.to_asset FROM viewcast.asset_edge e
       WHERE e.valid_to IS NULL
         AND (e.artifact_id IS NULL OR e.artifact_id IN (SELECT v.id FROM viewcast.versions_in_use() AS v(id)))
         AND e.from_asset <> e.to_asset
       UNION
       SELECT f.id, t.id FROM viewcast.asset t
       CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(t.props -> 'reads', '[]')) AS r(title)
       JOIN viewcast.asset f ON f.kind = split_part(r.title, ' ', 1) AND f.name = substr(r.title, strpos(r.title, ' ') + 1)
         AND f.namespace = CASE WHEN f.kind = 'source' THEN 'database' ELSE t.namespace END
       WHERE t.gone_at IS NULL
     ), below AS (
       SELECT u.id AS of, u.id FROM unnest($1::uuid[]) AS u(id)
       UNION SELECT b.of, e.to_asset FROM below b JOIN edge e ON e.from_asset = b.id
     ), met AS (
       SELECT e.to_asset AS of, 'up' AS way, e.from_asset AS id FROM edge e WHERE e.to_asset = ANY ($1::uuid[])
       UNION SELECT e.from_asset, 'down', e.to_asset FROM edge e WHERE e.from_asset = ANY ($1::uuid[])
       UNION SELECT b.of, 'used', b.id FROM below b JOIN viewcast.asset a ON a.id = b.id
         WHERE b.of <> b.id AND a.kind IN ('deployment', 'consumer')
     )
     SELECT m.of, m.way, a.kind, a.name, coalesce(viewcast.told(a.declared, a.edited, a.commented) -> 'owners', '[]') AS owners
     FROM met m JOIN viewcast.asset a ON a.id = m.id
     WHERE a.namespace IN ('database', $2) AND a.lifecycle <> 'deleted' ORDER BY m.of, m.way, a.kind, a.name`,
    [ids, project],
  )

export interface Related extends Neighbour {
  /** Why: the entity, sources, columns they share. */
  readonly shares: readonly string[]
}

/** What shares the entity, sources or columns; the most first, at most ten. Keys and as_of are no reason. */
export const related = ({ db, project }: Store, id: string): Promise<Related[]> =>
  db.rows<Related>(
    `WITH own AS (
       SELECT a.id, a.props FROM viewcast.asset a WHERE a.id = $1
     ), shared AS (
       SELECT a.id, 3 AS weight, 'entity ' || (a.props #>> '{entity,name}') AS share
       FROM own o JOIN viewcast.asset a ON a.props #>> '{entity,name}' = o.props #>> '{entity,name}'
       UNION ALL
       SELECT a.id, 2, r.title FROM own o
       CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(o.props -> 'reads', '[]')) AS r(title)
       JOIN viewcast.asset a ON a.props -> 'reads' ? r.title
       UNION ALL
       SELECT c2.asset_id, 1, 'column ' || c.name FROM own o
       JOIN viewcast.asset_column c ON c.asset_id = o.id AND c.dropped_at IS NULL AND c.name <> 'as_of'
         AND NOT coalesce(o.props #> '{entity,keys}', '[]') ? c.name
       JOIN viewcast.asset_column c2 ON c2.name = c.name AND c2.dropped_at IS NULL
     ), ranked AS (
       SELECT s.id, sum(s.weight) AS weight, jsonb_agg(DISTINCT s.share) AS shares
       FROM shared s WHERE s.id <> $1 GROUP BY 1
     )
     SELECT a.kind, a.name, coalesce(viewcast.told(a.declared, a.edited, a.commented) -> 'owners', '[]') AS owners, r.shares
     FROM ranked r JOIN viewcast.asset a ON a.id = r.id
     WHERE a.namespace IN ('database', $2) AND a.gone_at IS NULL AND a.lifecycle <> 'deleted' AND a.kind <> 'consumer'
     ORDER BY r.weight DESC, a.kind, a.name LIMIT 10`,
    [id, project],
  )

export interface EntryVersion {
  readonly version: number
  readonly state: string
  readonly digest: string | null
  readonly createdAt: string
  readonly createdBy: string | null
  readonly aliases: readonly string[]
}

/** The newest ten of each, with the aliases that point at them. */
export const versions = ({ db }: Store, ids: readonly string[]): Promise<(EntryVersion & { of: string })[]> =>
  db.rows<EntryVersion & { of: string }>(
    `SELECT v.asset_id AS of, v.version, v.state, v.digest, v.created_at AS "createdAt", v.created_by AS "createdBy",
       coalesce((SELECT jsonb_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = v.id), '[]') AS aliases
     FROM unnest($1::uuid[]) AS u(id)
     CROSS JOIN LATERAL (
       SELECT * FROM viewcast.artifact a WHERE a.asset_id = u.id
         AND (a.version > (SELECT last_version - 10 FROM viewcast.asset WHERE id = u.id)
              OR EXISTS (SELECT FROM viewcast.alias l WHERE l.artifact_id = a.id))
     ) AS v ORDER BY v.asset_id, v.version DESC`,
    [ids],
  )

export interface EntryCheck {
  readonly name: string
  readonly column: string | null
  readonly severity: string
  readonly passed: boolean
  readonly at: string
  readonly run: string
}

/** The last result of each check. */
export const checks = ({ db }: Store, ids: readonly string[]): Promise<(EntryCheck & { of: string })[]> =>
  db.rows<EntryCheck & { of: string }>(
    `SELECT DISTINCT ON (c.asset_id, c.name, c.column_name) c.asset_id AS of, c.name, nullif(c.column_name, '') AS "column",
       c.severity, c.passed, c.at, c.execution_id AS run
     FROM viewcast.check_result c WHERE c.asset_id = ANY ($1::uuid[])
     ORDER BY c.asset_id, c.name, c.column_name, c.at DESC, c.execution_id DESC`,
    [ids],
  )

export interface RecordedFreshness {
  readonly at: string
  readonly newest: string | null
  readonly ageSeconds: number | null
  readonly status: string
}

/** The last freshness that was kept. */
export const recordedFreshness = (
  { db }: Store,
  ids: readonly string[],
): Promise<(RecordedFreshness & { of: string })[]> =>
  db.rows<RecordedFreshness & { of: string }>(
    `SELECT DISTINCT ON (asset_id) asset_id AS of, at, newest, age_seconds AS "ageSeconds", status
     FROM viewcast.freshness_result WHERE asset_id = ANY ($1::uuid[]) ORDER BY asset_id, at DESC`,
    [ids],
  )

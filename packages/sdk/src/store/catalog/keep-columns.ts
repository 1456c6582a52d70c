/** Columns of what is made by training and deploying, which no declaration has. */
import { type ModelRecord, outputs } from '@viewcast/compiler'
import { type AssetName, ensureAsset } from '../graph/assets.ts'
import type { Store } from '../store.ts'

/**
 * Says what a model returns, by the record of its newest version. Three statements.
 */
export const keepPredictionColumns = (store: Store, record: ModelRecord): Promise<void> =>
  keepColumns(
    store,
    { kind: 'prediction', name: record.name },
    outputs(record).map(({ name, type, description }) => ({ name, type, description })),
  )

/** Says which columns a deployed relation has, as the database has it. Three statements. */
export async function keepDeploymentColumns(store: Store, relation: string): Promise<void> {
  const columns = await store.db.rows<{ name: string; type: string; description: string | null }>(
    `SELECT a.attname AS name, t.typname AS type, d.description
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname || '.' || c.relname = $1
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY a.attnum`,
    [relation],
  )
  await keepColumns(store, { kind: 'deployment', name: relation }, columns)
}

async function keepColumns(
  store: Store,
  name: AssetName,
  columns: readonly { readonly name: string; readonly type: string; readonly description: string | null }[],
): Promise<void> {
  const asset = await ensureAsset(store, name)
  await store.db.query(
    `WITH given AS (
       SELECT u.name, u.type, u.ordinal::integer AS ordinal,
         CASE WHEN u.description IS NULL THEN '{}' ELSE jsonb_build_object('description', u.description) END AS commented
       FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS u(name, type, description, ordinal)
     ), dropped AS (
       UPDATE viewcast.asset_column SET dropped_at = clock_timestamp()
       WHERE asset_id = $1 AND dropped_at IS NULL AND name NOT IN (SELECT g.name FROM given g)
     )
     INSERT INTO viewcast.asset_column AS c (asset_id, name, ordinal, pg_type, commented)
     SELECT $1, g.name, g.ordinal, g.type, g.commented FROM given g
     ON CONFLICT (asset_id, name) DO UPDATE
       SET ordinal = excluded.ordinal, pg_type = excluded.pg_type, commented = excluded.commented, dropped_at = NULL
       WHERE (c.ordinal, c.commented) <> (excluded.ordinal, excluded.commented)
         OR c.pg_type IS DISTINCT FROM excluded.pg_type OR c.dropped_at IS NOT NULL`,
    [asset, columns.map((c) => c.name), columns.map((c) => c.type), columns.map((c) => c.description)],
  )
}

/** Copies of datasets as tables of the database. */
import { fail, quoteIdentifier, quoteText } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { isDatabaseError } from '../../database/database-error.ts'
import { newId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { digestOf } from './digest.ts'
import { copiedColumns } from './exact-columns.ts'
import {
  type DatasetContent,
  type DatasetVersion,
  hashesOf,
  keepUse,
  keepVersion,
  type RegisterDatasetOptions,
} from './register-dataset.ts'
import { datasetVersion } from './versions.ts'

export interface SnapshotOptions extends RegisterDatasetOptions {
  /** Schema of the table, which is there; default `public`. */
  readonly schema?: string
}

export interface SnapshotTable extends DatasetVersion {
  readonly schema: string
  readonly table: string
}

/**
 * Registers the rows of a query as a version of a dataset and keeps them as a table, `<dataset>_v<version>`, with a comment
 * that says so. A version that has one already keeps it.
 *
 * The table is made by one statement and the digest is that of the table, so both are the same rows; all of it is one
 * transaction. Costs running the query, writing its rows and one pass over them. Who trains on the table trains on the version.
 *
 * Errors: those of {@link registerDataset}; `dataset/copy` for a name that is taken; what the database refuses.
 *
 * @example
 * ```ts
 * await snapshotDataset(store, { name: 'churn', query: 'SELECT * FROM churn_features' }, { schema: 'snapshots' })
 * // { version: 3, schema: 'snapshots', table: 'churn_v3', … }
 * ```
 * ```sql
 * CREATE TABLE snapshots.churn_v3 AS SELECT * FROM churn_features;
 * COMMENT ON TABLE snapshots.churn_v3 IS 'viewcast: dataset churn version 3, …';
 * ```
 */
export async function snapshotDataset(
  store: Store,
  content: Omit<DatasetContent, 'digest'>,
  options: SnapshotOptions = {},
): Promise<SnapshotTable> {
  const schema = options.schema ?? 'public'
  const views = await hashesOf(store, content)
  return atomically(store, async (inside) => {
    const { db } = inside
    const copied = await copiedColumns(db, content.query, content.name)
    const draft = tableName(content.name, `_${newId().slice(-12)}`)
    const at = (table: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
    const query = content.query.replace(/;\s*$/, '')
    await db.query(`CREATE TABLE ${at(draft)} AS\n${query}`, [], options.signal ? { signal: options.signal } : {})
    const columns = await db.describe(`SELECT * FROM ${at(draft)}`)
    const digest = await digestOf(db, { table: at(draft) }, columns, copied, {
      title: content.name,
      ...(content.precision ? { precision: content.precision } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    const artifact = await keepVersion(inside, content, digest, views)
    if (options.run !== undefined) await keepUse(inside, artifact.id, options.run, content, views, options.role)
    const known = await tableOf(db, artifact.id)
    if (known) {
      await db.execute(`DROP TABLE ${at(draft)}`)
      return { ...artifact, digest, ...known }
    }
    const table = tableName(content.name, `_v${artifact.version}`)
    await rename(db, content.name, at(draft), schema, table)
    await db.execute(
      `COMMENT ON TABLE ${at(table)} IS ${quoteText(comment(content.name, artifact.version, digest.digest))}`,
    )
    await db.query(
      `INSERT INTO viewcast.dataset_copy (id, artifact_id, kind, table_schema, table_name, created_by) VALUES ($1, $2, 'table', $3, $4, $5)`,
      [newId(), artifact.id, schema, table, store.actor],
    )
    return { ...artifact, digest, schema, table }
  })
}

/** Identifiers have 63 bytes. */
function tableName(dataset: string, end: string): string {
  const bytes = Buffer.from(dataset)
  let length = Math.min(bytes.length, 63 - end.length)
  // Not within a character.
  while (length > 0 && length < bytes.length && ((bytes[length] ?? 0) & 0xc0) === 0x80) length--
  return bytes.subarray(0, length).toString() + end
}

const comment = (dataset: string, version: number, digest: string): string =>
  `viewcast: dataset ${dataset} version ${version}, digest ${digest}`

async function tableOf(db: Database, artifact: string): Promise<{ schema: string; table: string } | undefined> {
  const [row] = await db.rows<{ schema: string; table: string }>(
    `SELECT table_schema AS schema, table_name AS table FROM viewcast.dataset_copy c
     WHERE artifact_id = $1 AND kind = 'table' AND dropped_at IS NULL
       AND EXISTS (SELECT FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
                   WHERE (n.nspname, r.relname) = (c.table_schema, c.table_name))`,
    [artifact],
  )
  return row
}

async function rename(db: Database, dataset: string, from: string, schema: string, table: string): Promise<void> {
  try {
    await db.transaction((tx) => tx.execute(`ALTER TABLE ${from} RENAME TO ${quoteIdentifier(table)}`))
  } catch (e) {
    if (!isDatabaseError(e) || e.sqlState !== '42P07') throw e
    fail('dataset/copy', { dataset, detail: `the table ${schema}.${table} is there already, and is no copy of it` })
  }
}

/**
 * Drops the table that keeps a version; the version stays. What depends on the table stops it, nothing is dropped along.
 * A table that is no longer there is only forgotten.
 *
 * Errors: `dataset/unknown-version`; `dataset/copy` when there is none, or when the table of that name is another one now.
 *
 * @example
 * ```ts
 * await dropSnapshot(store, 'churn', 3) // 'snapshots.churn_v3'
 * ```
 */
export async function dropSnapshot(store: Store, dataset: string, selector?: number | string): Promise<string> {
  return atomically(store, async (inside) => {
    const { db } = inside
    const version = await datasetVersion(inside, dataset, selector)
    const [copy] = await db.rows<{ id: string; schema: string; table: string; comment: string | null; there: boolean }>(
      `SELECT c.id, c.table_schema AS schema, c.table_name AS table, r.oid IS NOT NULL AS there,
              pg_catalog.obj_description(r.oid, 'pg_class') AS comment
       FROM viewcast.dataset_copy c
       LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = c.table_schema
       LEFT JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = c.table_name
       WHERE c.artifact_id = $1 AND c.kind = 'table' AND c.dropped_at IS NULL FOR UPDATE OF c`,
      [version.id],
    )
    if (!copy) return fail('dataset/copy', { dataset, detail: `version ${version.version} is not kept as a table` })
    const name = `${copy.schema}.${copy.table}`
    if (copy.there) {
      if (copy.comment !== comment(dataset, version.version, version.digest)) {
        fail('dataset/copy', {
          dataset,
          detail: `the table ${name} is another one now; its comment says what it was made of`,
        })
      }
      await db.execute(`DROP TABLE ${quoteIdentifier(copy.schema)}.${quoteIdentifier(copy.table)}`)
    }
    await db.query('SELECT viewcast.mark_copy_dropped($1, $2)', [copy.id, store.actor])
    return name
  })
}

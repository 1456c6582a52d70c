/** Copies of datasets as files: Parquet or CSV, with a pointer for DVC. */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Column, fail } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { newId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { atSnapshot } from './at-snapshot.ts'
import type { Precision } from './canonical.ts'
import { csvLines } from './csv-lines.ts'
import { digestRows } from './digest.ts'
import { parquetColumns, parquetRows } from './parquet-columns.ts'
import { type DatasetVersionDetails, datasetVersion } from './versions.ts'

export interface ExportOptions {
  /** By default what the path ends in: `.parquet` or `.csv`. */
  readonly format?: 'parquet' | 'csv'
  /** Whether a pointer for DVC 3 is written beside the file, `<path>.dvc`. Default false. */
  readonly dvc?: boolean
  /** Whether a file that is there and is no copy of a dataset is replaced. Default false. */
  readonly overwrite?: boolean
  readonly onProgress?: (rows: number, total: number) => void
  readonly signal?: AbortSignal
}

export interface ExportedFile {
  readonly path: string
  readonly format: 'parquet' | 'csv'
  readonly version: number
  readonly rows: number
  readonly md5: string
  readonly size: number
  /** Path of the pointer. */
  readonly pointer?: string
}

/**
 * Writes the rows of a version to a file, whole or not at all, and remembers it with its MD5.
 *
 * The rows are those of the version's table, or of its query where that still gives the same rows, which the digest says on
 * the snapshot that is written. Parquet has its own types, exactly; CSV follows RFC 4180, with NULL as nothing and '' as `""`.
 * Memory holds 50,000 rows. Costs one pass for the digest, one for the file, and one for widths of numerics and instants.
 *
 * Errors: `dataset/unknown-version`; `dataset/copy` when the rows are not what they were, and for a file that is something else;
 * `cli/file` when it cannot be written.
 *
 * @example
 * ```ts
 * await exportDataset(store, 'departures', 3, 'data/departures.parquet', { dvc: true })
 * // { md5: '5d41…', size: 1048576, pointer: 'data/departures.parquet.dvc', … }
 * ```
 */
export async function exportDataset(
  store: Store,
  dataset: string,
  selector: number | string | undefined,
  path: string,
  options: ExportOptions = {},
): Promise<ExportedFile> {
  const version = await datasetVersion(store, dataset, selector)
  const format = options.format ?? formatOf(dataset, path)
  await refuseForeign(store, dataset, path, options)
  const draft = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await atSnapshot(store.db, async (tx) => {
      const { from, columns } = await rowsOf(tx, version, options)
      const write = format === 'csv' ? writeCsv : writeParquet
      await write(tx, from, columns, draft, (rows) => options.onProgress?.(rows, version.rows), options.signal)
    })
    const { md5, size } = await sumOf(draft)
    await rename(draft, path)
    const pointer = `${path}.dvc`
    if (options.dvc) await writeFile(pointer, dvcPointer(basename(path), md5, size))
    await remember(store, version.id, format, path, md5, size)
    return {
      path,
      format,
      version: version.version,
      rows: version.rows,
      md5,
      size,
      ...(options.dvc ? { pointer } : {}),
    }
  } catch (e) {
    await rm(draft, { force: true }).catch(() => undefined)
    const { code } = e as NodeJS.ErrnoException
    if (code !== undefined && /^E[A-Z]+$/.test(code)) fail('cli/file', { file: path, detail: (e as Error).message })
    throw e
  }
}

function formatOf(dataset: string, path: string): 'parquet' | 'csv' {
  if (/\.parquet$/i.test(path)) return 'parquet'
  if (/\.csv$/i.test(path)) return 'csv'
  return fail('dataset/copy', {
    dataset,
    detail: `${path} ends in neither .parquet nor .csv`,
    hint: 'Name the format.',
  })
}

async function refuseForeign(
  { db }: Store,
  dataset: string,
  path: string,
  { overwrite }: ExportOptions,
): Promise<void> {
  if (overwrite || !(await stat(path).catch(() => undefined))) return
  const ours = await db.rows('SELECT FROM viewcast.dataset_copy WHERE path = $1 AND dropped_at IS NULL', [path])
  if (ours.length === 0)
    fail('dataset/copy', { dataset, detail: `the file ${path} is there already, and is no copy of a dataset` })
}

/** The table of a version, or its query. */
async function rowsOf(
  tx: Database,
  version: DatasetVersionDetails,
  { signal }: ExportOptions,
): Promise<{ from: string; columns: readonly Column[] }> {
  const [table] = await tx.rows<{ from: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS from FROM viewcast.dataset_copy
     WHERE artifact_id = $1 AND kind = 'table' AND dropped_at IS NULL AND to_regclass(format('%I.%I', table_schema, table_name)) IS NOT NULL`,
    [version.id],
  )
  const query = table === undefined ? version.query.replace(/;\s*$/, '') : `SELECT * FROM ${table.from}`
  const precision = Object.fromEntries(
    version.columns.flatMap((c): [string, Precision][] => (c.precision ? [[c.name, c.precision]] : [])),
  )
  const { digest } = await digestRows(tx, query, { title: version.dataset, precision, ...(signal ? { signal } : {}) })
  if (digest !== version.digest) {
    fail('dataset/copy', {
      dataset: version.dataset,
      detail: `${table === undefined ? 'its query' : `its table ${table.from}`} has other rows now than version ${version.version}`,
      hint: 'Register the rows there are as the next version, or export a version that is kept as a table.',
    })
  }
  return { from: `(\n${query}\n)`, columns: await tx.describe(query) }
}

type Write = (
  tx: Database,
  from: string,
  columns: readonly Column[],
  file: string,
  told: (rows: number) => void,
  signal: AbortSignal | undefined,
) => Promise<void>

const writeCsv: Write = async (tx, from, columns, file, told, signal) => {
  const names = columns.map((_, i) => `c${i}`)
  const sql = `SELECT ${names.map((c) => `q.${c}::text`).join(', ')} FROM ${from} AS q (${names.join(', ')})`
  const batches = tx.stream(sql, signal ? { signal } : {})
  await pipeline(
    Readable.from(
      csvLines(
        columns.map((c) => c.name),
        batches,
        told,
      ),
    ),
    createWriteStream(file),
  )
}

const rowsPerGroup = 50_000

const writeParquet: Write = async (tx, from, columns, file, told, signal) => {
  const { fileWriter, ParquetWriter } = await import('hyparquet-writer')
  const wanted = await parquetColumns(tx, from, columns)
  const schema = [{ name: 'root', num_children: wanted.length }, ...wanted.map((c) => c.element)]
  const writer = new ParquetWriter({ writer: fileWriter(file), schema, createdBy: 'viewcast' })
  let group: unknown[][] = wanted.map(() => [])
  let rows = 0
  const flush = async (): Promise<void> => {
    const size = group[0]?.length ?? 0
    if (size > 0) {
      await writer.write({
        columnData: wanted.map((c, i) => ({ name: c.name, data: group[i] ?? [] })),
        rowGroupSize: size,
      })
    }
    group = wanted.map(() => [])
  }
  for await (const batch of tx.stream(parquetRows(from, wanted), signal ? { signal } : {})) {
    for (const row of batch) {
      for (const [i, c] of wanted.entries()) group[i]?.push(row[i] === null ? null : c.convert(row[i]))
    }
    rows += batch.length
    told(rows)
    if ((group[0]?.length ?? 0) >= rowsPerGroup) await flush()
  }
  await flush()
  await writer.finish()
}

async function sumOf(file: string): Promise<{ md5: string; size: number }> {
  const hash = createHash('md5')
  let size = 0
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer)
    size += (chunk as Buffer).length
  }
  return { md5: hash.digest('hex'), size }
}

/** DVC 3. The name in quotes, as JSON has them, is YAML whatever is in it. */
const dvcPointer = (name: string, md5: string, size: number): string =>
  `outs:\n- md5: ${md5}\n  size: ${size}\n  hash: md5\n  path: ${/^[\w-][\w.-]*$/.test(name) ? name : JSON.stringify(name)}\n`

async function remember(
  store: Store,
  artifact: string,
  kind: string,
  path: string,
  md5: string,
  size: number,
): Promise<void> {
  await atomically(store, async ({ db, actor }) => {
    // What was at that path is no more.
    await db.query(
      'SELECT viewcast.mark_copy_dropped(id, $2) FROM viewcast.dataset_copy WHERE path = $1 AND dropped_at IS NULL',
      [path, actor],
    )
    await db.query(
      'INSERT INTO viewcast.dataset_copy (id, artifact_id, kind, path, md5, size, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [newId(), artifact, kind, path, md5, size, actor],
    )
  })
}

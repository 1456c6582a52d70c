/** Files of a run, kept in the database: reports, plots, configurations, models. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fail } from '@viewcast/compiler'
import { isDatabaseError } from '../../database/database-error.ts'
import { isId } from '../new-id.ts'
import { atomically, type Store } from '../store.ts'
import { holdRun } from './hold.ts'
import { mediaTypeOf } from './media-type.ts'

export interface RunFile {
  /** With slashes: `plots/roc.svg`. */
  readonly path: string
  readonly mediaType: string | null
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** Where it is, when it is not in the store. */
  readonly uri: string | null
  readonly createdAt: string
}

/** Text, bytes, a file of this machine, or what is said of one that stays where it is. */
export type FileContent =
  | string
  | Uint8Array
  | { readonly file: string }
  | { readonly uri: string; readonly size: number; readonly sha256: string }

/** Bytes that a file in the store may have: 64 MiB. Larger ones are kept elsewhere, with `uri`. */
export const mostFileBytes = 64 * 1024 * 1024

/**
 * Keeps a file of a run. The same content again changes nothing; other content for a path takes the place of what was
 * there, for a role that may do more than append. The whole file is held in memory.
 *
 * Errors: `run/file` for a path that leaves the run's folder, for more than 64 MiB, and for other content that the role
 * may not replace; `run/not-active`.
 *
 * @param path relative, with slashes.
 *
 * @example
 * ```ts
 * await logFile(store, run.id, 'report.md', '# What we saw')
 * await logFile(store, run.id, 'plots/roc.svg', { file: 'out/roc.svg' })
 * ```
 */
export async function logFile(
  store: Store,
  run: string,
  path: string,
  content: FileContent,
  options: { readonly mediaType?: string } = {},
): Promise<RunFile> {
  checkPath(run, path)
  const { bytes, size, sha256, uri } = await contentOf(run, path, content)
  const kept = [run, path, options.mediaType ?? mediaTypeOf(path), size, sha256, bytes, uri]
  return atomically(store, async (inside) => {
    await holdRun(inside, run)
    const added = await inside.db.rows(
      `INSERT INTO viewcast.run_file (execution_id, path, media_type, size, sha256, content, uri)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (execution_id, path) DO NOTHING RETURNING path`,
      kept,
    )
    if (added.length === 0) await replace(inside, run, path, kept)
    const [file] = await select(inside, run, 'path = $2', path)
    return file ?? fail('run/file', { path, run, detail: 'it is not there' })
  })
}

/** Apart from adding: a role that may only append is granted the one and not the other. */
async function replace({ db }: Store, run: string, path: string, kept: readonly unknown[]): Promise<void> {
  const [other] = await db.rows(
    `SELECT FROM viewcast.run_file WHERE execution_id = $1 AND path = $2
       AND (media_type, size, sha256, uri) IS DISTINCT FROM ($3::text, $4::bigint, $5::text, $6::text)`,
    [...kept.slice(0, 5), kept[6]],
  )
  if (!other) return
  try {
    await db.query(
      `UPDATE viewcast.run_file SET media_type = $3, size = $4, sha256 = $5, content = $6, uri = $7,
         created_at = clock_timestamp() WHERE execution_id = $1 AND path = $2`,
      kept,
    )
  } catch (e) {
    if (!isDatabaseError(e) || e.sqlState !== '42501') throw e
    fail('run/file', { path, run, detail: 'it has other content, which this role may not replace' })
  }
}

/** Files of a run by path, those below a folder only if one is given. Their content is not read. */
export async function listFiles(store: Store, run: string, folder = ''): Promise<readonly RunFile[]> {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
  return isId(run) ? select(store, run, 'starts_with(path, $2)', prefix) : []
}

/**
 * The content of a file, checked against its hash.
 *
 * Errors: `run/file` when it is not there, is kept elsewhere, or is not what was written.
 */
export async function readRunFile(
  store: Store,
  run: string,
  path: string,
): Promise<RunFile & { readonly content: Uint8Array }> {
  const [file] = isId(run) ? await select(store, run, 'path = $2', path, ', content') : []
  if (!file) return fail('run/file', { path, run, detail: 'it is not there' })
  const content = file.content
  if (!content) return fail('run/file', { path, run, detail: `it is not in the store, but at ${file.uri}` })
  if (hash(content) !== file.sha256) {
    fail('run/file', { path, run, detail: 'its content is not what was written: the hash differs' })
  }
  return { ...file, content }
}

/** Takes a file away; false when it was not there. Errors: `run/not-active`. */
export function deleteRunFile(store: Store, run: string, path: string): Promise<boolean> {
  return atomically(store, async (inside) => {
    await holdRun(inside, run)
    const rows = await inside.db.rows(
      'DELETE FROM viewcast.run_file WHERE execution_id = $1 AND path = $2 RETURNING path',
      [run, path],
    )
    return rows.length > 0
  })
}

const select = ({ db }: Store, run: string, where: string, value: string, more = '') =>
  db.rows<RunFile & { readonly content?: Uint8Array | null }>(
    `SELECT path, media_type AS "mediaType", size::float8 AS size, sha256, uri, created_at AS "createdAt"${more}
     FROM viewcast.run_file WHERE execution_id = $1 AND ${where} ORDER BY path COLLATE "C"`,
    [run, value],
  )

function checkPath(run: string, path: string): void {
  const parts = path.split('/')
  const detail =
    path.length > 1000
      ? 'its path has more than 1000 characters'
      : /[\0\\]/.test(path) || parts.some((part) => part === '' || part === '.' || part === '..')
        ? 'a path is relative, with slashes, and without "." and ".."'
        : undefined
  if (detail !== undefined) fail('run/file', { path: path.replaceAll('\0', '\\0').slice(0, 200), run, detail })
}

async function contentOf(run: string, path: string, content: FileContent) {
  if (typeof content === 'object' && 'uri' in content) return { bytes: null, ...content }
  const bytes =
    typeof content === 'object' && 'file' in content ? await load(run, path, content.file) : toBytes(content)
  checkSize(run, path, bytes.byteLength)
  return { bytes, size: bytes.byteLength, sha256: hash(bytes), uri: null }
}

const toBytes = (content: string | Uint8Array): Buffer =>
  typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength)

async function load(run: string, path: string, file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    checkSize(run, path, size)
    return await readFile(file)
  } catch (e) {
    if (!(e instanceof Error && 'code' in e && 'syscall' in e)) throw e
    return fail('run/file', { path, run, detail: `${file} cannot be read (${String(e.code)})` })
  }
}

function checkSize(run: string, path: string, size: number): void {
  if (size <= mostFileBytes) return
  fail('run/file', {
    path,
    run,
    detail: `it has ${size} bytes, and ${mostFileBytes} is the most`,
    hint: 'Keep it elsewhere, and log its uri.',
  })
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

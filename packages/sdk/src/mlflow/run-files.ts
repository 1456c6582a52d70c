/** Files of runs, addressed as MLflow addresses artifacts: `<experiment>/<run>/artifacts/<path>`. */
import { logFile, readRunFile } from '../store/runs/files.ts'
import { atomically, type Store } from '../store/store.ts'
import { invalid, refuse } from './failure.ts'
import { uuidOf } from './ids.ts'
import type { JsonObject } from './proto-json.ts'
import { activeRun, anyRun } from './run-rows.ts'

export interface FilePlace {
  /** As it was asked for, for messages. */
  readonly run: string
  /** Below the run's files; empty for all of them. */
  readonly path: string
}

/** A relative path without detours, as it is; undefined otherwise. */
function plainPath(path: string): string | undefined {
  if (path === '') return ''
  const parts = path.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\0]/.test(path)
  return isPlain ? path : undefined
}

export function checkPath(path: string): string {
  return plainPath(path.replace(/\/+$/, '')) ?? invalid('Invalid path')
}

/** `<experiment>/<run>/artifacts/<path>`; undefined for what is no place of a run. */
export function filePlace(path: string): FilePlace | undefined {
  const [experiment = '', run = '', artifacts, ...rest] = path.split('/')
  return /^\d+$/.test(experiment) && uuidOf(run) !== undefined && artifacts === 'artifacts'
    ? { run, path: rest.join('/') }
    : undefined
}

/** Files and folders right below a path, by name. A path that is a file has nothing below it. */
export async function listFiles(store: Store, place: FilePlace): Promise<JsonObject[]> {
  const { uuid } = await anyRun(store, place.run)
  const folder = place.path === '' ? '' : `${place.path}/`
  const rows = await store.db.rows<{ name: string; is_dir: boolean; size: string }>(
    `SELECT split_part(rest, '/', 1) COLLATE "C" AS name, bool_or(strpos(rest, '/') > 0) AS is_dir, max(size) AS size
     FROM (SELECT substr(path, length($2) + 1) AS rest, size FROM viewcast.run_file
           WHERE execution_id = $1 AND starts_with(path, $2)) f
     GROUP BY 1 ORDER BY 1`,
    [uuid, folder],
  )
  return rows.map(({ name, is_dir, size }) => ({
    path: `${folder}${name}`,
    is_dir,
    ...(is_dir ? {} : { file_size: Number(size) }),
  }))
}

export interface FileContent {
  readonly content: Uint8Array
  readonly mediaType: string
}

export async function readFile(store: Store, place: FilePlace): Promise<FileContent> {
  const { uuid } = await anyRun(store, place.run)
  const { content, mediaType } = await readRunFile(store, uuid, place.path)
  // Whoever logged the file said so; what cannot be a header is not made one.
  return {
    content,
    mediaType: /^[\x20-\x7e]+$/.test(mediaType ?? '') ? (mediaType as string) : 'application/octet-stream',
  }
}

/** Writes a file whole; one that is there is replaced, as clients expect. */
export async function writeFile(
  store: Store,
  place: FilePlace,
  content: Uint8Array,
  mediaType?: string,
): Promise<void> {
  if (place.path === '') invalid('Invalid path')
  await atomically(store, async (inside) => {
    const run = await activeRun(inside, place.run)
    const [clash] = await inside.db.rows<{ path: string }>(
      `SELECT path FROM viewcast.run_file
       WHERE execution_id = $1 AND (starts_with(path, $2 || '/') OR starts_with($2, path || '/')) LIMIT 1`,
      [run, place.path],
    )
    if (clash) refuse('RESOURCE_ALREADY_EXISTS', `'${place.path}' cannot be a file beside '${clash.path}'`)
    await logFile(inside, run, place.path, content, mediaType === undefined ? {} : { mediaType })
  })
}

/** Removes a file, or a folder with what is in it. */
export async function deleteFiles(store: Store, place: FilePlace): Promise<void> {
  await atomically(store, async (inside) => {
    const run = await activeRun(inside, place.run)
    await inside.db.query(
      `DELETE FROM viewcast.run_file WHERE execution_id = $1 AND ($2 = '' OR path = $2 OR starts_with(path, $2 || '/'))`,
      [run, place.path],
    )
  })
}

/** The numbered SQL files of the store, as they are shipped. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Migration {
  readonly version: number
  /** `graph` of `0001_graph.sql`. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text; a file that changed after it was applied is noticed by it. */
  readonly hash: string
}

/** All migrations in order, 1 to n without gaps. */
export async function migrations(): Promise<readonly Migration[]> {
  // Beside this file in the sources, and beside the bundle when built.
  const folder = fileURLToPath(new URL('migrations/', import.meta.url))
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file) => {
      const sql = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n')
      const [, number = '', name = ''] = /^(\d+)_(.*)\.sql$/.exec(file) ?? []
      return { version: Number(number), name, sql, hash: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

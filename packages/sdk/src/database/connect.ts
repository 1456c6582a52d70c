import { fail } from '@viewcast/compiler/diagnostics'
import type { Database } from './database.ts'
import { redact } from './redact.ts'

export interface ConnectOptions {
  /** Called with the text of every NOTICE and WARNING the server sends. */
  readonly onNotice?: (text: string) => void
  /** Sessions of a server at most; default 8. The embedded engine has one. */
  readonly sessions?: number
  /** Settings each session of a server starts with, by name: `{ statement_timeout: '5s' }`. The embedded engine takes none. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Opens a database.
 *
 * Statements may run on different sessions of a server: settings and temporary tables belong into a transaction.
 * On the embedded engine an `AbortSignal` ends the engine's thread, and the next statement starts it again; `fsync` is
 * off there, so that a crash of the process loses nothing, but a power failure may.
 *
 * @param target `postgres://user@host:port/name` for a server (15 or later), a directory for the embedded engine (made
 * when missing, used by one process at a time), or `memory:` for an embedded database that goes when it is closed.
 * @returns the database; close it when done.
 *
 * Errors: `engine/target`, `engine/unreachable`, `engine/authentication`, `engine/no-database`, `engine/pooler`, `engine/version`,
 * `engine/locked`, `engine/failed`.
 *
 * @example
 * const db = await connect('.viewcast/data')
 * await db.rows('SELECT count(*) FROM flights')
 * await db.close()
 */
export async function connect(target: string, options: ConnectOptions = {}): Promise<Database> {
  // Each engine's code is loaded when it is asked for: the embedded one starts sooner without the server's.
  if (/^postgres(ql)?:\/\//i.test(target)) return (await import('./pg.ts')).connectPostgres(target, options)
  if (target === 'memory:') return (await import('./pglite.ts')).openTemporary(options.onNotice)
  const detail = notADirectory(target)
  if (detail !== undefined) fail('engine/target', { target: redact(target), detail })
  return (await import('./pglite.ts')).openEmbedded(target, options.onNotice)
}

function notADirectory(target: string): string | undefined {
  if (target.trim() === '') return 'it is empty'
  if (/^[\w.-]+:\d+(\/|$)/.test(target)) return 'an address begins with postgres://'
  // A drive letter is not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(target)?.[1]
  if (scheme !== undefined) return `viewcast does not speak ${scheme}`
  if (/(^|\s)(host|dbname|user|password)\s*=/.test(target)) return 'connections are written as a URL'
  return undefined
}

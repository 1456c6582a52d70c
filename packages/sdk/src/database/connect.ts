import { fail } from '@viewcast/compiler'
import type { Database } from './database.ts'
import { connectPostgres } from './pg.ts'
import { openEmbedded } from './pglite.ts'
import { redact } from './redact.ts'

export interface ConnectOptions {
  /** Called with the text of every NOTICE and WARNING the server sends. */
  readonly onNotice?: (text: string) => void
}

/**
 * Opens a database.
 *
 * @param target `postgres://…` for a server, `memory:` for a temporary embedded database, or a directory for an embedded
 * database, which is created when missing.
 */
export async function connect(target: string, options: ConnectOptions = {}): Promise<Database> {
  if (/^postgres(ql)?:\/\//i.test(target)) return connectPostgres(target, options)
  if (target === 'memory:') return openEmbedded(target, options)
  const detail = notADirectory(target)
  if (detail !== undefined) fail('engine/target', { target: redact(target), detail })
  return openEmbedded(target, options)
}

function notADirectory(target: string): string | undefined {
  if (target.trim() === '') return 'it is empty'
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(target)?.[1]
  return scheme === undefined ? undefined : `viewcast does not speak ${scheme}`
}

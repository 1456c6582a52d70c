/** Who writes where only reading is possible is told why that is, and where to go. */
import { diagnostic, ViewcastError } from '@viewcast/compiler/diagnostics'
import type { Database } from './database.ts'
import { isDatabaseError } from './database-error.ts'

/** Statements that write, and locks that only who writes can take. */
const refusals = ['25006', '55000']

/** The error of a transaction that has ended, as `engine/read-only` where the database may only be read; else as it is. */
export async function readOnlyRefusal(db: Database, e: unknown): Promise<unknown> {
  if (db.engine !== 'postgres' || !isDatabaseError(e) || !refusals.includes(e.sqlState)) return e
  const [may] = await db
    .rows<{ standby: boolean; readonly: boolean; source: string; role: string; database: string }>(
      `SELECT pg_is_in_recovery() AS standby, setting = 'on' AS readonly, source, format('%I', session_user) AS role,
              format('%I', current_database()) AS database
       FROM pg_settings WHERE name = 'default_transaction_read_only'`,
    )
    .catch(() => [])
  if (may === undefined || !(may.standby || may.readonly)) return e
  const target = db.description
  if (may.standby) {
    const hint = 'Connect to the primary: a standby replays what is done there. Plans and predictions can be made here.'
    return refused({ target, detail: 'it is a standby', hint })
  }
  const where = { user: `ROLE ${may.role}`, database: `DATABASE ${may.database}` }[may.source]
  const hint =
    where === undefined
      ? 'Connect with default_transaction_read_only = off, or as a role that may write.'
      : `Connect as a role that may write, or: ALTER ${where} RESET default_transaction_read_only`
  return refused({ target, detail: 'default_transaction_read_only is on', hint })
}

const refused = (parameters: Record<string, string>) => new ViewcastError([diagnostic('engine/read-only', parameters)])

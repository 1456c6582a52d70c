/** Reads from what is to be deployed, so that what fails only when it is run fails before it is there. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import { serverWords } from '../database/server-words.ts'
import { assetName, type ObjectName, quoted } from './object-name.ts'
import { isLockFailure } from './patience.ts'

/** Rows that are read: all columns of all of them are computed. */
const rowsRead = 100

/**
 * Runs the first rows of a query and rolls back. A query that takes longer than the time given is left alone: how fast it
 * is is not for a deployment to judge.
 *
 * @param time in milliseconds.
 *
 * Errors: `deploy/fails`; `engine/interrupted`.
 */
export async function tryQuery(
  db: Database,
  object: ObjectName,
  query: string,
  time: number,
  signal?: AbortSignal,
): Promise<string> {
  const undo = Symbol('undo')
  let rows = 0
  try {
    await db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL statement_timeout = ${time}`)
      const found = await tx.query(`SELECT * FROM (\n${query}\n) AS q LIMIT ${rowsRead}`, [], signal ? { signal } : {})
      rows = found.rows.length
      throw undo
    })
  } catch (e) {
    if (e === undo) return `${rows} rows read`
    if (!isDatabaseError(e) || isLockFailure(e)) throw e
    if (e.sqlState === '57014') return `reading was given up after ${time / 1000} s`
    fail('deploy/fails', { object: assetName(object), detail: serverWords(e) })
  }
  return ''
}

/** Reads from an object that is there; a function of ours is called without a key. */
export async function tryObject(db: Database, object: ObjectName, time: number, signal?: AbortSignal): Promise<string> {
  const [routine] = await db.rows<{ call: string }>(
    `SELECT coalesce((SELECT string_agg('NULL::' || format_type(t.type, NULL), ', ' ORDER BY t.at)
                      FROM unnest(p.proargtypes) WITH ORDINALITY t(type, at) WHERE t.at <= p.pronargs - p.pronargdefaults), '') AS call
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE (n.nspname, p.proname) = ($1, $2) AND obj_description(p.oid, 'pg_proc') LIKE 'viewcast:%' ORDER BY p.oid DESC LIMIT 1`,
    [object.schema, object.name],
  )
  const from = routine === undefined ? quoted(object) : `${quoted(object)}(${routine.call})`
  return tryQuery(db, object, `SELECT * FROM ${from}`, time, signal)
}

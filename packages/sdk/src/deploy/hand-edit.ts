/** Whether somebody changed an object by hand since viewcast left it. */
import type { Database } from '../database/database.ts'
import { sqlDifference } from '../store/registry/sql-difference.ts'
import type { Present } from './present.ts'
import type { LiveDeployment } from './state.ts'

/**
 * The unified diff of what was left and what is found; undefined where they are the same, or where nobody can tell. The text
 * is the server's own, and another major version may print the same object otherwise: what was left is then printed anew.
 */
export async function handEdit(
  db: Database,
  present: Present | undefined,
  live: Pick<LiveDeployment, 'kind' | 'leftHash' | 'leftServer' | 'leftDefinition'> | undefined,
): Promise<string | undefined> {
  if (!present || !live?.leftHash || live.leftHash === present.hash) return undefined
  const isSameServer = live.leftServer === (await serverMajor(db))
  const left = isSameServer ? live.leftDefinition : await printedNow(db, live)
  if (left === present.definition || (left === undefined && !isSameServer)) return undefined
  return sqlDifference(left ?? '', present.definition, ['as viewcast left it', 'as it is'])
}

/** By which texts that the server printed can be compared: 15, 18. */
export async function serverMajor(db: Database): Promise<number | undefined> {
  const [server] = await db.rows<{ major: number }>(
    `SELECT current_setting('server_version_num')::integer / 10000 AS major`,
  )
  return server?.major
}

/** Undefined for what cannot be made any more, or is no view. */
async function printedNow(
  db: Database,
  { kind, leftDefinition }: Pick<LiveDeployment, 'kind' | 'leftDefinition'>,
): Promise<string | undefined> {
  if (kind !== 'view' || leftDefinition === null) return undefined
  const undo = Symbol('undo')
  let printed: string | undefined
  try {
    await db.transaction(async (tx) => {
      await tx.execute(`CREATE TEMPORARY VIEW viewcast_reprint AS\n${leftDefinition}`)
      await tx.query(
        `SELECT set_config('search_path', 'pg_catalog', true), set_config('quote_all_identifiers', 'off', true)`,
      )
      const [row] = await tx.rows<{ text: string }>(
        `SELECT pg_get_viewdef('pg_temp.viewcast_reprint'::regclass) AS text`,
      )
      printed = row?.text
      throw undo
    })
  } catch {
    // Rolled back; a text that this server does not take says nothing about an edit.
  }
  return printed
}

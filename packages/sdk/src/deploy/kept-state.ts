/** What the store says of objects that were put aside; written in the transaction that moves them. */
import type { Database } from '../database/database.ts'
import { assetName, type ObjectName } from './object-name.ts'
import type { Owner } from './owner.ts'
import { inspect } from './present.ts'

/** What goes with an object when it is put aside. */
export interface PutAside extends Owner {
  readonly artifact: string
  readonly granted: readonly string[]
}

/** Says that a version is kept somewhere from now on, whose it is, and which of its grants are viewcast's. */
export async function keepAside(
  db: Database,
  { artifact, project, environment, granted }: PutAside,
  at: ObjectName,
): Promise<void> {
  // The place is free, so that one that the store knows there was dropped by hand.
  await keptNoMore(db, at)
  await db.query(
    `INSERT INTO viewcast.deployment_kept (artifact_id, place, project, environment, granted) VALUES ($1, $2, $3, $4, $5::text[])`,
    [artifact, assetName(at), project, environment, granted],
  )
}

/**
 * Says how it is there: a later edit by hand shows by it. To be called when it was moved. Of one that was edited before there
 * is no text by which it would be its version: nobody goes back to it by the number, and it is not collected.
 */
export async function keptAs(db: Database, at: ObjectName, isEdited: boolean): Promise<void> {
  const kept = isEdited ? undefined : await inspect(db, at)
  await db.query(
    `UPDATE viewcast.deployment_kept SET hash = $2, server = current_setting('server_version_num')::integer / 10000
     WHERE place = $1 AND until IS NULL`,
    [assetName(at), kept?.hash ?? null],
  )
}

/** Says that nothing of ours is there any more: it went back to its place, or was collected. */
export async function keptNoMore(db: Database, at: ObjectName): Promise<void> {
  await db.query('UPDATE viewcast.deployment_kept SET until = clock_timestamp() WHERE place = $1 AND until IS NULL', [
    assetName(at),
  ])
}

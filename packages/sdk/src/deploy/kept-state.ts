/** What the store says of objects that were put aside; written in the transaction that moves them. */
import type { Database } from '../database/database.ts'
import { assetName, type ObjectName } from './object-name.ts'
import { inspect } from './present.ts'

/** Says that a version is kept somewhere from now on. */
export async function keepAside(db: Database, artifact: string, at: ObjectName): Promise<void> {
  await db.query('INSERT INTO viewcast.deployment_kept (artifact_id, place) VALUES ($1, $2)', [artifact, assetName(at)])
}

/** Says how it is there: a later edit by hand shows by it. To be called when it was moved. */
export async function keptAs(db: Database, at: ObjectName): Promise<void> {
  const kept = await inspect(db, at)
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

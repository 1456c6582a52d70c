/** Experiments: what runs are compared within. */
import { newId } from '../new-id.ts'
import type { Store } from '../store.ts'

/** Id of the experiment of a name, made when it is not there. */
export async function ensureExperiment({ db }: Store, name: string): Promise<string> {
  await db.query(
    `INSERT INTO viewcast.context (id, kind, name) VALUES ($1, 'experiment', $2)
     ON CONFLICT (kind, name) WHERE lifecycle = 'active' DO NOTHING`,
    [newId(), name],
  )
  const [row] = await db.rows<{ id: string }>(
    `SELECT id FROM viewcast.context WHERE kind = 'experiment' AND name = $1 AND lifecycle = 'active'`,
    [name],
  )
  return row?.id as string
}

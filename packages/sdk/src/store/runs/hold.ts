import { fail } from '@viewcast/compiler'
import { isId } from '../new-id.ts'
import type { Store } from '../store.ts'

/** Makes sure that a run is there and not deleted; it stays there until the transaction ends. Errors: `run/not-active`. */
export async function holdRun({ db }: Store, id: string): Promise<void> {
  const rows = isId(id)
    ? await db.rows(`SELECT FROM viewcast.execution WHERE id = $1 AND lifecycle = 'active' FOR KEY SHARE`, [id])
    : []
  if (rows.length === 0) fail('run/not-active', { run: id })
}

import type { Store } from '../store.ts'

/** Those of some relations that carry a prediction query. */
export async function deployedAmong({ db }: Store, relations: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const rows = await db.rows<{ name: string }>(
    `SELECT name FROM viewcast.asset
     WHERE kind = 'deployment' AND namespace = 'database' AND name = ANY ($1::text[])`,
    [[...relations]],
  )
  return new Set(rows.map((r) => r.name))
}

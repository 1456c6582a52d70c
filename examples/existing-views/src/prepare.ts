import type { Database } from '@viewcast/sdk'
import { rows, tables } from './data.ts'
import { views } from './views.ts'

/** The database holds something of our names that is not ours; it is left alone. */
export class ForeignTables extends Error {
  override readonly name = 'ForeignTables'
}

const stamp = 'viewcast example existing-views'
const relations = [...`${tables}${views}`.matchAll(/CREATE (TABLE|VIEW) ("\w+")/g)].map(([, kind = '', name = '']) => ({
  kind,
  name,
}))

/** Base tables and their rows, without any view, in the schema `public`. */
export const createTables = (db: Database): Promise<void> =>
  db.transaction((tx) =>
    tx.execute(`SET LOCAL search_path = public;${tables};${rows};\nANALYZE "Customer", "Visit", "Order"`),
  )

/**
 * Makes the database somebody else has had for years: tables, rows and views, in the schema `public`, all or nothing.
 * What this made before is used again; a table or view of the same name that it did not make is refused, untouched.
 */
export async function prepare(db: Database): Promise<void> {
  const found = await db.rows<{ name: string; comment: string | null }>(
    `SELECT name, obj_description(to_regclass('public.' || name), 'pg_class') AS comment
       FROM unnest($1::text[]) AS name WHERE to_regclass('public.' || name) IS NOT NULL`,
    [relations.map((r) => r.name)],
  )
  const ours = found.filter((f) => f.comment === stamp)
  if (ours.length === relations.length) return
  if (found.length > 0) {
    throw new ForeignTables(
      `${db.description} has ${found.map((f) => f.name).join(', ')} already, not made by this example, or not all of them there. Give it a database of its own.`,
    )
  }
  await db.transaction(async (tx) => {
    await createTables(tx)
    await tx.execute(`SET LOCAL search_path = public;${views};
      ${relations.map((r) => `COMMENT ON ${r.kind} ${r.name} IS '${stamp}'`).join(';\n')}`)
  })
}

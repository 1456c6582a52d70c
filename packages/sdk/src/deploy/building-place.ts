/** Where a new object is made and filled before it takes its place; nobody ever sees it, as it is gone at the commit. */
import type { Database } from '../database/database.ts'
import { besideSchema, hashedSchema } from './kept-place.ts'
import type { ObjectName } from './object-name.ts'

/**
 * A schema of its own for each object, `scoring__delay15__next`, because the objects of a plan are made side by side. One of
 * somebody else that is called so is passed over.
 */
export async function buildingPlace(db: Database, object: ObjectName): Promise<ObjectName> {
  for (let n = 1; ; n++) {
    const schema = buildingSchema(object, n === 1 ? 'next' : `next_${n}`)
    const [found] = await db.rows('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
    if (!found) return { schema, name: object.name }
  }
}

/** Different for different objects: `a` with `b__c` and `a__b` with `c` join to one text, and get a hash of their parts. */
export function buildingSchema({ schema, name }: ObjectName, suffix: string): string {
  const joined = `${schema}__${name}`
  const isCertain = joined.indexOf('__') === joined.lastIndexOf('__')
  const whole = besideSchema(joined, suffix)
  return isCertain && whole.startsWith(`${joined}__`)
    ? whole
    : hashedSchema(joined, suffix, JSON.stringify([schema, name]))
}

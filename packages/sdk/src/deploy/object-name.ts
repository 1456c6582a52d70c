/** Where a deployment is: a schema and a name in it. */
import { diagnostic, nearParameter, quoteName, ViewcastError } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'

export interface ObjectName {
  readonly schema: string
  readonly name: string
}

/** `schema.name`, unquoted: the name of its asset in the store. */
export const assetName = ({ schema, name }: ObjectName): string => `${schema}.${name}`

/** As SQL writes it. */
export const quoted = (object: ObjectName): string => quoteName(object)

/**
 * A name as it was given: `schema.name`, or a name for the schema given, or else for the first of the search path.
 *
 * Errors: `view/unknown-relation` for a schema that is not there, with the nearest one.
 */
export async function objectName(db: Database, given: string, schema?: string): Promise<ObjectName> {
  const dot = schema === undefined ? given.indexOf('.') : -1
  const wanted = dot > 0 ? given.slice(0, dot) : schema
  const name = dot > 0 ? given.slice(dot + 1) : given
  if (wanted === undefined) {
    const [row] = await db.rows<{ s: string | null }>('SELECT current_schema()::text AS s')
    return { schema: row?.s ?? 'public', name }
  }
  const schemas = await db.rows<{ s: string }>('SELECT nspname::text AS s FROM pg_namespace')
  const names = schemas.map((r) => r.s)
  if (names.includes(wanted)) return { schema: wanted, name }
  throw new ViewcastError([
    diagnostic('view/unknown-relation', {
      view: `deployment "${given}"`,
      relation: `schema ${wanted}`,
      ...nearParameter(wanted, names),
    }),
  ])
}

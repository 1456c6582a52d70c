/** Where a deployment is: a schema and a name in it. */
import { fail, nearParameter, quoteName } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'

export interface ObjectName {
  readonly schema: string
  readonly name: string
}

/** `schema.name`, unquoted: the name of its asset in the store. */
export const assetName = ({ schema, name }: ObjectName): string => `${schema}.${name}`

/** The object of an asset's name: no schema with a dot in its name gets as far as having one. */
export function objectOf(asset: string): ObjectName {
  const dot = asset.indexOf('.')
  return { schema: asset.slice(0, dot), name: asset.slice(dot + 1) }
}

/** As SQL writes it. */
export const quoted = (object: ObjectName): string => quoteName(object)

export interface ResolvedName {
  readonly object: ObjectName
  /** Of a schema that is not there: the nearest one by name that is. */
  readonly missing?: { readonly near?: string }
}

/**
 * A name as it was given: `schema.name`, or a name for the schema given, or else for the first of the search path.
 *
 * Errors: `define/option` for a schema with a dot in its name, as the store could not tell it from the object's.
 */
export async function resolvedName(db: Database, given: string, schema?: string): Promise<ResolvedName> {
  const found = await lookedUp(db, given, schema)
  if (!found.object.schema.includes('.')) return found
  const detail = `is "${found.object.schema}", with a dot in its name`
  const hint = 'Name a schema without one: the store knows an object as schema.name.'
  return fail('define/option', { option: 'schema', what: `deployment "${given}"`, detail, hint })
}

async function lookedUp(db: Database, given: string, schema: string | undefined): Promise<ResolvedName> {
  const dot = schema === undefined ? given.indexOf('.') : -1
  const wanted = dot > 0 ? given.slice(0, dot) : schema
  const name = dot > 0 ? given.slice(dot + 1) : given
  if (wanted === undefined) {
    const [row] = await db.rows<{ s: string | null }>('SELECT current_schema()::text AS s')
    return { object: { schema: row?.s ?? 'public', name } }
  }
  const schemas = await db.rows<{ s: string }>('SELECT nspname::text AS s FROM pg_namespace')
  const names = schemas.map((r) => r.s)
  const object = { schema: wanted, name }
  if (names.includes(wanted)) return { object }
  const own = names.filter((n) => !n.startsWith('pg_') && n !== 'information_schema' && n !== 'viewcast')
  return { object, missing: nearParameter(wanted, own) }
}

/**
 * A name of something that is there by then. Errors: `view/unknown-relation` for a schema that is not there, with the nearest
 * one.
 */
export async function objectName(db: Database, given: string, schema?: string): Promise<ObjectName> {
  const { object, missing } = await resolvedName(db, given, schema)
  if (missing === undefined) return object
  const what = { view: `deployment "${given}"`, relation: `schema ${object.schema}` }
  return fail('view/unknown-relation', { ...what, ...missing })
}

/** Where the old one goes when an object is exchanged: a schema beside its own, with the number of its version. */
import { createHash } from 'node:crypto'
import { quoteIdentifier, quoteText } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import type { ObjectName } from './object-name.ts'

export interface KeptPlace {
  readonly at: ObjectName
  /** What makes it, where it is not there yet. */
  readonly statements: readonly string[]
}

/** Starts the comment of a schema of ours: of no other is ever anything dropped. */
export const keptSchemaMark = 'viewcast: earlier versions of '

/** The longest name of PostgreSQL, in bytes; it would cut longer ones silently, and two could become one. */
const longest = 63

/** `scoring__v3`; of a long name its beginning and a hash. */
export function besideSchema(schema: string, suffix: string): string {
  const whole = `${schema}__${suffix}`
  return Buffer.byteLength(whole) <= longest ? whole : hashedSchema(schema, suffix, schema)
}

/** `scoring_1f3a9c07__next`: the beginning of a name, with a hash of what it stands for. */
export function hashedSchema(name: string, suffix: string, standsFor: string): string {
  const hash = createHash('sha256').update(standsFor).digest('hex').slice(0, 8)
  let start = name
  while (Buffer.byteLength(`${start}_${hash}__${suffix}`) > longest) start = [...start].slice(0, -1).join('')
  return `${start}_${hash}__${suffix}`
}

/**
 * The first of `<schema>__v<version>`, `<schema>__v<version>_2`, … that is not there yet, or is ours and has nothing of the
 * object's name, or of one of its indexes, which go with it. Who may use the object's schema may use it.
 */
export async function keptPlace(db: Database, { schema, name }: ObjectName, version: number): Promise<KeptPlace> {
  for (let n = 1; ; n++) {
    const kept = besideSchema(schema, n === 1 ? `v${version}` : `v${version}_${n}`)
    const [found] = await db.rows<{ usable: boolean; own: boolean; taken: boolean }>(
      `SELECT pg_has_role(n.nspowner, 'USAGE') AND has_database_privilege(current_database(), 'CREATE') AS own,
               coalesce(starts_with(obj_description(n.oid, 'pg_namespace'), $3), false) AND has_schema_privilege(n.oid, 'CREATE') AS usable,
              EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = $2)
                OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = $2)
                OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = n.oid AND t.typname = $2)
                OR EXISTS (SELECT FROM pg_class r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
                           JOIN pg_class c ON c.relname = x.relname
                           WHERE r.relname = $2 AND r.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $4)
                             AND c.relnamespace = n.oid) AS taken
       FROM pg_namespace n WHERE n.nspname = $1`,
      [kept, name, keptSchemaMark, schema],
    )
    const at = { schema: kept, name }
    if (found && (!found.usable || found.taken)) continue
    // Made again if it is collected, because it is empty, before it is needed.
    return { at, statements: found && !found.own ? [] : await making(db, schema, kept) }
  }
}

async function making(db: Database, schema: string, kept: string): Promise<string[]> {
  const users = await db.rows<{ role: string }>(
    `SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS role
     FROM pg_namespace n, aclexplode(n.nspacl) a
     WHERE n.nspname = $1 AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner
     ORDER BY 1`,
    [schema],
  )
  const name = quoteIdentifier(kept)
  return [
    `CREATE SCHEMA IF NOT EXISTS ${name}`,
    `COMMENT ON SCHEMA ${name} IS ${quoteText(`${keptSchemaMark}${schema}`)}`,
    ...users.map(({ role }) => `GRANT USAGE ON SCHEMA ${name} TO ${role}`),
  ]
}

/** What the role may not do that a change asks for, with the statement that lets it. */
import { type Diagnostic, diagnostic, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { assetName, quoted } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect } from './present.ts'
import { toldOnce } from './told-once.ts'

/** Of all changes at once. Codes: `deploy/forbidden`; `deploy/moved` for a schema that is gone. */
export async function forbidden(db: Database, changes: readonly PlannedChange[]): Promise<Diagnostic[]> {
  const found: Diagnostic[] = []
  for (const change of changes) found.push(...(await forbiddenFor(db, change)))
  return toldOnce(found)
}

async function forbiddenFor(db: Database, change: PlannedChange): Promise<Diagnostic[]> {
  const { object } = change
  const present = await inspect(db, object)
  const [may] = await db.rows<{
    role: string
    usage: boolean | null
    create: boolean
    own: boolean | null
    database: string
    schemas: boolean
  }>(
    `SELECT current_user::text AS role, has_schema_privilege(n.oid, 'USAGE') AS usage,
            coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS "create", pg_has_role(r.oid, 'USAGE') AS own,
            current_database()::text AS database, has_database_privilege(current_database(), 'CREATE') AS schemas
     FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1 LEFT JOIN pg_roles r ON r.rolname = $2`,
    [object.schema, present?.owner ?? null],
  )
  if (may === undefined) return []
  const role = quoteIdentifier(may.role)
  const refused: Diagnostic[] = []
  const makesSchema = change.statements.some((sql) => /^CREATE SCHEMA/i.test(sql))
  // PostgreSQL asks for it even where the schema is there already.
  if (makesSchema && !may.schemas) {
    const statement = `GRANT CREATE ON DATABASE ${quoteIdentifier(may.database)} TO ${role}`
    refused.push(diagnostic('deploy/forbidden', { role, what: 'create schemas in this database', statement }))
  }
  if (may.usage === null && makesSchema) return refused
  if (may.usage === null) return [diagnostic('deploy/moved', { object: assetName(object), what: 'schema' })]
  const schema = quoteIdentifier(object.schema)
  // Of what is there only to be described otherwise, its schema has to be open.
  const isEnough = may.usage && (may.create || change.class === 'metadata')
  if (!isEnough) {
    const [what, privileges] = change.class === 'metadata' ? ['use', 'USAGE'] : ['create in', 'USAGE, CREATE']
    const statement = `GRANT ${privileges} ON SCHEMA ${schema} TO ${role}`
    refused.push(diagnostic('deploy/forbidden', { role, what: `${what} schema ${schema}`, statement }))
  }
  if (present && may.own === false) {
    const owner = quoteIdentifier(present.owner)
    const kind = present.kind === 'other' ? 'TABLE' : present.kind.toUpperCase()
    const statement = `GRANT ${owner} TO ${role}, or: ALTER ${kind} ${quoted(object)} OWNER TO ${role}`
    refused.push(
      diagnostic('deploy/forbidden', { role, what: `change ${quoted(object)}, which belongs to ${owner}`, statement }),
    )
  }
  return refused
}

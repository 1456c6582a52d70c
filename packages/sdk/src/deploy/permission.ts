/** What the role may not do that a change asks for, with the statement that lets it. */
import { type Diagnostic, diagnostic, quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { assetName, quoted } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect } from './present.ts'

/** Of all changes at once. Codes: `deploy/forbidden`; `deploy/moved` for a schema that is gone. */
export async function forbidden(db: Database, changes: readonly PlannedChange[]): Promise<Diagnostic[]> {
  const found: Diagnostic[] = []
  for (const change of changes) found.push(...(await forbiddenFor(db, change)))
  return found
}

async function forbiddenFor(db: Database, change: PlannedChange): Promise<Diagnostic[]> {
  const { object } = change
  const present = await inspect(db, object)
  const [may] = await db.rows<{
    role: string
    database: string
    schemas: boolean
    create: boolean | null
    own: boolean | null
  }>(
    `SELECT current_user::text AS role, current_database()::text AS database,
            has_database_privilege(current_database(), 'CREATE') AS schemas, has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') AS "create",
            pg_has_role(r.oid, 'USAGE') AS own
     FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1 LEFT JOIN pg_roles r ON r.rolname = $2`,
    [object.schema, present?.owner ?? null],
  )
  const makesSchema = change.statements.some((sql) => /^CREATE SCHEMA/i.test(sql))
  if (may === undefined) return []
  if (makesSchema && !may.schemas) {
    const statement = `GRANT CREATE ON DATABASE ${quoteIdentifier(may.database)} TO ${quoteIdentifier(may.role)}`
    return [
      diagnostic('deploy/forbidden', {
        role: quoteIdentifier(may.role),
        what: 'create schemas in this database',
        statement,
      }),
    ]
  }
  if (may.create === null && makesSchema) return []
  if (may.create === null) return [diagnostic('deploy/moved', { object: assetName(object), what: 'schema' })]
  const role = quoteIdentifier(may.role)
  const refused: Diagnostic[] = []
  const schema = quoteIdentifier(object.schema)
  if (!may.create && change.class !== 'metadata') {
    const statement = `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`
    refused.push(diagnostic('deploy/forbidden', { role, what: `create in schema ${schema}`, statement }))
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

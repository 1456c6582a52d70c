/** What roles lack so that a deployment can be made, and read once it is there, as sentences with what to run. */
import { quoteIdentifier, quoteName } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { DryRun } from '../dry-run.ts'
import { quoted } from '../object-name.ts'
import type { PlannedChange } from '../plan-data.ts'
import type { Present } from '../present.ts'

export interface Access {
  /** `role analyst may not read …: GRANT …;` */
  readonly privileges: readonly string[]
  /** What row-level security lets them see. */
  readonly notes: readonly string[]
}

/** What is asked about. */
export interface AccessQuestion {
  readonly change: Pick<PlannedChange, 'object' | 'as' | 'strategy'>
  readonly present: Present | undefined
  /** Declared readers; whoever may read the object now is added. */
  readonly readers: readonly string[]
  readonly reads: Pick<DryRun, 'relations' | 'calls'>
}

/**
 * A view runs as who reads it (`security_invoker`), a function as who calls it: so their readers need what the query reads.
 * A table holds rows already: there only who fills it does.
 */
export async function accessOf(db: Database, question: AccessQuestion): Promise<Access> {
  const { change, reads } = question
  const privileges = [...(await deployerLacks(db, question))]
  const notes: string[] = []
  const readers = await readersOf(db, question)
  const object = quoted(change.object)
  for (const { role, exists } of readers) {
    // That a role is not there blocks the change, and is told there.
    if (!exists) continue
    const who = `${titleOf(role)}, who ${change.as === 'function' ? 'calls' : 'reads'} ${object},`
    privileges.push(...(await usageLacks(db, role, who, change.object.schema)))
    if (change.as === 'table') continue
    privileges.push(...(await readLacks(db, role, who, reads)))
    notes.push(...(await rowSecurity(db, role, `${titleOf(role)}, through ${object},`, reads.relations)))
  }
  const me = await currentRole(db)
  privileges.push(...(await readLacks(db, me, `${titleOf(me)}, who deploys ${object},`, reads)))
  notes.push(...(await rowSecurity(db, me, titleOf(me), reads.relations)))
  return { privileges: [...new Set(privileges)], notes: [...new Set(notes)] }
}

const name = quoteIdentifier
const isEveryone = (role: string): boolean => role === 'public'
const titleOf = (role: string): string => (isEveryone(role) ? 'everyone' : `role ${role}`)

async function currentRole(db: Database): Promise<string> {
  const [row] = await db.rows<{ role: string }>('SELECT current_user::text AS role')
  return row?.role ?? ''
}

async function readersOf(
  db: Database,
  { present, readers }: AccessQuestion,
): Promise<{ role: string; exists: boolean }[]> {
  // Those of the columns of a view alone are readers as well.
  return db.rows(
    `SELECT DISTINCT r.role, r.role = 'public' OR EXISTS (SELECT FROM pg_roles p WHERE p.rolname = r.role) AS exists
     FROM (
       SELECT unnest($1::text[]) AS role
       UNION
       SELECT CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END
       FROM (
         SELECT (aclexplode(c.relacl)).*, c.relowner AS owner FROM pg_class c WHERE c.oid = $2::oid
         UNION ALL
         SELECT (aclexplode(a.attacl)).*, c.relowner FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid = $2::oid
         UNION ALL
         SELECT (aclexplode(p.proacl)).*, p.proowner FROM pg_proc p WHERE p.oid = $2::oid
       ) g
       WHERE g.grantee <> g.owner AND g.privilege_type IN ('SELECT', 'EXECUTE')
     ) r ORDER BY r.role`,
    [[...readers], present?.oid ?? null],
  )
}

async function deployerLacks(db: Database, { change, present }: AccessQuestion): Promise<readonly string[]> {
  const { schema } = change.object
  const [may] = await db.rows<{
    role: string
    database: string
    schema: boolean | null
    usage: boolean | null
    owner: boolean
    create: boolean
  }>(
    `SELECT current_user::text AS role, current_database()::text AS database,
            (SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = $1) AS schema,
            (SELECT has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n WHERE n.nspname = $1) AS usage,
            $2::text IS NULL OR pg_has_role($2::name, 'USAGE') AS owner,
            has_database_privilege(current_database(), 'CREATE') AS create`,
    [schema, present?.owner ?? null],
  )
  if (!may) return []
  const { role } = may
  const lacks: string[] = []
  const say = (what: string, grant: string): void => {
    lacks.push(`role ${role} may not ${what}: GRANT ${grant} TO ${name(role)};`)
  }
  const isNew = change.strategy === 'create' || change.strategy === 'swap'
  // A schema that is not there has no privileges yet; that it is missing is told elsewhere.
  if (may.usage === false) say(`use schema ${schema}`, `USAGE ON SCHEMA ${name(schema)}`)
  if (isNew && may.schema === false) say(`create in schema ${schema}`, `CREATE ON SCHEMA ${name(schema)}`)
  if ((change.strategy === 'swap' || change.strategy === 'drop') && !may.create)
    say('create the schema that keeps the version before', `CREATE ON DATABASE ${name(may.database)}`)
  if (present && !may.owner) say(`change ${quoted(change.object)}, which is ${present.owner}'s`, present.owner)
  return lacks
}

async function usageLacks(db: Database, role: string, who: string, schema: string): Promise<readonly string[]> {
  const rows = await db.rows<{ may: boolean }>(
    `SELECT has_schema_privilege($1::name, n.oid, 'USAGE') AS may FROM pg_namespace n WHERE n.nspname = $2`,
    [role, schema],
  )
  return rows.some((r) => !r.may) ? [mayNotUse(role, who, schema)] : []
}

const mayNotUse = (role: string, who: string, schema: string): string =>
  `${who} may not use schema ${schema}: GRANT USAGE ON SCHEMA ${name(schema)} TO ${name(role)};`

async function readLacks(
  db: Database,
  role: string,
  who: string,
  { relations: read, calls }: AccessQuestion['reads'],
): Promise<readonly string[]> {
  const relations = await db.rows<{ schema: string; name: string; usage: boolean; any: boolean; columns: string[] }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, has_schema_privilege($1::name, n.oid, 'USAGE') AS usage,
            has_table_privilege($1::name, c.oid, 'SELECT') OR has_any_column_privilege($1::name, c.oid, 'SELECT') AS "any",
            to_jsonb(ARRAY(SELECT x FROM jsonb_array_elements_text(w.columns) AS x
                  WHERE NOT has_column_privilege($1::name, c.oid, x, 'SELECT') ORDER BY x)) AS columns
     FROM jsonb_to_recordset($2::jsonb) AS w (schema text, name text, columns jsonb)
     JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     ORDER BY 1, 2`,
    [role, JSON.stringify(read)],
  )
  const lacks: string[] = []
  for (const r of relations) {
    if (!r.usage) lacks.push(mayNotUse(role, who, r.schema))
    const relation = quoteName(r)
    if (r.columns.length > 0) {
      const columns = r.columns.map(name).join(', ')
      lacks.push(
        `${who} may not read ${columns} of ${relation}: GRANT SELECT (${columns}) ON ${relation} TO ${name(role)};`,
      )
    } else if (!r.any) lacks.push(`${who} may not read ${relation}: GRANT SELECT ON ${relation} TO ${name(role)};`)
  }
  const functions = await db.rows<{ name: string; may: boolean }>(
    `SELECT f AS name, has_function_privilege($1::name, f::regprocedure, 'EXECUTE') AS may FROM unnest($2::text[]) AS f ORDER BY 1`,
    [role, [...calls]],
  )
  for (const f of functions.filter((one) => !one.may))
    lacks.push(`${who} may not call ${f.name}: GRANT EXECUTE ON FUNCTION ${f.name} TO ${name(role)};`)
  return lacks
}

/** What is a policy's to show: predictions are made of these rows, so two readers may be told different numbers. */
async function rowSecurity(
  db: Database,
  role: string,
  who: string,
  reads: AccessQuestion['reads']['relations'],
): Promise<readonly string[]> {
  const rows = await db.rows<{ schema: string; name: string; policies: string[] }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            to_jsonb(ARRAY(SELECT p.polname::text FROM pg_policy p
                  WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND p.polpermissive
                    AND (0 = ANY (p.polroles) OR EXISTS (SELECT FROM unnest(p.polroles) AS o
                         WHERE o <> 0 AND CASE WHEN $1::name = 'public' THEN false ELSE pg_has_role($1::name, o, 'USAGE') END))
                  ORDER BY 1)) AS policies
     FROM jsonb_to_recordset($2::jsonb) AS w (schema text, name text)
     JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     WHERE c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1::name AND (r.rolsuper OR r.rolbypassrls))
       AND (c.relforcerowsecurity OR CASE WHEN $1::name = 'public' THEN true ELSE NOT pg_has_role($1::name, c.relowner, 'USAGE') END)
     ORDER BY 1, 2`,
    [role, JSON.stringify(reads.map(({ schema, name: relation }) => ({ schema, name: relation })))],
  )
  return rows.map((r) => {
    const relation = quoteName(r)
    return r.policies.length === 0
      ? `${who} sees no row of ${relation}: it has row-level security, and no policy lets that role read`
      : `${who} sees those rows of ${relation} that ${r.policies.length === 1 ? 'policy' : 'policies'} ${r.policies.join(', ')} of its row-level security let through, and predictions are made of them alone`
  })
}

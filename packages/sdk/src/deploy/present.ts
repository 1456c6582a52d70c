/** What is in the database under the name of a deployment. */
import { createHash } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { ObjectName } from './object-name.ts'

export interface PresentColumn {
  readonly name: string
  /** As `format_type` prints it. */
  readonly type: string
}

export interface Present {
  readonly oid: string
  readonly kind: 'view' | 'table' | 'function' | 'other'
  readonly owner: string
  readonly comment: string | null
  /** Privileges as the catalog writes them; null for the defaults. */
  readonly acl: string | null
  /** The same, one by one; those of the owner and of `PUBLIC` (as `public`), too. Of columns not. */
  readonly grants: readonly Grant[]
  readonly options: readonly string[]
  readonly columns: readonly PresentColumn[]
  /** Of a function, in the order they are given. */
  readonly parameters: readonly PresentColumn[]
  /** Of a function: what ALTER, GRANT and COMMENT call it. */
  readonly signature: string | null
  /** `pg_get_viewdef`, `pg_get_functiondef`; of a table its columns and constraints. */
  readonly definition: string
  /** SHA-256 of the definition. */
  readonly hash: string
  /** Objects that read it, as SQL writes them; each is left where it is. */
  readonly dependents: readonly Dependent[]
}

export interface Grant {
  readonly role: string
  readonly privilege: string
  readonly isGrantable: boolean
}

export interface Dependent {
  /** `view shop.report`, `materialized view …`, `function …`, `rule …`. */
  readonly object: string
  readonly columns: readonly string[]
  /** Whether viewcast deployed it. */
  readonly isOurs: boolean
}

/**
 * Everything known of an object; undefined where there is none. A function is looked up by name, so that an overload of
 * somebody else counts as well, where there is none of ours.
 */
export async function inspect(
  db: Database,
  object: ObjectName,
  as?: 'view' | 'table' | 'function',
): Promise<Present | undefined> {
  const relation = as === 'function' ? undefined : await relationOf(db, object)
  return relation ?? (as === undefined || as === 'function' ? functionOf(db, object) : undefined)
}

async function relationOf(db: Database, object: ObjectName): Promise<Present | undefined> {
  const [relation] = await db.rows<Found>(
    `SELECT c.oid::text AS oid, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' ELSE 'other' END AS kind,
            pg_get_userbyid(c.relowner)::text AS owner, ${grants('c.relacl', "'r'", 'c.relowner')} AS grants, obj_description(c.oid, 'pg_class') AS comment, c.relacl::text AS acl,
            to_jsonb(coalesce(c.reloptions, '{}')) AS options, NULL AS definition
     FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relname = $2`,
    [object.schema, object.name],
  )
  if (!relation) return undefined
  const columns = await db.rows<{ name: string; type: string }>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [relation.oid],
  )
  return withQualifiedNames(db, async (tx) => {
    const definition =
      relation.kind === 'table'
        ? `(SELECT string_agg(pg_get_constraintdef(k.oid), '; ' ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = $1::oid)`
        : 'pg_get_viewdef($1::oid)'
    const [text] = await tx.rows<{ definition: string | null }>(`SELECT ${definition} AS definition`, [relation.oid])
    return complete({ ...relation, ...text }, columns, await dependentsOf(tx, 'pg_class', relation.oid))
  })
}

async function functionOf(db: Database, object: ObjectName): Promise<Present | undefined> {
  const [routine] = await db.rows<Found & { columns: PresentColumn[]; parameters: PresentColumn[]; signature: string }>(
    `SELECT p.oid::text AS oid, CASE p.prokind WHEN 'f' THEN 'function' ELSE 'other' END AS kind,
            pg_get_userbyid(p.proowner)::text AS owner, ${grants('p.proacl', "'f'", 'p.proowner')} AS grants, obj_description(p.oid, 'pg_proc') AS comment, p.proacl::text AS acl,
            to_jsonb(coalesce(p.proconfig, '{}')) AS options,
            NULL AS definition,
            coalesce((SELECT jsonb_agg(jsonb_build_object('name', coalesce(p.proargnames[i], ''), 'type',
                        format_type(p.proallargtypes[i], NULL)) ORDER BY i)
                      FROM generate_subscripts(p.proallargtypes, 1) AS i WHERE p.proargmodes[i] IN ('t', 'o')),
                     jsonb_build_array(jsonb_build_object('name', '', 'type', format_type(p.prorettype, NULL)))) AS columns,
            coalesce((SELECT jsonb_agg(jsonb_build_object('name', coalesce(p.proargnames[i], ''), 'type',
                        format_type(p.proargtypes[i - 1], NULL)) ORDER BY i)
                      FROM generate_series(1, p.pronargs) AS i), '[]') AS parameters,
            format('%I.%I(%s)', $1::text, p.proname, pg_get_function_identity_arguments(p.oid)) AS signature
     FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND p.proname = $2
     ORDER BY coalesce(obj_description(p.oid, 'pg_proc') LIKE 'viewcast:%', false) DESC, p.oid LIMIT 1`,
    [object.schema, object.name],
  )
  if (!routine) return undefined
  return withQualifiedNames(db, async (tx) => {
    const [text] = await tx.rows<{ definition: string | null }>(
      `SELECT pg_get_functiondef(oid) AS definition FROM pg_proc WHERE oid = $1::oid AND prokind IN ('f', 'p')`,
      [routine.oid],
    )
    return {
      ...complete({ ...routine, ...text }, routine.columns, await dependentsOf(tx, 'pg_proc', routine.oid)),
      parameters: routine.parameters,
      signature: routine.signature,
    }
  })
}

/**
 * The server leaves out the schema of what is on the search path when it prints a definition, and quotes as the session wants
 * it: whoever looks, the text has to be the same.
 */
function withQualifiedNames<T>(db: Database, body: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    const [before] = await tx.rows<{ path: string; quotes: string }>(
      `SELECT current_setting('search_path') AS path, current_setting('quote_all_identifiers') AS quotes`,
    )
    const set = (path: string, quotes: string) =>
      tx.query(`SELECT set_config('search_path', $1, true), set_config('quote_all_identifiers', $2, true)`, [
        path,
        quotes,
      ])
    await set('pg_catalog', 'off')
    const found = await body(tx)
    // Inside another transaction it would stay so until its end.
    await set(before?.path ?? '', before?.quotes ?? 'off')
    return found
  })
}

interface Found {
  readonly oid: string
  readonly kind: Present['kind']
  readonly owner: string
  readonly comment: string | null
  readonly acl: string | null
  readonly grants: readonly Grant[]
  readonly options: readonly string[]
  readonly definition: string | null
}

const grants = (acl: string, kind: string, owner: string): string =>
  `coalesce((SELECT jsonb_agg(jsonb_build_object('role', CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee) END,
             'privilege', g.privilege_type, 'isGrantable', g.is_grantable) ORDER BY g.grantee, g.privilege_type, g.is_grantable)
     FROM aclexplode(coalesce(${acl}, acldefault(${kind}, ${owner}))) g), '[]')`

function complete(found: Found, columns: readonly PresentColumn[], dependents: readonly Dependent[]): Present {
  const definition =
    found.kind === 'table'
      ? `${columns.map((c) => `${c.name} ${c.type}`).join(', ')}; ${found.definition ?? ''}`
      : (found.definition ?? '')
  const hash = createHash('sha256').update(definition).digest('hex')
  return { ...found, columns, parameters: [], signature: null, definition, hash, dependents }
}

const dependentsOf = (db: Database, catalog: 'pg_class' | 'pg_proc', oid: string): Promise<Dependent[]> =>
  db.rows<{ object: string; columns: string[]; isOurs: boolean }>(
    `SELECT pg_describe_object(o.classid, o.objid, 0) AS object,
            to_jsonb(array_remove(array_agg(DISTINCT a.attname::text ORDER BY a.attname::text), NULL)) AS columns,
            coalesce(bool_or(obj_description(o.objid, CASE o.classid WHEN 'pg_class'::regclass THEN 'pg_class' ELSE 'pg_proc' END)
                             LIKE 'viewcast:%'), false) AS "isOurs"
     FROM pg_depend d
     LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
     CROSS JOIN LATERAL (SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END AS classid,
                                CASE WHEN r.oid IS NULL THEN d.objid ELSE r.ev_class END AS objid) o
     LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
     WHERE d.refclassid = $2::regclass AND d.refobjid = $1::oid AND d.deptype = 'n' AND o.objid <> $1::oid
     GROUP BY 1 ORDER BY 1`,
    [oid, catalog],
  )

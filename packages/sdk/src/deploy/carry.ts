/**
 * What somebody gave an object and a new one in its place has to have as well: owner, grants, comments, options, defaults,
 * triggers, and of a table its policies and indexes.
 */
import { quoteText } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { carriedGrants } from './carried-grants.ts'
import { keptComment } from './kept-comment.ts'

/** The object that takes over; of a relation as SQL writes it, of a function with its types: `s.f(text, integer)`. */
export interface Heir {
  readonly kind: 'view' | 'table' | 'function'
  readonly name: string
  /** Its schema, unquoted, for whose new objects privileges may be given by default. */
  readonly schema: string
  /** Of a relation: what belongs to a column that it does not have is left out. */
  readonly columns: readonly string[]
  /** The one that it is made with. */
  readonly comment: string
}

export interface Carried {
  /** To be run in order, in the transaction that makes the new object and after it was made. */
  readonly statements: readonly string[]
  /** What would have to be made again by hand: `rule notify on view scoring.delay15`. */
  readonly left: readonly string[]
}

/**
 * Writes what makes the heir an equal of the object given; nothing is run. It is written while the object is still there
 * under its name, or wherever it was moved to.
 *
 * A grant that somebody else passed on is given by the owner. Of a comment what stands below our line
 * is carried. With whose privileges a view reads is declared, so that the heir's own `security_invoker` stays.
 *
 * @param oid of the object whose place is taken.
 *
 * ```sql
 * ALTER VIEW scoring.v OWNER TO analytics; GRANT SELECT ON scoring.v TO crm WITH GRANT OPTION; COMMENT ON COLUMN scoring.v.p IS 'Share';
 * ```
 */
export async function carry(db: Database, oid: string, heir: Heir): Promise<Carried> {
  const isFunction = heir.kind === 'function'
  const rows = isFunction
    ? await db.rows<Ranked>(functionStatements, [oid, heir.name])
    : await db.rows<Ranked>(relationStatements, [oid, heir.name, heir.columns, heir.kind])
  const [of, what] = isFunction ? (['function', 'FUNCTION'] as const) : (['relation', 'TABLE'] as const)
  const grants = await carriedGrants(db, oid, of, `${what} ${heir.name}`, heir.schema)
  const [said] = await db.rows<{ comment: string | null }>('SELECT obj_description($1::oid, $2) AS comment', [
    oid,
    isFunction ? 'pg_proc' : 'pg_class',
  ])
  const comment = keptComment(heir.comment, said?.comment)
  const left = isFunction ? [] : await db.rows<{ what: string }>(notCarried, [oid])
  // The owner comes first: what is granted before would be granted by another.
  const statements = [
    ...rows.filter((r) => r.rank === 1).map((r) => r.sql),
    ...grants,
    ...(comment === heir.comment
      ? []
      : [`COMMENT ON ${heir.kind.toUpperCase()} ${heir.name} IS ${quoteText(comment)}`]),
    ...rows.filter((r) => r.rank > 1).map((r) => r.sql),
  ]
  return { statements, left: left.map((r) => r.what) }
}

interface Ranked {
  readonly rank: number
  readonly sql: string
}

const roleName = (oid: string) => `CASE WHEN ${oid} = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(${oid})) END`

const on = "(' ON ' || o.name || ' ')"
const newOn = "(' ON ' || $2 || ' ')"

const relationStatements = `
WITH o AS (
  SELECT c.oid, c.relowner AS owner, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relkind, c.relreplident,
         (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace) AS space,
         format('%I.%I', n.nspname, c.relname) AS name, upper($4::text) AS word
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid
), a AS (
  SELECT a.* FROM o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text = ANY ($3::text[])
), s (rank, at, sql) AS (
  SELECT 1, 0, format('ALTER %s %s OWNER TO %I', o.word, $2::text, pg_get_userbyid(o.owner)) FROM o WHERE pg_get_userbyid(o.owner) <> current_user
  UNION ALL
  SELECT 4, a.attnum::integer, format('GRANT %s ON TABLE %s TO %s%s', string_agg(DISTINCT format('%s (%I)', e.privilege_type, a.attname), ', '), $2,
                      ${roleName('e.grantee')}, CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM a, aclexplode(a.attacl) e GROUP BY a.attnum, e.grantee, e.is_grantable
  UNION ALL
  SELECT 6, a.attnum, format('COMMENT ON COLUMN %s.%I IS %L', $2, a.attname, d.description)
  FROM a JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
  UNION ALL
  SELECT 7, 0, format('ALTER %s %s SET (%s)', o.word, $2,
                      string_agg(format('%s = %L', k.option_name, k.option_value), ', ' ORDER BY k.option_name))
  FROM o, pg_options_to_table(o.reloptions) k WHERE k.option_name <> 'security_invoker' GROUP BY o.word
  UNION ALL
  SELECT 7, 1, format('ALTER TABLE %s SET TABLESPACE %I', $2, o.space) FROM o WHERE o.relkind = 'r' AND o.word = 'TABLE' AND o.space IS NOT NULL
  UNION ALL
  SELECT 7, 2, format('ALTER TABLE %s REPLICA IDENTITY %s', $2, CASE o.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
  FROM o WHERE o.relkind = 'r' AND o.word = 'TABLE' AND o.relreplident IN ('f', 'n')
  UNION ALL
  SELECT 8, a.attnum, format('ALTER %s %s ALTER COLUMN %I SET DEFAULT %s', (SELECT word FROM o), $2, a.attname, pg_get_expr(d.adbin, d.adrelid))
  FROM a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attgenerated = ''
  UNION ALL
  SELECT 9, 0, ${replaceFirst('pg_get_indexdef(i.indexrelid)', on, newOn)}
  FROM o JOIN pg_index i ON i.indrelid = o.oid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE o.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_attribute b ON b.attrelid = d.refobjid AND b.attnum = d.refobjsubid
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = o.oid AND d.refobjsubid > 0
                      AND b.attname::text <> ALL ($3::text[]))
  UNION ALL
  SELECT 10, 0, ${replaceFirst('pg_get_triggerdef(t.oid)', on, newOn)}
  FROM o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
  UNION ALL
  SELECT 11, 0, format('ALTER TABLE %s %s TRIGGER %I', $2, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname)
  FROM o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal AND t.tgenabled <> 'O' WHERE o.relkind = 'r'
  UNION ALL
  SELECT 12, 0, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, $2, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                       (SELECT string_agg(${roleName('r')}, ', ') FROM unnest(p.polroles) r),
                       ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
  FROM o JOIN pg_policy p ON p.polrelid = o.oid
  UNION ALL
  SELECT 13, 0, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', $2) FROM o WHERE o.relrowsecurity
  UNION ALL
  SELECT 13, 1, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', $2) FROM o WHERE o.relforcerowsecurity
)
SELECT rank, sql FROM s ORDER BY rank, at, sql`

const functionStatements = `
  SELECT 1 AS rank, format('ALTER FUNCTION %s OWNER TO %I', $2::text, pg_get_userbyid(p.proowner)) AS sql FROM pg_proc p
  WHERE p.oid = $1::oid AND pg_get_userbyid(p.proowner) <> current_user`

const notCarried = `
  SELECT pg_describe_object('pg_rewrite'::regclass, r.oid, 0) AS what FROM pg_rewrite r WHERE r.ev_class = $1::oid AND r.rulename <> '_RETURN'
  UNION ALL SELECT pg_describe_object('pg_publication_rel'::regclass, p.oid, 0) FROM pg_publication_rel p WHERE p.prrelid = $1::oid
  UNION ALL SELECT pg_describe_object('pg_statistic_ext'::regclass, s.oid, 0) FROM pg_statistic_ext s WHERE s.stxrelid = $1::oid
  UNION ALL SELECT format('tablespace %I of %s', t.spcname, pg_describe_object('pg_class'::regclass, x.oid, 0))
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_tablespace t ON t.oid = x.reltablespace WHERE i.indrelid = $1::oid
  UNION ALL SELECT format('replica identity by %s', pg_describe_object('pg_class'::regclass, i.indexrelid, 0))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE i.indrelid = $1::oid AND i.indisreplident AND c.relreplident = 'i'
  UNION ALL SELECT format('security label of %s', l.provider) FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = $1::oid
  ORDER BY 1`

/** The first of a text's occurrences replaced: a name may hold anything, so that a pattern would need care. */
function replaceFirst(text: string, what: string, by: string): string {
  return `overlay(${text} PLACING ${by} FROM strpos(${text}, ${what}) FOR length(${what}))`
}

/** All that a database and its store have of the deployments of one schema, as plain data. */
import type { Database } from '@viewcast/sdk'

export interface Found {
  /** `schema.name`. */
  readonly place: string
  /** As SQL writes it; of a function with its types. */
  readonly sql: string
  /** As in `ALTER VIEW`. */
  readonly word: string
  readonly project: string
  readonly version: number
  readonly wantedKind: string
  readonly wantedColumns: readonly string[]
  /** Null where nothing is there. */
  readonly oid: string | null
  readonly kind: string | null
  readonly owner: string | null
  readonly comment: string | null
  readonly columns: readonly string[]
  readonly dependents: number
  /** Roles that may read or call it, beside the owner. */
  readonly may: readonly string[]
  readonly isReadable: boolean
  /** Everything of it that moves with it. */
  readonly print: unknown
}

export interface Objects {
  readonly live: ReadonlyMap<string, Found>
  readonly kept: ReadonlyMap<string, Found>
  /** Objects of somebody else that read deployments. */
  readonly others: readonly { readonly oid: string; readonly print: string }[]
  /** What is in our schemas and the store does not know. */
  readonly strays: readonly string[]
  readonly all: unknown
}

interface Row extends Omit<Found, 'isReadable' | 'print'> {
  readonly isKept: boolean
  readonly print: object
}

export async function objectsOf(db: Database, schema: string): Promise<Objects> {
  const rows = await db.rows<Row & Record<string, unknown>>(stored, [schema])
  const found: { row: Row; is: Found }[] = []
  for (const row of rows) {
    const answers = row.oid === null ? null : await answersOf(db, row)
    found.push({ row, is: { ...row, isReadable: answers !== null, print: { ...row.print, answers } } })
  }
  const of = (isKept: boolean) =>
    new Map(found.filter(({ row }) => row.isKept === isKept).map(({ is }) => [is.place, is] as const))
  const others = await db.rows<{ oid: string; name: string; print: string }>(
    `SELECT c.oid::text AS oid, c.oid::regclass::text AS name, concat_ws(' ', c.relname, c.relacl::text, c.relowner,
            (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)) AS print
     FROM pg_class c WHERE c.relnamespace = 'others'::regnamespace AND c.relkind = 'v' AND starts_with(c.relname, $1 || '_') ORDER BY c.oid`,
    [schema],
  )
  const strays = await db.rows<{ name: string }>(strayObjects, [
    schema,
    rows.map((r) => r.oid).filter((o) => o !== null),
  ])
  const [live, kept] = [of(false), of(true)]
  return {
    live,
    kept,
    others,
    strays: strays.map((s) => s.name),
    all: { live: [...live], kept: [...kept], others },
  }
}

/** Null where it does not answer. */
async function answersOf(db: Database, { kind, sql, place }: Row): Promise<string | null> {
  const [schema, name] = place.split('.')
  const from = kind === 'function' ? `"${schema}"."${name}"(7, '2024-03-01T00:00:00Z')` : sql
  try {
    return await db.transaction(async (tx) => {
      const [row] = await tx.rows<{ answers: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS answers FROM ${from} t`,
      )
      return row?.answers ?? null
    })
  } catch {
    return null
  }
}

const stored = `
  WITH stored AS (
    SELECT o.name AS place, false AS kept, d.project, d.artifact_id
    FROM viewcast.deployment d JOIN viewcast.asset o ON o.id = d.asset_id WHERE d.artifact_id IS NOT NULL
    UNION ALL
    SELECT k.place, true, k.project, k.artifact_id FROM viewcast.deployment_kept k
    JOIN viewcast.artifact a ON a.id = k.artifact_id JOIN viewcast.asset o ON o.id = a.asset_id
    WHERE k.until IS NULL AND starts_with(o.name, $1 || '.')
  ), parts AS (
    SELECT s.*, split_part(s.place, '.', 1) AS schema, split_part(s.place, '.', 2) AS name, a.version, v.spec->>'as' AS kind, v.columns
    FROM stored s JOIN viewcast.artifact a ON a.id = s.artifact_id JOIN viewcast.deployment_version v ON v.artifact_id = s.artifact_id
    WHERE s.kept OR starts_with(s.place, $1 || '.')
  ), found AS (
    SELECT p.place, c.oid, 'pg_class' AS catalog, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'r' THEN 'table' END AS kind, c.relowner AS owner, c.relacl AS acl,
           c.oid::regclass::text AS sql, c.reloptions AS options,
           (SELECT jsonb_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
           (SELECT jsonb_agg(x.relname ORDER BY x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) AS indexes
    FROM parts p JOIN pg_namespace n ON n.nspname = p.schema JOIN pg_class c ON (c.relnamespace, c.relname) = (n.oid, p.name)
    UNION ALL
    SELECT p.place, f.oid, 'pg_proc', 'function', f.proowner, f.proacl, f.oid::regprocedure::text, f.proconfig,
           (SELECT jsonb_agg(f.proargnames[i] || ' ' || format_type(f.proallargtypes[i], NULL) ORDER BY i)
            FROM generate_subscripts(f.proallargtypes, 1) i WHERE f.proargmodes[i] = 't'), to_jsonb(f.procost)
    FROM parts p JOIN pg_namespace n ON n.nspname = p.schema JOIN pg_proc f ON (f.pronamespace, f.proname) = (n.oid, p.name)
  )
  SELECT p.place, p.kept AS "isKept", p.project, p.version, p.kind AS "wantedKind", upper(f.kind) AS word, coalesce(f.sql, p.place) AS sql,
         (SELECT jsonb_agg(c->>'name' || ' ' || (c->>'type') ORDER BY i) FROM jsonb_array_elements(p.columns) WITH ORDINALITY AS e(c, i)) AS "wantedColumns",
         f.oid::text AS oid, f.kind, f.owner::regrole::text AS owner, obj_description(f.oid, f.catalog) AS comment, coalesce(f.columns, '[]') AS columns,
         coalesce((SELECT jsonb_agg(r.role ORDER BY r.role) FROM (
           SELECT DISTINCT g.grantee::regrole::text AS role FROM aclexplode(f.acl) g
           WHERE g.grantee <> 0 AND g.grantee <> f.owner AND g.privilege_type IN ('SELECT', 'EXECUTE')) r), '[]') AS may,
         (SELECT count(*)::integer FROM pg_depend d WHERE d.refobjid = f.oid AND d.deptype = 'n' AND d.classid = 'pg_rewrite'::regclass
            AND NOT EXISTS (SELECT FROM pg_rewrite r WHERE r.oid = d.objid AND r.ev_class = f.oid)) AS dependents,
         jsonb_build_object('acl', f.acl::text, 'owner', f.owner, 'options', f.options, 'indexes', f.indexes, 'columns', f.columns,
                            'comment', obj_description(f.oid, f.catalog)) AS print
  FROM parts p LEFT JOIN found f ON f.place = p.place ORDER BY p.kept, p.place`

const strayObjects = `
  SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (n.nspname = $1 OR starts_with(n.nspname, $1 || '__')) AND c.relkind IN ('v', 'r') AND c.oid::text <> ALL ($2::text[])
  UNION ALL
  SELECT n.nspname || '.' || p.proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE (n.nspname = $1 OR starts_with(n.nspname, $1 || '__')) AND p.oid::text <> ALL ($2::text[])
  UNION ALL SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1 || '__') AND nspname ~ '__next(_[0-9]+)?$'`

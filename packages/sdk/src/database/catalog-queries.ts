/** The catalog queries of both engines. Lists come as JSON, because arrays arrive as the server's text. */

// The schema of the store is no source of features.
const visible = `
  n.nspname NOT IN ('pg_catalog', 'information_schema', 'viewcast') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition`

const relations = `
  SELECT c.oid::text, n.nspname, c.relname,
         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized' WHEN 'f' THEN 'foreign' ELSE 'table' END,
         d.description,
         CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::float8 END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_description d
           ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
   WHERE ${visible}
   ORDER BY n.nspname, c.relname`

// A NOT NULL that is not validated (PostgreSQL 18) holds for new rows only. Comments by a join: the functions for them
// run a query per row. Domains may stand on domains. A table is read with those that inherit from it, which need not have
// its constraint; a foreign one does not enforce it.
const columns = `
  WITH RECURSIVE base AS (
    SELECT t.oid, t.typbasetype AS type FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT b.oid, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype = 'd'
  ), plain AS (
    SELECT b.oid, t.typname, t.typtype
      FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
  ), kin AS (
    SELECT i.inhparent AS top, i.inhrelid AS part FROM pg_catalog.pg_inherits i
    UNION
    SELECT k.top, i.inhrelid FROM kin k JOIN pg_catalog.pg_inherits i ON i.inhparent = k.part
  ), lax AS (
    SELECT DISTINCT k.top, a.attname
      FROM kin k
      JOIN pg_catalog.pg_class c ON c.oid = k.part
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relkind = 'f' OR NOT a.attnotnull
  )
  SELECT c.oid::text, a.attname, coalesce(p.typname, t.typname),
         a.attnotnull AND c.relkind IN ('r', 'p', 'f') AND k.oid IS NULL AND l.top IS NULL,
         coalesce(p.typtype, t.typtype) = 'e',
         d.description
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN plain p ON p.oid = t.oid
    LEFT JOIN lax l ON l.top = c.oid AND l.attname = a.attname
    LEFT JOIN pg_catalog.pg_constraint k
           ON k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated AND k.conkey[1] = a.attnum
    LEFT JOIN pg_catalog.pg_description d
           ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum
   WHERE ${visible}
   ORDER BY c.oid, a.attnum`

const enums = `
  SELECT n.nspname, t.typname, json_agg(e.enumlabel ORDER BY e.enumsortorder)
    FROM pg_catalog.pg_enum e
    JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   GROUP BY n.nspname, t.typname
   ORDER BY n.nspname, t.typname`

// What is on the search path. Operators of extensions that are strict keep to values; those of a user are functions like
// any other.
const overloaded = `
  SELECT p.proname FROM pg_catalog.pg_proc p
   WHERE p.pronamespace <> 'pg_catalog'::regnamespace AND pg_catalog.pg_function_is_visible(p.oid)
     AND EXISTS (SELECT FROM pg_catalog.pg_proc b
                  WHERE b.pronamespace = 'pg_catalog'::regnamespace AND b.proname = p.proname)
  UNION
  SELECT o.oprname FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
   WHERE o.oprnamespace <> 'pg_catalog'::regnamespace AND pg_catalog.pg_operator_is_visible(o.oid)
     AND NOT (p.proisstrict AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                                         WHERE d.classid = 'pg_catalog.pg_operator'::regclass
                                           AND d.objid = o.oid AND d.deptype = 'e'))
     AND EXISTS (SELECT FROM pg_catalog.pg_operator b
                  WHERE b.oprnamespace = 'pg_catalog'::regnamespace AND b.oprname = o.oprname)
   ORDER BY 1`

// Only btrees give rows in order, which is what an index is asked for here. An expression has attnum 0 and ends the list;
// columns that are merely included are no part of the key.
const indexes = `
  SELECT i.indrelid::text, ic.relname,
         coalesce((SELECT json_agg(a.attname ORDER BY k.position)
                     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE k.position <= i.indnkeyatts
                      AND k.position < coalesce((SELECT min(e.position)
                                                   FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS e (attnum, position)
                                                  WHERE e.attnum = 0), 1000)), '[]'),
         i.indisunique AND i.indexprs IS NULL, i.indpred IS NULL
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_catalog.pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE i.indisvalid AND ${visible}
   ORDER BY i.indrelid, ic.relname`

// The ends of the histogram are close to the first and the last value. A negative n_distinct is a share of the rows.
const statistics = `
  SELECT c.oid::text, a.attname,
         CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, 0) ELSE s.n_distinct END::float8,
         CASE WHEN isfinite(h.bounds[1]) AND isfinite(h.bounds[array_length(h.bounds, 1)])
              THEN extract(epoch FROM h.bounds[array_length(h.bounds, 1)] - h.bounds[1])::float8 END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p')
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
    CROSS JOIN LATERAL (
      SELECT CASE WHEN a.atttypid = 'timestamptz'::regtype THEN s.histogram_bounds::text::timestamptz[] END AS bounds) AS h
   WHERE s.n_distinct <> 0 AND ${visible}`

// One row per name: what all of its overloads are, and what one of them may be.
const functions = `
  SELECT n.nspname, p.proname, bool_and(p.provolatile = 'v'), bool_or(p.proretset)
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'viewcast') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
     AND p.prokind IN ('f', 'w') AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
   GROUP BY 1, 2
  HAVING bool_and(p.provolatile = 'v') OR bool_or(p.proretset)
   ORDER BY 1, 2`

export const catalogQueries = {
  session: `SELECT to_json(current_schemas(false)), current_setting('server_version_num')::int / 10000,
                   current_setting('search_path')`,
  relations,
  columns,
  enums,
  overloaded,
  indexes,
  functions,
  statistics,
  definitions: 'SELECT o::text, pg_catalog.pg_get_viewdef(o) FROM unnest($1::oid[]) AS o',
} as const

/** What the engine itself says of a query before anything is changed: a temporary object is made of it, looked at, and rolled back. */
import { type Column, columnsRead, InternalError, lineageOf, loadParser } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import { namingFailedView, type RunningQuery } from '../project/failed-view.ts'
import type { ReadColumn } from './plan-data.ts'
import type { PresentColumn } from './present.ts'

export interface DryRun {
  /** As an object of the query has them. */
  readonly columns: readonly PresentColumn[]
  /** Why no object could be made of it, in words, so that the bare statement was asked; absent where one was. */
  readonly without?: string
  /** Absent where the role may not read what the query reads. */
  readonly planned?: PlannedQuery
  readonly reads: readonly ReadColumn[]
  readonly relations: readonly ReadRelation[]
  /** Functions that are not PostgreSQL's own: `public.norm(double precision)`. */
  readonly calls: readonly string[]
}

/** What the planner says. */
export interface PlannedQuery {
  readonly rows: number
  readonly total: number
  /** Whether it would be compiled just in time. */
  readonly isJit: boolean
  /** Names of tables that are read whole, without their schemas. */
  readonly readWhole: readonly string[]
}

export interface ReadRelation {
  readonly schema: string
  readonly name: string
  /** None where only its rows are counted. */
  readonly columns: readonly string[]
}

export interface DryRunOptions {
  /** Columns the object has now: where no object can be made, types are told without `(3)`, and these have it. */
  readonly present?: readonly PresentColumn[]
  /** For each statement, in milliseconds; 30,000 by default. The embedded engine knows no limit. */
  readonly timeout?: number
  /** What the query is made of, asked for when it fails: by it the view is found. */
  readonly running?: () => Promise<RunningQuery>
}

/**
 * Asks for columns, plan and what is read. Takes ACCESS SHARE on the tables, as reading them does, and nothing else of
 * anybody; nothing of it stays. A session that may not write, and a role that may not make temporary objects, describe the
 * statement instead.
 *
 * Errors: `view/failed` and `view/database-error` with `running`, else those of the database.
 */
export async function dryRun(db: Database, query: string, options: DryRunOptions = {}): Promise<DryRun> {
  return undone(db, options, (tx) => looked(tx, query, options))
}

/** Runs `look` in a transaction that is rolled back; when it fails, the view at fault is looked for. */
export async function undone<T>(
  db: Database,
  { timeout = 30_000, running }: Pick<DryRunOptions, 'timeout' | 'running'>,
  look: (tx: Database) => Promise<T>,
): Promise<T> {
  const undo = Symbol('undo')
  const once = async (): Promise<T> => {
    let found: { readonly value: T } | undefined
    try {
      await db.transaction(async (tx) => {
        await tx.execute(`SET LOCAL statement_timeout = ${Math.round(timeout)}`)
        found = { value: await look(tx) }
        throw undo
      })
    } catch (e) {
      if (e !== undo) throw e
    }
    if (!found) throw new InternalError('A dry run ended without having looked')
    return found.value
  }
  try {
    return await once()
  } catch (e) {
    if (!isDatabaseError(e) || running === undefined) throw e
    return namingFailedView(db, await running(), once)
  }
}

async function looked(tx: Database, query: string, options: DryRunOptions): Promise<DryRun> {
  const without = await whyNoObject(tx)
  if (without !== undefined) return { ...(await described(tx, query, options)), without }
  await tx.execute(`CREATE TEMPORARY VIEW viewcast_dry_run AS\n${query}`)
  const columns = await tx.rows<PresentColumn>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = 'pg_temp.viewcast_dry_run'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
  )
  const read = await readBy(
    tx,
    `d.classid = 'pg_rewrite'::regclass
     AND d.objid = (SELECT r.oid FROM pg_rewrite r WHERE r.ev_class = 'pg_temp.viewcast_dry_run'::regclass)
     AND d.refobjid <> 'pg_temp.viewcast_dry_run'::regclass`,
  )
  const planned = await plannedQuery(tx, query)
  return { columns, ...read, ...(planned ? { planned } : {}) }
}

/** In words; undefined where temporary objects can be made. */
export async function whyNoObject(tx: Database): Promise<string | undefined> {
  const [may] = await tx.rows<{ standby: boolean; readonly: boolean; temporary: boolean; role: string }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS readonly,
            has_database_privilege(current_database(), 'TEMP') AS temporary, current_user::text AS role`,
  )
  if (may?.standby) return 'the server is a standby, where nothing can be made'
  if (may?.readonly) return 'the session may only read'
  return may?.temporary ? undefined : `role ${may?.role} may not make temporary objects in this database`
}

export type Reads = Pick<DryRun, 'reads' | 'relations' | 'calls'>

/** Columns of which the server knows, by the dependencies it keeps of the object. */
export async function readBy(tx: Database, which: string): Promise<Reads> {
  const relations = await tx.rows<{ schema: string; name: string; columns: string[] }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            to_jsonb(array_remove(array_agg(DISTINCT a.attname::text ORDER BY a.attname::text), NULL)) AS columns
     FROM pg_depend d
     JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
     WHERE ${which} AND d.refclassid = 'pg_class'::regclass
     GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  const calls = await tx.rows<{ name: string }>(
    `SELECT DISTINCT d.refobjid::regprocedure::text AS name FROM pg_depend d
     WHERE ${which} AND d.refclassid = 'pg_proc'::regclass ORDER BY 1`,
  )
  return { relations, reads: await typed(tx, relations), calls: calls.map((c) => c.name) }
}

const typed = (tx: Database, relations: readonly ReadRelation[]): Promise<ReadColumn[]> =>
  tx.rows(
    `SELECT format('%I.%I', w.schema, w.name) AS relation, a.attname::text AS "column",
            format_type(a.atttypid, a.atttypmod) AS type
     FROM jsonb_to_recordset($1::jsonb) AS w (schema text, name text, columns jsonb)
     JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND w.columns ? a.attname::text
     ORDER BY 1, 2`,
    [JSON.stringify(relations)],
  )

/** Without an object: by the driver's description and our own reading of the text. */
async function described(tx: Database, query: string, options: DryRunOptions): Promise<DryRun> {
  const formatted = await formattedTypes(tx, await tx.describe(query))
  const present = new Map(options.present?.map((c) => [c.name, c.type]))
  const columns = formatted.map(({ name, type }) => {
    const now = present.get(name)
    return { name, type: now !== undefined && withoutModifier(now) === type ? now : type }
  })
  const planned = await plannedQuery(tx, query)
  return { columns, ...(await readByText(tx, query)), ...(planned ? { planned } : {}) }
}

/** Columns with their types as `format_type` prints them, without what stands in brackets. */
export const formattedTypes = (
  tx: Database,
  columns: readonly Pick<Column, 'name' | 'type'>[],
): Promise<PresentColumn[]> =>
  tx.rows(
    `SELECT c.name, coalesce(format_type(to_regtype(quote_ident(c.type)), NULL), c.type) AS type
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS c (name, type, i) ORDER BY c.i`,
    [columns.map((c) => c.name), columns.map((c) => c.type)],
  )

const withoutModifier = (type: string): string => type.replace(/\([^)]*\)/, '')

export async function readByText(tx: Database, query: string): Promise<Reads> {
  const [catalog] = await Promise.all([tx.introspect(), loadParser()])
  const speaker = { view: 'the prediction query', file: 'prediction.sql' }
  const byRelation = new Map<string, Set<string>>()
  const add = (relation: string, column?: string): void => {
    const columns = byRelation.get(relation) ?? new Set()
    byRelation.set(relation, column === undefined ? columns : columns.add(column))
  }
  // A relation of which only rows are counted has no column that is read.
  for (const { sources } of lineageOf(query, speaker, catalog, [], false)) for (const s of sources) add(s.relation)
  for (const s of columnsRead(query, speaker, catalog)) add(s.relation, s.column)
  const relations = catalog.relations.flatMap(({ schema, name }) => {
    const columns = byRelation.get(`${schema}.${name}`)
    return columns ? [{ schema, name, columns: [...columns].sort() }] : []
  })
  return { relations, reads: await typed(tx, relations), calls: [] }
}

/** Undefined where the role may not read what the query reads: that is told with what to grant. */
export async function plannedQuery(tx: Database, query: string): Promise<PlannedQuery | undefined> {
  return ifReadable(() => tx.transaction((inner) => explained(inner, `EXPLAIN (FORMAT JSON) ${query}`)))
}

export async function ifReadable<T>(body: () => Promise<T>): Promise<T | undefined> {
  try {
    return await body()
  } catch (e) {
    if (isDatabaseError(e) && e.sqlState === '42501') return undefined
    throw e
  }
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Total Cost': number
  readonly 'Plan Rows': number
  readonly Plans?: readonly PlanNode[]
}

interface Explained {
  readonly Plan: PlanNode
  readonly JIT?: object
}

export async function explained(tx: Database, statement: string): Promise<PlannedQuery> {
  const { rows } = await tx.query(statement)
  const given = rows[0]?.[0]
  const [root] = (typeof given === 'string' ? JSON.parse(given) : given) as readonly Explained[]
  if (!root) throw new InternalError('EXPLAIN gave no plan')
  const { Plan: plan, JIT: jit } = root
  const readWhole = [...new Set(scannedBelow(plan))]
  return { rows: plan['Plan Rows'], total: plan['Total Cost'], isJit: jit !== undefined, readWhole }
}

const scannedBelow = (node: PlanNode): string[] => [
  ...(node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== undefined ? [node['Relation Name']] : []),
  ...(node.Plans ?? []).flatMap(scannedBelow),
]

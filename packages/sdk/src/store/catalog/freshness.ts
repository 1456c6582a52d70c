/** How old the newest rows are that an asset is made of. */
import { durationSeconds, quoteIdentifier, type Sla } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { isDatabaseError } from '../../database/database-error.ts'
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { type EntryName, findEntry } from './find-entry.ts'

export type FreshnessStatus = 'pass' | 'warn' | 'error' | 'unknown'

export interface SourceFreshness {
  readonly name: string
  /** Column whose greatest value tells; null when no declaration names one. */
  readonly time: string | null
  /** UTC; null when it is not known, or there is no row. */
  readonly newest: string | null
  readonly ageSeconds: number | null
  readonly sla: Sla | null
  readonly status: FreshnessStatus
  /** Why it is not known, or not well. */
  readonly reason: string | null
}

export interface Freshness {
  readonly status: FreshnessStatus
  /** The oldest among the newest of its sources. */
  readonly newest: string | null
  readonly ageSeconds: number | null
  readonly sla: Sla | null
  /** The source that is late, when one is. */
  readonly late: string | null
  readonly sources: readonly SourceFreshness[]
}

export interface FreshnessOptions {
  /** Keeps the result in the store, for `freshness_result`. Default false. */
  readonly record?: boolean
  readonly run?: string
  /** Longest time for one source, in seconds, on a server. Default 10. */
  readonly timeout?: number
}

/**
 * Looks how old the newest rows are: of a source by the greatest value of the column that a declaration names as its time;
 * of everything else by the sources it is made of, through views: it is as old as the oldest of them. Judged by the SLA
 * of the asset and those of the sources. A source that no declaration names a time of counts for nothing and is listed.
 *
 * One statement per source, which an index on the column makes short.
 *
 * Errors: `catalog/unknown`, `catalog/ambiguous`.
 *
 * @example
 * ```ts
 * const { status, late } = await assetFreshness(store, 'departures')
 * // error, public.weather
 * ```
 * ```sql
 * SELECT max(at)::timestamptz, extract(epoch FROM clock_timestamp() - max(at)::timestamptz) FROM public.weather
 * ```
 */
export async function assetFreshness(store: Store, name: string, options: FreshnessOptions = {}): Promise<Freshness> {
  return freshnessOf(store, await findEntry(store, name), options)
}

export async function freshnessOf(store: Store, entry: EntryName, options: FreshnessOptions): Promise<Freshness> {
  const { sla, sources } = await sourcesOf(store, entry)
  const measured: SourceFreshness[] = []
  for (const s of await located(store.db, sources)) measured.push(await measure(store.db, s, options.timeout ?? 10))
  const result = judged(sla, measured)
  if (options.record) {
    // Two within one tick of the clock follow each other by a microsecond.
    await store.db.query(
      `INSERT INTO viewcast.freshness_result (asset_id, at, newest, age_seconds, status, execution_id)
       SELECT $1, greatest(clock_timestamp(), max(at) + interval '1 microsecond'), $2, $3, $4, $5
       FROM viewcast.freshness_result WHERE asset_id = $1`,
      [entry.id, result.newest, result.ageSeconds, result.status, options.run ?? null],
    )
  }
  return result
}

interface Source {
  readonly name: string
  readonly time: string | null
  readonly sla: Sla | null
}

/** Those that an asset is made of, down to where a time is known or nothing is below. */
async function sourcesOf(
  { db, project }: Store,
  entry: EntryName,
): Promise<{ sla: Sla | null; sources: readonly Source[] }> {
  const rows = await db.rows<Source & { id: string; kind: AssetKind; reads: boolean }>(
    `WITH RECURSIVE below AS (
       SELECT a.id, a.kind, a.name, a.props FROM viewcast.asset a WHERE a.id = $1
       UNION
       SELECT a.id, a.kind, a.name, a.props FROM below b
       CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(b.props -> 'reads', '[]')) AS r(title)
       JOIN viewcast.asset a ON a.kind = split_part(r.title, ' ', 1) AND a.name = substr(r.title, strpos(r.title, ' ') + 1)
         AND a.namespace = CASE WHEN split_part(r.title, ' ', 1) = 'source' THEN 'database' ELSE $2 END
       WHERE b.props -> 'time' IS NULL OR b.kind NOT IN ('source', 'deployment')
     )
     SELECT b.id, b.kind, b.name, b.props ->> 'time' AS time, jsonb_array_length(coalesce(b.props -> 'reads', '[]')) > 0 AS reads,
       viewcast.told(a.declared, a.edited, a.commented) -> 'sla' AS sla
     FROM below b JOIN viewcast.asset a ON a.id = b.id ORDER BY b.kind, b.name`,
    [entry.id, project],
  )
  const isSource = (kind: AssetKind): boolean => kind === 'source' || kind === 'deployment'
  return {
    sla: rows.find((r) => r.id === entry.id)?.sla ?? null,
    sources: rows.filter((r) => isSource(r.kind) && (r.time !== null || !r.reads)),
  }
}

interface Located extends Source {
  /** As SQL; undefined when the database has no such relation or column. */
  readonly relation?: string
  readonly type?: string
}

/** Names of assets are `schema.name` without quotes: which relation that is, the database knows. */
async function located(db: Database, sources: readonly Source[]): Promise<Located[]> {
  const rows = await db.rows<{ place: number; schema: string; relation: string; type: string | null }>(
    `SELECT u.place::integer, n.nspname AS schema, c.relname AS relation, t.typname AS type
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(name, "time", place)
     JOIN pg_catalog.pg_namespace n ON starts_with(u.name, n.nspname || '.')
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND n.nspname || '.' || c.relname = u.name
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = u."time" AND a.attnum > 0
     LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid`,
    [sources.map((s) => s.name), sources.map((s) => s.time)],
  )
  const byPlace = new Map(rows.map((r) => [r.place, r]))
  return sources.map((s, i) => {
    const r = byPlace.get(i + 1)
    return {
      ...s,
      ...(r ? { relation: `${quoteIdentifier(r.schema)}.${quoteIdentifier(r.relation)}` } : {}),
      ...(r?.type ? { type: r.type } : {}),
    }
  })
}

const instants: ReadonlySet<string> = new Set(['timestamptz', 'timestamp', 'date'])

async function measure(db: Database, s: Located, timeout: number): Promise<SourceFreshness> {
  const base = { name: s.name, time: s.time, sla: s.sla, newest: null, ageSeconds: null }
  const unknown = (reason: string): SourceFreshness => ({ ...base, status: 'unknown', reason })
  if (s.relation === undefined) return unknown('it is not in the database')
  if (s.time === null) return unknown('no declaration names the column with the time of its rows')
  if (s.type === undefined) return unknown(`it has no column "${s.time}" any more`)
  if (!instants.has(s.type)) return unknown(`"${s.time}" is ${s.type}, and no instant`)
  const column = quoteIdentifier(s.time)
  try {
    const [row] = await db.transaction(async (inside) => {
      const [before] = await inside.rows<{ was: string }>(`SELECT current_setting('statement_timeout') AS was`)
      await inside.query(`SELECT set_config('statement_timeout', $1, true)`, [String(timeout * 1000)])
      const rows = await inside.rows<{ newest: string | null; finite: boolean; age: number | null }>(
        `SELECT CASE WHEN isfinite(m.newest) THEN m.newest END AS newest, coalesce(isfinite(m.newest), true) AS finite,
           CASE WHEN isfinite(m.newest) THEN extract(epoch FROM clock_timestamp() - m.newest)::float8 END AS age
         FROM (SELECT max(${column})::timestamptz AS newest FROM ${s.relation}) AS m`,
      )
      await inside.query(`SELECT set_config('statement_timeout', $1, true)`, [before?.was ?? '0'])
      return rows
    })
    const found = { ...base, newest: row?.newest ?? null, ageSeconds: row?.age ?? null }
    if (row?.finite === false) return { ...found, status: 'warn', reason: 'its newest row is of an infinite time' }
    return { ...found, ...judge(found.ageSeconds, s.sla) }
  } catch (e) {
    if (!isDatabaseError(e)) throw e
    const reasons: Readonly<Record<string, string>> = {
      '42501': 'it may not be read',
      '57014': `looking took longer than ${timeout} seconds; an index on "${s.time}" makes it short`,
    }
    return unknown(reasons[e.sqlState] ?? `it cannot be read (${e.sqlState})`)
  }
}

/** Clocks differ a little: a row of a second ahead is none of the future. */
const skew = 60

function judge(age: number | null, sla: Sla | null): { status: FreshnessStatus; reason: string | null } {
  if (age === null) return { status: sla === null ? 'unknown' : 'error', reason: 'it has no rows' }
  if (age < -skew) return { status: 'warn', reason: 'its newest row is of the future' }
  const error = sla?.errorAfter === undefined ? undefined : durationSeconds(sla.errorAfter)
  const warn = sla?.warnAfter === undefined ? undefined : durationSeconds(sla.warnAfter)
  if (error !== undefined && age > error) return { status: 'error', reason: `older than ${sla?.errorAfter}` }
  if (warn !== undefined && age > warn) return { status: 'warn', reason: `older than ${sla?.warnAfter}` }
  return sla === null ? { status: 'unknown', reason: 'there is no SLA' } : { status: 'pass', reason: null }
}

const severity: readonly FreshnessStatus[] = ['unknown', 'pass', 'warn', 'error']
const worst = (all: readonly FreshnessStatus[]): FreshnessStatus =>
  severity[Math.max(0, ...all.map((s) => severity.indexOf(s)))] ?? 'unknown'

function judged(sla: Sla | null, sources: readonly SourceFreshness[]): Freshness {
  const dated = sources.filter((s) => s.ageSeconds !== null)
  const oldest = dated.reduce<SourceFreshness | undefined>(
    (o, s) => (o === undefined || (s.ageSeconds ?? 0) > (o.ageSeconds ?? 0) ? s : o),
    undefined,
  )
  const own = oldest === undefined ? 'unknown' : judge(oldest.ageSeconds, sla).status
  const status = worst([own, ...sources.map((s) => s.status)])
  const isLate = (s: FreshnessStatus): boolean => s === 'warn' || s === 'error'
  // One that breaks its own promise before one that only makes the whole old.
  const bad = sources.filter((s) => s.status === status)
  const late = !isLate(status)
    ? undefined
    : (bad.toSorted((a, b) => (b.ageSeconds ?? 0) - (a.ageSeconds ?? 0))[0] ?? oldest)
  return {
    status,
    newest: oldest?.newest ?? null,
    ageSeconds: oldest?.ageSeconds ?? null,
    sla,
    late: late?.name ?? null,
    sources,
  }
}

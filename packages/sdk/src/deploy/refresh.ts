/** Brings the rows of a deployed table up to date, in one transaction. */
import { diagnostic, fail, instant, quoteIdentifier, ViewcastError } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import type { RefreshKind } from '../define/deployment.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { ensureAsset } from '../store/graph/assets.ts'
import { modelVersion } from '../store/registry/model-versions.ts'
import { atomically, type Store } from '../store/store.ts'
import { assetName, type ObjectName, quoted } from './object-name.ts'
import { type LiveDeployment, liveDeployment } from './state.ts'
import { tableSpec } from './table-change.ts'
import { queryAt } from './table-query.ts'
import { deleteVanished, insertRows, staged, type TableSpec, upsertRows } from './table-statements.ts'

export interface RefreshOptions {
  /** ISO instant with a zone the predictions are made at; default that of the declaration, else now. */
  readonly at?: string
  /** How long to wait for another refresh of the table, or a deployment of it, in milliseconds; default 60,000. */
  readonly lockTimeout?: number
  readonly run?: string
  readonly signal?: AbortSignal
}

export interface Refreshed {
  readonly object: ObjectName
  readonly kind: RefreshKind
  /** As PostgreSQL prints it under UTC; null where the query asks about none. */
  readonly at: string | null
  readonly model: string
  readonly version: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  readonly seconds: number
}

/**
 * Brings a table up to date by the query of the version that is live, as it was planned and verified, whatever the project
 * says now. Readers see the rows of before until all are there; refreshes of one table wait for each other.
 *
 * Errors: `refresh/not-a-table`, `refresh/busy`, `refresh/instant`, `refresh/keys`, `refresh/row-security`,
 * `refresh/verification`, `engine/interrupted`.
 *
 * @example
 * ```ts
 * await refreshTable(store, { schema: 'public', name: 'delay15_daily' }, { at: '2001-02-01T00:00Z' })
 * ```
 * ```sql
 * DELETE FROM public.delay15_daily WHERE as_of = $1;
 * INSERT INTO public.delay15_daily AS t (origin, as_of, probability, model_version) SELECT … FROM (WITH … SELECT …) AS q
 * ```
 */
export const refreshTable = (store: Store, object: ObjectName, options: RefreshOptions = {}): Promise<Refreshed> =>
  refreshBy(store, object, options)

/** Where the rows of a query with more columns than the table are, from its refresh to the end of the transaction. */
export const widened = 'pg_temp._viewcast_widened'

/**
 * As {@link refreshTable}.
 *
 * @param wider gives a query with the columns of the table and more, as of an instant: its rows are written down in
 *   {@link widened} once, and the table filled from there, so that both are of one snapshot.
 */
export async function refreshBy(
  store: Store,
  object: ObjectName,
  options: RefreshOptions,
  wider?: (inside: Store, at: string | null) => Promise<string>,
): Promise<Refreshed> {
  const started = performance.now()
  await deployedTable(store, object)
  const done = await naming(object, () =>
    atomically(store, async (inside) => {
      const { db } = inside
      // What a policy would hide would be missing from the table, in silence; now PostgreSQL raises.
      await db.execute(
        `SET LOCAL row_security = off; SET LOCAL lock_timeout = ${Math.round(options.lockTimeout ?? 60_000)}`,
      )
      // Readers go on. Another refresh waits, and so does whoever would change the columns between reading the version and running it.
      await db.execute(`LOCK TABLE ${quoted(object)} IN SHARE ROW EXCLUSIVE MODE`)
      const { live, spec, model, version } = await deployedTable(inside, object)
      const verification = await checkVerificationRows(db, (await modelVersion(inside, model, version)).record)
      if (!verification.ok) fail('refresh/verification', { table: quoted(object), rows: verification.detail })
      const at = await instantOf(inside, object, live, spec, options.at)
      const path = [...spec.searchPath, 'pg_temp'].filter((s, i, all) => all.indexOf(s) === i)
      await db.execute(`SET LOCAL search_path = ${path.map(quoteIdentifier).join(', ')}`)
      if (wider) {
        const told = options.signal ? { signal: options.signal } : {}
        await db.query(`CREATE TEMPORARY TABLE ${widened} ON COMMIT DROP AS\n${await wider(inside, at)}`, [], told)
      }
      const query = wider ? `SELECT * FROM ${widened}` : queryAt(spec, at)
      const rows = await filled(db, object, live, spec, at, query, options.signal)
      await db.query(
        `INSERT INTO viewcast.refresh (asset_id, artifact_id, execution_id, kind, as_of, inserted, updated, deleted, started_at, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9)`,
        [
          live.asset,
          live.artifact,
          options.run ?? null,
          spec.refresh,
          at,
          rows.inserted,
          rows.updated,
          rows.deleted,
          store.actor,
        ],
      )
      if (spec.hasAsOf) await keepTime(inside, object)
      return { object, kind: spec.refresh, at, model, version, ...rows }
    }),
  )
  return { ...done, seconds: (performance.now() - started) / 1000 }
}

interface Deployed {
  readonly live: LiveDeployment
  readonly spec: TableSpec
  readonly model: string
  readonly version: number
}

async function deployedTable(store: Store, object: ObjectName): Promise<Deployed> {
  const live = await liveDeployment(store, object)
  const spec = live && tableSpec(live)
  if (!live || !spec)
    return fail('refresh/not-a-table', { name: assetName(object), ...(live ? { kind: live.kind } : {}) })
  return { live, spec, model: String(live.spec['model']), version: spec.version }
}

async function instantOf(
  { db }: Store,
  object: ObjectName,
  live: LiveDeployment,
  { hasAsOf, refresh }: TableSpec,
  wanted: string | undefined,
): Promise<string | null> {
  const table = live.name
  if (!hasAsOf) {
    if (wanted === undefined) return null
    return fail('refresh/instant', {
      table,
      detail: 'asks about no instant: its dataset has no as_of',
      hint: 'Leave --at out.',
    })
  }
  const declared = live.spec['at']
  const given = wanted ?? (typeof declared === 'string' ? declared : undefined)
  // Not the start of the transaction: another refresh may have been waited for since, and be of a later instant.
  const newest = `coalesce((SELECT max(r.as_of) FROM viewcast.refresh r WHERE r.asset_id = $1 AND r.kind = 'upsert'),
    (SELECT max(t.as_of) FROM ${quoted(object)} AS t))`
  const [row] = await db.rows<{ now: string; newest: string | null; isOlder: boolean }>(
    `SELECT clock_timestamp()::text AS now, k.newest::text AS newest, coalesce($2::timestamptz < k.newest, false) AS "isOlder"
     FROM (SELECT ${refresh === 'upsert' ? newest : 'NULL::timestamptz'} AS newest, $1::uuid) AS k`,
    [live.asset, given === undefined ? null : (instant(given) ?? fail('time/instant', { value: given }))],
  )
  if (row?.isOlder) {
    const detail = `has the predictions of ${row.newest} already: older ones would take the place of newer ones`
    fail('refresh/instant', {
      table,
      detail,
      hint: "Declare it with refresh: 'partition' to keep those of several instants.",
    })
  }
  return instant(given ?? row?.now ?? '') ?? fail('time/instant', { value: given ?? '' })
}

interface Rows {
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

async function filled(
  db: Database,
  object: ObjectName,
  live: LiveDeployment,
  spec: TableSpec,
  at: string | null,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Rows> {
  const table = quoted(object)
  const told = signal ? { signal } : {}
  const run = async (sql: string, parameters: readonly unknown[] = []): Promise<number> =>
    (await db.query(sql, parameters, told)).affected
  if (spec.refresh === 'upsert') {
    const isStaged = spec.vanished === 'delete'
    if (isStaged) await run(`CREATE TEMPORARY TABLE viewcast_refresh ON COMMIT DROP AS\n${query}`)
    const unfilled = live.columns.filter((c) => c.tombstone !== undefined).map((c) => c.name)
    const count = async (): Promise<number> =>
      Number((await db.rows<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]?.n ?? 0)
    const before = await count()
    const touched = await run(upsertRows(object, spec, isStaged ? `SELECT * FROM ${staged}` : query, unfilled))
    const inserted = (await count()) - before
    const deleted = isStaged ? await run(deleteVanished(object, spec)) : 0
    // Another refresh may follow in the same transaction.
    if (isStaged) await run(`DROP TABLE ${staged}`)
    return { inserted, updated: touched - inserted, deleted }
  }
  const deleted =
    spec.refresh === 'partition' && at !== null
      ? await run(`DELETE FROM ${table} WHERE as_of = $1`, [at])
      : await run(`DELETE FROM ${table}`)
  return { inserted: await run(insertRows(object, spec, query)), updated: 0, deleted }
}

/** The catalog measures how fresh a relation is by the column of its time. */
async function keepTime(store: Store, object: ObjectName): Promise<void> {
  const asset = await ensureAsset(store, { kind: 'deployment', name: assetName(object) })
  await store.db.query(
    `UPDATE viewcast.asset SET props = props || '{"time": "as_of"}' WHERE id = $1 AND props ->> 'time' IS DISTINCT FROM 'as_of'`,
    [asset],
  )
}

/** What the database refuses of the rows, by code; never with a value of them. */
async function naming<T>(object: ObjectName, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (e) {
    if (!isDatabaseError(e)) throw e
    const table = quoted(object)
    const error = (code: Parameters<typeof diagnostic>[0], detail: string) =>
      new ViewcastError([diagnostic(code, { table, detail })])
    if (e.sqlState === '55P03') throw error('refresh/busy', '')
    if (e.sqlState === '23505' || e.sqlState === '21000') throw error('refresh/keys', 'several rows for one key')
    if (e.sqlState === '23502') throw error('refresh/keys', 'a row whose key is NULL')
    if (e.sqlState === '42501' && e.message.includes('row-level security')) throw error('refresh/row-security', '')
    throw e
  }
}

/** What was put aside and nobody needs any more: listed, then removed, each in a transaction of its own. */
import { quoteIdentifier } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import { atomically, type Store } from '../store/store.ts'
import { oneDeployer } from './deploy-lock.ts'
import { keptSchemaMark } from './kept-place.ts'
import { keptNoMore } from './kept-state.ts'
import { assetName, type ObjectName, objectOf, quoted } from './object-name.ts'
import { inspect, type Present } from './present.ts'
import { reference } from './swap.ts'

/**
 * Why an object that was put aside stays, or not. `newest`: it is among those that are to be kept; `read`: others depend on
 * it; `changed`: somebody changed it since; `gone`: it is not there any more; `collectable`: nothing speaks for it.
 */
export type KeptStatus = 'newest' | 'read' | 'changed' | 'gone' | 'collectable'

export interface KeptVersion {
  /** Name of the deployment. */
  readonly name: string
  readonly environment: string
  readonly object: ObjectName
  /** Of the deployment. */
  readonly version: number
  readonly model: string
  readonly modelVersion: number
  readonly at: ObjectName
  readonly kind: 'view' | 'table' | 'function'
  /** Instant it was put aside. */
  readonly since: string
  /** With indexes; 0 of what has no rows of its own. */
  readonly bytes: number
  /** When its rows were last read; null of what has none, and where the server does not know: before PostgreSQL 16. */
  readonly lastRead: string | null
  /** Whoever depends on it: `view report (probability)`. */
  readonly dependents: readonly string[]
  readonly status: KeptStatus
}

/** A schema that versions were put aside in. */
export interface KeptSchema {
  readonly name: string
  /** What is in it that viewcast did not put there; with it, the schema stays. */
  readonly foreign: readonly string[]
  readonly isEmpty: boolean
}

export interface Keeping {
  readonly versions: readonly KeptVersion[]
  readonly schemas: readonly KeptSchema[]
}

export interface KeepingOptions {
  /** How many versions of each deployment stay, the newest ones; default 2. */
  readonly keep?: number
  /** Only those of this environment; default all of the project. */
  readonly environment?: string
}

export interface CollectOptions extends KeepingOptions {
  /** How long to wait for locks before an object is left where it is, in milliseconds; default 2,000. */
  readonly lockTimeout?: number
  readonly reason?: string
}

/** `collected`, or why not: as {@link KeptStatus} says, or `locked`: somebody reads it now; `forbidden`: it belongs to another role. */
export interface CollectedVersion extends KeptVersion {
  readonly outcome: 'collected' | 'locked' | 'forbidden' | Exclude<KeptStatus, 'collectable'>
}

export interface Collected {
  readonly versions: readonly CollectedVersion[]
  /** Schemas that were removed, as they were empty. */
  readonly schemas: readonly string[]
}

/**
 * Lists what swaps and removals have put aside for the project, with whether {@link collectKept} would remove it. Nothing is
 * changed.
 *
 * @example
 * ```ts
 * const { versions } = await keptVersions(store, { keep: 1 })
 * versions.filter((v) => v.status === 'read').map((v) => v.dependents)
 * ```
 */
export async function keptVersions(store: Store, options: KeepingOptions = {}): Promise<Keeping> {
  const { db, project } = store
  const rows = await db.rows<Row>(
    `SELECT d.asset_id AS asset, CASE WHEN d.project = k.project THEN d.name ELSE coalesce(v.spec->>'name', d.name) END AS name,
            k.environment, o.name AS object, a.version, a.props->>'model' AS model,
            (a.props->>'modelVersion')::integer AS "modelVersion", k.place AS at, v.spec->>'as' AS kind,
            k.since, k.hash,
            k.server IS NOT DISTINCT FROM current_setting('server_version_num')::integer / 10000 AS "isSameServer"
     FROM viewcast.deployment_kept k
     JOIN viewcast.deployment_version v ON v.artifact_id = k.artifact_id
     JOIN viewcast.artifact a ON a.id = k.artifact_id
     JOIN viewcast.asset o ON o.id = a.asset_id
     JOIN viewcast.deployment d ON d.asset_id = o.id
     WHERE k.until IS NULL AND k.project = $1 AND ($2::text IS NULL OR k.environment = $2)
     ORDER BY o.name, k.id DESC`,
    [project, options.environment ?? null],
  )
  const newer = new Map<string, number>()
  const versions: KeptVersion[] = []
  for (const { asset, hash, isSameServer, ...row } of rows) {
    const at = objectOf(row.at)
    const present = await inspect(db, at, row.kind)
    const dependents = (present?.dependents ?? []).map((d) =>
      d.columns.length > 0 ? `${d.object} (${d.columns.join(', ')})` : d.object,
    )
    const place = newer.get(asset) ?? 0
    const isChanged = present !== undefined && isSameServer && hash !== present.hash
    const status = !present
      ? 'gone'
      : dependents.length > 0
        ? 'read'
        : isChanged
          ? 'changed'
          : place < (options.keep ?? 2)
            ? 'newest'
            : 'collectable'
    if (present) newer.set(asset, place + 1)
    versions.push({ ...row, object: objectOf(row.object), at, dependents, status, ...(await use(db, present)) })
  }
  return { versions, schemas: await keptSchemas(db, versions) }
}

interface Row {
  readonly asset: string
  readonly name: string
  readonly environment: string
  readonly object: string
  readonly version: number
  readonly model: string
  readonly modelVersion: number
  readonly at: string
  readonly kind: KeptVersion['kind']
  readonly since: string
  readonly hash: string | null
  readonly isSameServer: boolean
}

async function use(db: Database, present: Present | undefined): Promise<Pick<KeptVersion, 'bytes' | 'lastRead'>> {
  if (present?.kind !== 'table') return { bytes: 0, lastRead: null }
  const [row] = await db.rows<{ bytes: string; lastRead: string | null }>(
    // As JSON, because an older server has no such columns.
    `SELECT pg_total_relation_size($1::oid) AS bytes,
            greatest((to_jsonb(s)->>'last_seq_scan')::timestamptz, (to_jsonb(s)->>'last_idx_scan')::timestamptz) AS "lastRead"
     FROM (SELECT) one LEFT JOIN pg_stat_user_tables s ON s.relid = $1::oid`,
    [present.oid],
  )
  return { bytes: Number(row?.bytes ?? 0), lastRead: row?.lastRead ?? null }
}

async function keptSchemas(db: Database, versions: readonly KeptVersion[]): Promise<KeptSchema[]> {
  const rows = await db.rows<{ name: string; object: string | null; described: string | null }>(
    `SELECT n.nspname::text AS name, i.identity AS object, i.type || ' ' || i.identity AS described
     FROM pg_namespace n
     LEFT JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'
     LEFT JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i ON true
     WHERE starts_with(obj_description(n.oid, 'pg_namespace'), $1) ORDER BY 1, 3`,
    [keptSchemaMark],
  )
  // Those of other projects, and of environments that were not asked for, were put there by viewcast, too.
  const places = await db.rows<{ place: string }>('SELECT place FROM viewcast.deployment_kept WHERE until IS NULL')
  const gone = new Set(versions.filter((v) => v.status === 'gone').map((v) => assetName(v.at)))
  const ours = new Set(places.flatMap(({ place }) => (gone.has(place) ? [] : [quoted(objectOf(place))])))
  const isOurs = (identity: string) => ours.has(identity.replace(/\(.*\)$/s, ''))
  return [...new Set(rows.map((r) => r.name))].map((name) => {
    const inside = rows.filter((r) => r.name === name && r.object !== null)
    const foreign = inside.filter((r) => !isOurs(r.object ?? '')).map((r) => r.described ?? '')
    return { name, foreign, isEmpty: inside.length === 0 }
  })
}

/**
 * Removes what {@link keptVersions} calls collectable, and schemas that are empty by then, each in a transaction of its own and
 * without waiting long for a lock. A version that is collected can still be gone back to: it is made again from its text.
 *
 * Never removed: what is live, what others depend on, what somebody changed, and whatever viewcast did not make.
 *
 * @example
 * ```ts
 * const { versions } = await collectKept(store, { keep: 1, reason: 'month end' })
 * ```
 * ```sql
 * DROP VIEW scoring__v3.delay15_now; DROP SCHEMA scoring__v3
 * ```
 */
export async function collectKept(store: Store, options: CollectOptions = {}): Promise<Collected> {
  const { versions } = await keptVersions(store, options)
  const collected: CollectedVersion[] = []
  for (const version of versions) collected.push({ ...version, outcome: await collectOne(store, version, options) })
  const schemas: string[] = []
  for (const { name, isEmpty } of await keptSchemas(store.db, versions)) {
    if (
      isEmpty &&
      (await attempt(store, options, (db) => db.execute(`DROP SCHEMA ${quoteIdentifier(name)}`))) === undefined
    )
      schemas.push(name)
  }
  return { versions: collected, schemas }
}

async function collectOne(
  store: Store,
  version: KeptVersion,
  options: CollectOptions,
): Promise<CollectedVersion['outcome']> {
  const { status, at } = version
  if (status === 'gone') await keptNoMore(store.db, at)
  if (status !== 'collectable') return status
  let since: KeptStatus = status
  return (
    (await attempt(store, options, async (db) => {
      since = await statusNow({ ...store, db }, version, options)
      if (since !== 'collectable') return
      const present = await inspect(db, at, version.kind)
      if (present) await db.execute(`DROP ${present.kind.toUpperCase()} ${reference(present, at)}`)
      await keptNoMore(db, at)
      await db.query(
        `INSERT INTO viewcast.deployment_change (asset_id, action, class, strategy, from_artifact, actor, reason, project, environment, is_declared)
         SELECT o.id, 'collect', 'remove', 'drop', a.id, $3, $4, $5, $6, d.is_declared
         FROM viewcast.asset o JOIN viewcast.artifact a ON a.asset_id = o.id JOIN viewcast.deployment d ON d.asset_id = o.id
         WHERE (o.kind, o.name, a.version) = ('deployment', $1, $2)`,
        [
          assetName(version.object),
          version.version,
          store.actor,
          options.reason ?? null,
          store.project,
          version.environment,
        ],
      )
    })) ?? (since === 'collectable' ? 'collected' : since)
  )
}

/** Under the lock of those who deploy: since it was listed it may have gone back to its place, or have been edited. */
async function statusNow(store: Store, listed: KeptVersion, options: CollectOptions): Promise<KeptStatus> {
  const { versions } = await keptVersions(store, options)
  const now = versions.find((v) => assetName(v.at) === assetName(listed.at) && v.version === listed.version)
  return now?.status ?? 'gone'
}

/** What stood in the way; undefined when it was done. */
async function attempt(
  store: Store,
  { lockTimeout = 2000 }: CollectOptions,
  body: (db: Database) => Promise<void>,
): Promise<Obstacle | undefined> {
  try {
    await atomically(store, async ({ db }) => {
      await db.execute(`SET LOCAL lock_timeout = ${Math.round(lockTimeout)}`)
      await oneDeployer(db)
      await body(db)
    })
    return undefined
  } catch (e) {
    const reason = isDatabaseError(e) ? refusals.get(e.sqlState) : undefined
    if (reason === undefined) throw e
    return reason
  }
}

const refusals = new Map([
  ['2BP01', 'read'],
  ['55P03', 'locked'],
  ['40P01', 'locked'],
  ['42501', 'forbidden'],
  // An empty schema that another collection removed since this one listed it.
  ['3F000', 'gone'],
] as const) as ReadonlyMap<string, Obstacle>

type Obstacle = 'read' | 'locked' | 'forbidden' | 'gone'

/** How jobs and datasets are called outside. */
import { createRequire } from 'node:module'
import type { Database } from '../../database/database.ts'
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import type { DatasetName } from './event.ts'

/** How the events of a store are named; given when it is opened, and then they are written. */
export interface EventOptions {
  /** Namespace of the jobs. Default the project's name. */
  readonly namespace?: string
  /**
   * Namespace of the tables of this database. Default `postgres://host:port` as it was connected to. To be set where
   * processes reach one database by different names, else its tables are told of as different ones.
   */
  readonly database?: string
  /** URI that says who wrote the events. Default this version of viewcast. */
  readonly producer?: string
}

export interface Naming {
  /** Of jobs. */
  readonly namespace: string
  readonly producer: string
  /** Namespace of relations of the database. */
  readonly tables: string
  /** Name of the database, in front of their names. */
  readonly database: string
  readonly serverVersion: string
}

export async function namingOf(store: Store): Promise<Naming> {
  const { db, project, events } = store
  const [row] = await db.rows<{ database: string; version: string }>(
    `SELECT current_database()::text AS database, current_setting('server_version') AS version`,
  )
  return {
    namespace: events?.namespace ?? project,
    producer: events?.producer ?? `pkg:npm/%40viewcast/sdk@${sdkVersion()}`,
    tables: events?.database ?? tablesOf(db, project),
    database: row?.database ?? '',
    serverVersion: row?.version ?? '',
  }
}

/** Of this package. */
export const sdkVersion = (): string =>
  (createRequire(import.meta.url)('@viewcast/sdk/package.json') as { readonly version: string }).version

/** `postgres://host:port`, never with a user; the embedded engine has no address, so it has the project's name. */
export function tablesOf(db: Pick<Database, 'engine' | 'description'>, project: string): string {
  if (db.engine === 'pglite') return `pglite://${encodeURIComponent(project)}`
  const [, hosts = ''] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^?]*@)?([^/?#]*)/i.exec(db.description) ?? []
  const host = (hosts.split(',')[0] ?? '').toLowerCase()
  if (host === '' || host.startsWith('%2f')) return 'postgres://localhost:5432'
  return /:\d+$/.test(host) ? `postgres://${host}` : `postgres://${host}:5432`
}

export interface NamedAsset {
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
}

/** Relations are `database.schema.name` where they are; what is declared is `kind.name` of its project. */
export function datasetName({ kind, namespace, name }: NamedAsset, naming: Naming): DatasetName {
  if (kind === 'source' || kind === 'deployment')
    return { namespace: naming.tables, name: `${naming.database}.${name}` }
  return { namespace: `viewcast://${encodeURIComponent(namespace)}`, name: `${kind}.${name}` }
}

/** What is run again and again under one name; a run's own name may be another each time. */
export const jobName = (run: {
  readonly job: string | null
  readonly experiment: string | null
  readonly kind: string
}): string => run.job ?? (run.experiment === null ? run.kind : `${run.experiment}.${run.kind}`)

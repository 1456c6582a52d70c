import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { fail } from '@viewcast/compiler'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Database } from './database.ts'
import { databaseError, isWireError } from './database-error.ts'
import type { Lease, Sessions } from './lease.ts'
import { redact } from './redact.ts'
import { database } from './session.ts'
import { sessionSettings, wireLease } from './wire-lease.ts'

const connectTimeout = 10_000

/** A server reached over the network. */
export async function connectPostgres(url: string, options: { onNotice?: (text: string) => void }): Promise<Database> {
  const config = { connectionString: url, connectionTimeoutMillis: connectTimeout }
  const ready = new WeakSet<pg.ClientBase>()
  const pool = new pg.Pool({ ...config, max: 4, allowExitOnIdle: true })
  // A connection that dies while idle is replaced at its next use.
  pool.on('error', () => undefined)

  async function acquire(): Promise<pg.PoolClient> {
    try {
      const client = await pool.connect()
      if (!ready.has(client)) {
        client.on('error', () => undefined)
        client.on('notice', (n) => options.onNotice?.(n.message ?? ''))
        await prepare(client)
        ready.add(client)
      }
      return client
    } catch (e) {
      throw connectionError(e, url)
    }
  }

  const sessions: Sessions = {
    engine: 'postgres',
    description: redact(url),
    single: false,
    async lease(body) {
      const client = await acquire()
      let broken = false
      const lease: Lease = wireLease(client, {
        load: (target, chunks) => load(client, target, chunks),
        interrupt: () => {
          broken = true
          void cancel(config, client)
        },
      })
      try {
        return await body(lease)
      } catch (e) {
        if (!isWireError(e) && !(e instanceof Error && e.name === 'DatabaseError')) broken ||= !client_alive(client)
        throw e
      } finally {
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
  await sessions.lease(async () => undefined)
  return database(sessions)
}

const client_alive = (client: pg.ClientBase): boolean =>
  (client as unknown as { _queryable?: boolean })._queryable !== false

async function prepare(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query('SHOW server_version_num')
  const version = Number(rows[0]?.server_version_num)
  if (!(version >= 150000)) fail('engine/version', { version: String(Math.floor(version / 10000)) })
  await client.query(sessionSettings)
}

/** The statement is cancelled over a connection of its own: the pool may have none to spare. */
async function cancel(config: pg.ClientConfig, client: pg.ClientBase): Promise<void> {
  const pid = (client as unknown as { processID: number | null }).processID
  const other = new pg.Client(config)
  other.on('error', () => undefined)
  try {
    await other.connect()
    await other.query('SELECT pg_cancel_backend($1)', [pid])
  } catch {
    // Nobody to tell: the session is ended below in any case.
  }
  await other.end().catch(() => undefined)
}

async function load(client: pg.ClientBase, target: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const into: Writable = client.query(copyFrom(`COPY ${target} FROM STDIN`))
  const failed = new Promise<never>((_, reject) => into.once('error', reject))
  failed.catch(() => undefined)
  try {
    for await (const chunk of chunks) if (!into.write(chunk)) await Promise.race([once(into, 'drain'), failed])
    into.end()
    await Promise.race([once(into, 'finish'), failed])
  } catch (e) {
    into.destroy(e as Error)
    throw e
  }
}

function connectionError(e: unknown, url: string): unknown {
  const target = redact(url)
  if (!(e instanceof Error)) return e
  const code = 'code' in e ? String(e.code) : ''
  try {
    if (code === '28P01' || code === '28000') fail('engine/authentication', { target, user: pg_user(url) })
    if (code === '3D000') fail('engine/no-database', { target, database: new URL(url).pathname.slice(1) })
    if (isWireError(e)) return databaseError(e, '')
    if (e.name === 'ViewcastError') return e
    fail('engine/unreachable', { target, detail: code || 'no answer' })
  } catch (mapped) {
    return mapped
  }
}

const pg_user = (url: string): string => {
  try {
    return decodeURIComponent(new URL(url).username)
  } catch {
    return ''
  }
}

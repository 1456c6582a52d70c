import { finished } from 'node:stream/promises'
import { fail, InternalError, isViewcastError } from '@viewcast/compiler/diagnostics'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { requestCancel } from './cancel-request.ts'
import type { ConnectOptions } from './connect.ts'
import { connectionError, lostConnection } from './connection-error.ts'
import { copyOut } from './copy-out.ts'
import type { Database } from './database.ts'
import { isWireError } from './database-error.ts'
import type { Sessions } from './lease.ts'
import { localSettings, pooledLease } from './pooled-lease.ts'
import { redact } from './redact.ts'
import { database } from './session.ts'
import { sessionSettings, wireLease } from './wire-lease.ts'

const oldest = 15
const connectTimeout = 10
/** More than a stream, a load and the statements beside them need. */
const most = 8

/** A server, by the sessions of a small pool. */
export async function connectPostgres(
  url: string,
  { onNotice, sessions: atMost = most, settings = {} }: ConnectOptions = {},
): Promise<Database> {
  const config = { connectionString: url, connectionTimeoutMillis: 1000 * patience(url), application_name: 'viewcast' }
  const { user = '', database: name = '' } = parsed(config)
  // The pool would apply its own timeout to waiting for a free session as well, which may rightly take long.
  class Client extends pg.Client {
    constructor() {
      super(config)
    }
    override connect(): Promise<pg.Client>
    override connect(callback: (error: Error) => void): void
    override connect(callback?: (error: Error) => void): unknown {
      if (!callback) return super.connect()
      // A login that the driver gives up, for want of a password say, would stay open at the server for a minute, and whoever
      // drops a database there would wait for it.
      return super.connect((error: Error) => {
        if (error) void this.end().catch(() => undefined)
        callback(error)
      })
    }
  }
  const pool = new pg.Pool({ Client: Client as never, max: atMost, allowExitOnIdle: true })
  // A session that dies while idle is replaced at its next use.
  pool.on('error', () => undefined)
  const ready = new WeakMap<pg.ClientBase, { readonly isPooled: boolean }>()
  const local = localSettings(settings, (text) => pg.escapeLiteral(text).trim())

  async function acquire(): Promise<pg.PoolClient> {
    let client: pg.PoolClient | undefined
    try {
      client = await pool.connect()
      if (!ready.has(client)) {
        client.on('error', () => undefined)
        if (onNotice) client.on('notice', (n) => onNotice(n.message ?? ''))
        ready.set(client, { isPooled: await prepare(client, settings) })
      }
      return client
    } catch (e) {
      client?.release(true)
      throw isViewcastError(e) ? e : connectionError(e, url, user, name)
    }
  }

  const sessions: Sessions = {
    engine: 'postgres',
    description: redact(url),
    single: false,
    async lease(body) {
      if (pool.ending) throw new InternalError('A database was used after it was closed')
      const client = await acquire()
      const isPooled = ready.get(client)?.isPooled === true
      let over = false
      try {
        const lease = wireLease(client, {
          load: (target, rows) => load(client, target, rows),
          copyOut: (sql) => copyOut(client, sql),
          interrupt: () => {
            over = true
            void (isPooled ? cancelPooled(client) : cancel(config, client))
          },
          lost: (e) => {
            // The server says goodbye before the connection closes.
            if (isWireError(e) && e.severity !== 'ERROR') over = true
            return lostConnection(e, url)
          },
        })
        return await body(isPooled ? pooledLease(lease, local) : lease)
      } finally {
        client.release(over)
      }
    },
    async close() {
      if (!pool.ending) await pool.end()
    },
  }
  try {
    await sessions.lease(async () => undefined)
  } catch (e) {
    await pool.end()
    throw e
  }
  return database(sessions)
}

/** Seconds to wait for a session; `connect_timeout` is libpq's name for it, which the driver does not know. */
function patience(url: string): number {
  const given = Number(/[?&]connect_timeout=(\d+)/.exec(url)?.[1])
  return given > 0 ? given : connectTimeout
}

/** What the driver makes of the URL and the environment. */
function parsed(config: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(config)
  } catch {
    fail('engine/target', { target: redact(config.connectionString ?? ''), detail: 'the URL does not parse' })
  }
}

/** Gives whether a pooler stands between: it names another process than the one that answers. Its sessions are left as they are. */
async function prepare(client: pg.ClientBase, settings: Readonly<Record<string, string>>): Promise<boolean> {
  const { rows } = await client.query<{ server_version_num: string; pid: number }>(
    `SELECT current_setting('server_version_num') AS server_version_num, pg_backend_pid() AS pid`,
  )
  const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000)
  if (!(major >= oldest)) fail('engine/version', { version: String(major) })
  if (rows[0]?.pid !== keyOf(client).processID) return true
  await client.query(sessionSettings)
  for (const [name, value] of Object.entries(settings)) {
    await client.query('SELECT set_config($1, $2, false)', [name, value])
  }
  return false
}

/** What the driver was told to cancel statements by, and does not declare. */
const keyOf = (client: pg.ClientBase) => client as unknown as { readonly processID: number; readonly secretKey: number }

async function cancelPooled(client: pg.PoolClient): Promise<void> {
  const { processID, secretKey } = keyOf(client)
  const { host, port } = client as unknown as pg.Client
  // Without an answer the statement runs on over there, but nobody waits for it.
  await requestCancel(host, port, processID, secretKey).catch(() => client.end())
}

/** The request goes over a connection of its own, because the pool may have none to spare. */
async function cancel(config: pg.ClientConfig, client: pg.PoolClient): Promise<void> {
  const pid = keyOf(client).processID
  const other = new pg.Client(config)
  other.on('error', () => undefined)
  try {
    await other.connect()
    await other.query('SELECT pg_cancel_backend($1)', [pid])
  } catch {
    // Then the statement runs on over there, but nobody waits for it.
    void client.end()
  }
  await other.end().catch(() => undefined)
}

async function load(client: pg.ClientBase, target: string, rows: Buffer): Promise<void> {
  const into = client.query(copyFrom(`COPY ${target} FROM STDIN`))
  into.end(rows)
  await finished(into)
}

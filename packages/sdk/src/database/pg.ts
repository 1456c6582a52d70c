import { finished } from 'node:stream/promises'
import { fail, InternalError, isViewcastError } from '@viewcast/compiler/diagnostics'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { ConnectOptions } from './connect.ts'
import { connectionError, lostConnection } from './connection-error.ts'
import { copyOut } from './copy-out.ts'
import type { Database } from './database.ts'
import { isWireError } from './database-error.ts'
import type { Sessions } from './lease.ts'
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
  }
  const pool = new pg.Pool({ Client: Client as never, max: atMost, allowExitOnIdle: true })
  // A session that dies while idle is replaced at its next use.
  pool.on('error', () => undefined)
  const ready = new WeakSet<pg.ClientBase>()

  async function acquire(): Promise<pg.PoolClient> {
    let client: pg.PoolClient | undefined
    try {
      client = await pool.connect()
      if (!ready.has(client)) {
        client.on('error', () => undefined)
        if (onNotice) client.on('notice', (n) => onNotice(n.message ?? ''))
        await prepare(client, settings)
        ready.add(client)
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
      let over = false
      try {
        return await body(
          wireLease(client, {
            load: (target, rows) => load(client, target, rows),
            copyOut: (sql) => copyOut(client, sql),
            interrupt: () => {
              over = true
              void cancel(config, client)
            },
            lost: (e) => {
              // The server says goodbye before the connection closes.
              if (isWireError(e) && e.severity !== 'ERROR') over = true
              return lostConnection(e, url)
            },
          }),
        )
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

async function prepare(client: pg.ClientBase, settings: Readonly<Record<string, string>>): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num')
  const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000)
  if (!(major >= oldest)) fail('engine/version', { version: String(major) })
  await client.query(sessionSettings)
  for (const [name, value] of Object.entries(settings)) {
    await client.query('SELECT set_config($1, $2, false)', [name, value])
  }
}

/** The request goes over a connection of its own, because the pool may have none to spare. */
async function cancel(config: pg.ClientConfig, client: pg.PoolClient): Promise<void> {
  const pid = (client as unknown as { processID: number }).processID
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

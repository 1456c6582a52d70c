import { diagnostic, fail, InternalError, ViewcastError } from '@viewcast/compiler/diagnostics'
import type { Client } from 'pg'
import type { Database } from './database.ts'
import { DatabaseError, isWireError } from './database-error.ts'
import { lockDirectory } from './directory-lock.ts'
import type { Sessions } from './lease.ts'
import { prepareDirectory, realDirectory, temporaryDirectory } from './pglite-directory.ts'
import { type EngineThread, startEngine } from './pglite-thread.ts'
import { serial } from './serial.ts'
import { database } from './session.ts'
import { sessionSettings, wireLease } from './wire-lease.ts'

type Notice = (text: string) => void

/**
 * The embedded engine on a directory, which is created when missing. One process has it at a time.
 *
 * Interrupting a statement ends the engine's thread: nothing else stops a running statement. The next use starts it
 * again on the same directory, under the same lock; what was not committed is gone.
 */
export async function openEmbedded(target: string, onNotice: Notice | undefined): Promise<Database> {
  const directory = await realDirectory(target)
  const unlock = await lockDirectory(directory)
  try {
    await prepareDirectory(directory)
    return await open(directory, `embedded database ${target}`, onNotice, unlock)
  } catch (e) {
    unlock()
    throw e
  }
}

/** The embedded engine on a directory of its own, removed on close or with the process. */
export async function openTemporary(onNotice: Notice | undefined): Promise<Database> {
  const { directory, remove } = await temporaryDirectory()
  try {
    await prepareDirectory(directory)
    return await open(directory, 'temporary embedded database', onNotice, remove)
  } catch (e) {
    remove()
    throw e
  }
}

async function open(
  directory: string,
  description: string,
  onNotice: Notice | undefined,
  release: () => void,
): Promise<Database> {
  const queue = serial()
  let running: Running | undefined = await start(directory, onNotice)
  let closed = false
  const sessions: Sessions = {
    engine: 'pglite',
    description,
    single: true,
    lease: (body) =>
      queue(async () => {
        if (closed) throw new InternalError('A database was used after it was closed')
        if (running?.thread.ended()) {
          await running.thread.end()
          running = undefined
        }
        running ??= await start(directory, onNotice)
        const { thread, client } = running
        thread.hold(true)
        try {
          return await body(
            wireLease(client, {
              load: async (copy, rows) => {
                // COPY FROM STDIN would hang the engine for ever.
                thread.attach(rows)
                await client.query(`COPY ${copy} FROM '/dev/blob'`)
              },
              interrupt: () => void thread.end(),
              lost: (e) => (isWireError(e) ? undefined : lost(thread)),
            }),
          )
        } finally {
          thread.hold(false)
        }
      }),
    close: () =>
      queue(async () => {
        if (closed) return
        closed = true
        await running?.thread.close()
        release()
      }),
  }
  return database(sessions)
}

interface Running {
  readonly thread: EngineThread
  readonly client: Client
}

async function start(directory: string, onNotice: Notice | undefined): Promise<Running> {
  try {
    // The client is loaded while the engine starts.
    const [thread, { default: pg }] = await Promise.all([startEngine(directory), import('pg')])
    const client = new pg.Client({ user: 'postgres', database: 'postgres', password: '', stream: () => thread.wire })
    // The end of the thread reaches whoever waits for a statement; nobody else needs to hear of it.
    client.on('error', () => undefined)
    if (onNotice) client.on('notice', (n) => onNotice(n.message ?? ''))
    await client.connect()
    await client.query(sessionSettings)
    thread.hold(false)
    return { thread, client }
  } catch (e) {
    fail('engine/failed', {
      detail: `the embedded engine does not start on ${directory}: ${e instanceof Error ? e.message : String(e)}`,
    })
  }
}

function lost(thread: EngineThread): unknown {
  if (!thread.ended()) return undefined
  const cause = thread.crashed()
  // What a server says about the same statement; the engine cannot, because its own stack is what ran out.
  if (cause !== undefined && /call stack/i.test(cause)) {
    return new DatabaseError('stack depth limit exceeded', {
      sqlState: '54001',
      hint: 'The statement nests too deeply; the embedded engine was started again.',
    })
  }
  const detail = `the embedded engine stopped${cause === undefined ? '' : `: ${cause}`}`
  return new ViewcastError([diagnostic('engine/failed', { detail })])
}

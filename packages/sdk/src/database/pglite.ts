import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fail } from '@viewcast/compiler'
import pg from 'pg'
import type { Database } from './database.ts'
import type { Lease, Sessions } from './lease.ts'
import { createDataDirectory } from './pglite-template.ts'
import { type EngineThread, startEngine } from './pglite-thread.ts'
import { serial } from './serial.ts'
import { database } from './session.ts'
import { sessionSettings, wireLease } from './wire-lease.ts'

interface Engine {
  readonly thread: EngineThread
  readonly client: pg.Client
  broken: boolean
}

/** The embedded engine on `directory`, which is created when missing; `memory:` is a temporary directory. */
export async function openEmbedded(target: string, options: { onNotice?: (text: string) => void }): Promise<Database> {
  const temporary = target === 'memory:'
  const parent = temporary ? await mkdtemp(join(tmpdir(), 'viewcast-')) : undefined
  const directory = parent === undefined ? resolve(target) : join(parent, 'data')
  if (!existsSync(join(directory, 'PG_VERSION'))) await createDataDirectory(directory)
  let engine: Engine | undefined
  const queue = serial()

  async function running(): Promise<Engine> {
    if (engine && !engine.broken) return engine
    const thread = await startEngine(directory)
    const client = new pg.Client({ user: 'postgres', database: 'postgres', password: '', stream: () => thread.wire })
    const opened: Engine = { thread, client, broken: false }
    client.on('error', () => {
      opened.broken = true
    })
    client.on('notice', (n) => options.onNotice?.(n.message ?? ''))
    await client.connect()
    await client.query(sessionSettings)
    engine = opened
    return opened
  }

  const sessions: Sessions = {
    engine: 'pglite',
    description: temporary ? 'temporary embedded database' : `embedded database ${target}`,
    single: true,
    lease: (body) =>
      queue(async () => {
        const { thread, client } = await running()
        thread.hold(true)
        const lease: Lease = wireLease(client, {
          load: (copy, chunks) => load(thread, client, copy, chunks),
          interrupt: () => {
            if (engine) engine.broken = true
            void thread.end()
          },
        })
        try {
          return await body(lease)
        } finally {
          thread.hold(false)
        }
      }),
    close: () =>
      queue(async () => {
        if (engine && !engine.broken) await engine.thread.close()
        engine = undefined
        if (parent !== undefined) await rm(parent, { recursive: true, force: true })
      }),
  }
  try {
    await sessions.lease(async () => undefined)
  } catch (e) {
    fail('engine/failed', { detail: e instanceof Error ? e.message : String(e) })
  }
  return database(sessions)
}

/** COPY FROM STDIN hangs the embedded engine for ever, so every chunk is a COPY from a blob, all in one transaction. */
async function load(
  thread: EngineThread,
  client: pg.Client,
  target: string,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  for await (const chunk of chunks) {
    thread.attach(chunk)
    await client.query(`COPY ${target} FROM '/dev/blob'`)
  }
}

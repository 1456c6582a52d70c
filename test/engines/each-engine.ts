import { connect, type Database } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type EngineName, engineNames } from './engine-names.ts'

export interface Engine {
  readonly name: EngineName
  /** A database of this block's own, empty at its start; there from `beforeAll` on, so do not take it out earlier. */
  readonly db: Database
  /** Another empty database; closed at the end of the block. */
  open(): Promise<Database>
  /** What `connect` took for {@link Engine.db}: a URL; undefined on the embedded engine. */
  readonly url: string | undefined
}

/**
 * A `describe` for every engine of this run (ENGINES=pglite,postgres), each with a database of its own.
 *
 * @example
 * describeEachEngine('counting', (engine) => {
 *   test('counts', async () => expect(await engine.db.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]))
 * })
 */
export function describeEachEngine(name: string, body: (engine: Engine) => void): void {
  for (const engineName of engineNames()) {
    describe(`${name} on ${engineName}`, () => {
      const opened: Opened[] = []
      const open = async (): Promise<Opened> => {
        const one = engineName === 'pglite' ? await openPGlite() : await openPostgres(inject('postgres'))
        opened.push(one)
        return one
      }
      let own: Opened | undefined
      beforeAll(async () => {
        own = await open()
      })
      afterAll(async () => {
        for (const one of opened.splice(0)) await one.remove()
      })
      body({
        name: engineName,
        get db() {
          if (!own) throw new Error('engine.db is there from beforeAll on: use it inside hooks and tests')
          return own.db
        },
        get url() {
          return own?.url
        },
        open: async () => (await open()).db,
      })
    })
  }
}

interface Opened {
  readonly db: Database
  readonly url?: string
  remove(): Promise<void>
}

async function openPGlite(): Promise<Opened> {
  const db = await openTestDatabase()
  return { db, remove: () => db.close() }
}

let count = 0

async function openPostgres(server: string): Promise<Opened> {
  const name = `test_${process.pid}_${Date.now().toString(36)}_${++count}`
  await administer(server, `CREATE DATABASE ${name} TEMPLATE template0`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const db = await connect(url.href)
  return {
    db,
    url: url.href,
    async remove() {
      await db.close()
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The connection goes while a plan is applied: before the commit nothing is left of it, after the commit applying again finds it done. */
import { connect, type Database, openStore, type Store } from '@viewcast/sdk'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

describeEachEngine('deploying over a connection that is lost', (engine) => {
  describe.skipIf(engine.name === 'pglite')('of a server', () => {
    let shop: DeployedShop
    let view = ''
    let count = 0
    const opened: Database[] = []
    beforeAll(async () => {
      shop = await deployedShop(engine.db)
    })
    beforeEach(async () => {
      view = `v${++count}`
      await shop.apply(await shop.plan([view]))
    })
    afterEach(async () => {
      for (const db of opened.splice(0)) await db.close()
    })
    /** A store whose sessions are named, so that they can be ended, and whose every statement in a transaction is announced. */
    const watched = async (beforeStatement: (sql: string) => Promise<void>): Promise<Store> => {
      const db = await connect(engine.url ?? '')
      opened.push(db)
      const store = await openStore(db, { project: 'shop', actor: 'them' })
      const told = (inner: Database): Database => ({
        ...inner,
        rows: async (sql, parameters) => {
          await beforeStatement(sql)
          return inner.rows(sql, parameters)
        },
        query: async (sql, parameters, options) => {
          await beforeStatement(sql)
          return inner.query(sql, parameters, options)
        },
        execute: async (sql, options) => {
          await beforeStatement(sql)
          return inner.execute(sql, options)
        },
        transaction: (body) => inner.transaction((tx) => body(told(tx))),
      })
      return { ...store, db: told(db) }
    }
    /** Ends every other session that is in a transaction; nobody else is there. */
    const cut = async (): Promise<void> => {
      const client = new pg.Client(engine.url)
      await client.connect()
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`)
      await client.end()
    }

    test('before the commit: at whichever statement it is, all is as it was', async () => {
      const wanted = await shop.plan([view, `${view}_new`], outcome)
      const before = await shop.holdings()
      let statements = 0
      const counting = await watched(async () => void statements++)
      await expect(shop.apply(wanted, { onDone: () => Promise.reject(new Error('enough')) }, counting)).rejects.toThrow(
        'enough',
      )
      expect(statements).toBeGreaterThan(40)
      expect(await shop.holdings()).toEqual(before)
      let lost = 0
      for (let at = 1; at < statements; at += 4) {
        let n = 0
        const store = await watched(async () => {
          if (++n === at) await cut()
        })
        const end = await shop.apply(wanted, { onDone: () => Promise.reject(new Error('enough')) }, store).then(
          () => 'done',
          (e: unknown) => String(e),
        )
        expect(end).not.toBe('done')
        if (!end.includes('enough')) lost++
        expect(await shop.holdings()).toEqual(before)
      }
      expect(lost).toBeGreaterThan(5)
      expect((await shop.apply(wanted)).changes.map((c) => c.outcome)).toEqual(['done', 'done'])
    })

    test('after the commit: applying the same plan again finds it done', async () => {
      const wanted = await shop.plan([view], outcome)
      const db = await connect(engine.url ?? '')
      opened.push(db)
      const store = await openStore(db, { project: 'shop', actor: 'them' })
      // What a client sees whose connection breaks while it waits for the answer to COMMIT.
      const losing: Store = {
        ...store,
        db: {
          ...db,
          transaction: async (body) => {
            const result = await db.transaction(body)
            if (result instanceof Map) throw new Error('the connection was lost')
            return result
          },
        },
      }
      await expect(shop.apply(wanted, {}, losing)).rejects.toThrow('lost')
      expect((await shop.apply(wanted)).changes.map((c) => c.outcome)).toEqual(['already'])
      expect(await engine.db.rows(`SELECT version FROM viewcast.deployments WHERE object = 'public.${view}'`)).toEqual([
        { version: 2 },
      ])
    })

    test('prepared statements go on over a change in place that appends, and those of all columns say so once', async () => {
      const client = new pg.Client(engine.url)
      await client.connect()
      const named = { name: 'named', text: `SELECT probability FROM ${view} ORDER BY customer LIMIT 1` }
      const all = { name: 'all', text: `SELECT * FROM ${view} ORDER BY customer LIMIT 1` }
      const before = (await client.query(named)).rows
      await client.query(all)
      await shop.apply(await shop.plan([view], outcome))
      expect((await client.query(named)).rows).toEqual(before)
      await expect(client.query(all)).rejects.toThrow('cached plan must not change result type')
      const again = { ...all, name: 'prepared again' }
      expect(Object.keys((await client.query(again)).rows[0])).toContain('label')
      await client.end()
    })
  })
})

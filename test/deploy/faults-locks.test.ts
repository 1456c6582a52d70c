/** Others are at work on the same objects: whoever comes first stays whole, and whoever waits is told for whom. */
import { connect, type Database, isViewcastError, openStore, type Store, type Waiting } from '@viewcast/sdk'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

describeEachEngine('deploying among others', (engine) => {
  describe.skipIf(engine.name === 'pglite')('with several sessions', () => {
    let shop: DeployedShop
    let view = 'v0'
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
    const another = async (): Promise<Database> => {
      const db = await connect(engine.url ?? '')
      opened.push(db)
      return db
    }
    const anotherStore = async (): Promise<Store> => openStore(await another(), { project: 'shop', actor: 'them' })
    const columns = async () => (await engine.db.describe(`SELECT * FROM ${view}`)).map((c) => c.name)
    /** Runs `body` while another session has run the statement and is still in its transaction, which then ends. */
    const during = async <T>(sql: string, body: (end: () => void) => Promise<T>): Promise<T> => {
      const db = await another()
      let end = () => {}
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      let started = () => {}
      const isOpen = new Promise<void>((resolve) => {
        started = resolve
      })
      const other = db.transaction(async (tx) => {
        await tx.execute(`SET LOCAL application_name = 'a long report'; ${sql}`)
        started()
        await ended
      })
      await isOpen
      try {
        return await body(end)
      } finally {
        end()
        await other
      }
    }
    // Long enough for somebody to ask, however busy the machine is, who is in the way.
    const impatient = { lockTimeout: 1500, patience: 4500 }

    test.each([
      ['has read the object', () => `SELECT * FROM ${view} LIMIT 1`],
      ['deploys', () => `SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`],
      ['alters what it reads', () => 'LOCK TABLE customers IN ACCESS EXCLUSIVE MODE'],
    ])('with tries shorter than anybody looks it is told as well who %s', async (_, sql) => {
      const wanted = await shop.plan([view], outcome)
      const seen: Waiting[] = []
      const applied = during(sql(), () =>
        shop.apply(wanted, { lockTimeout: 20, patience: 100, onWaiting: (waiting) => seen.push(waiting) }),
      )
      await expect(applied).rejects.toThrow(/deploy\/locked.*held by session \d+ \(a long report of /)
      expect(seen[0]?.sessions.map((s) => s.application)).toEqual(['a long report'])
    })

    test('deploy/locked: a reader in a long transaction is named, and nothing is changed', async () => {
      const wanted = await shop.plan([view], outcome)
      const before = await shop.holdings()
      const seen: Waiting[] = []
      await during(`SELECT FROM ${view} LIMIT 1`, async () => {
        const onWaiting = (waiting: Waiting) => void seen.push(waiting)
        const [first] = await diagnosticsOf(() => shop.apply(wanted, { ...impatient, onWaiting }))
        expect(first?.code).toBe('deploy/locked')
        expect(first?.message).toMatch(
          /could not be locked in 4\.5 s: held by session \d+ \(a long report of \w+, idle in its transaction for \d+ s\)$/,
        )
      })
      expect(seen[0]).toMatchObject({ patience: 4500, sessions: [{ application: 'a long report', isIdle: true }] })
      expect(await shop.holdings()).toEqual(before)
      expect((await shop.apply(wanted)).changes[0]?.outcome).toBe('done')
    })

    test('a reader that ends in time is waited for, and readers meanwhile get their rows', async () => {
      const wanted = await shop.plan([view], outcome)
      await during(`SELECT FROM ${view} LIMIT 1`, async (end) => {
        const work = shop.apply(wanted, { lockTimeout: 200, onWaiting: () => setTimeout(end, 500) })
        for (let i = 0; i < 5; i++) expect(await engine.db.rows(`SELECT FROM ${view} LIMIT 1`)).toHaveLength(1)
        expect((await work).changes[0]?.outcome).toBe('done')
      })
      expect(await columns()).toContain('label')
    })

    test('an interrupt while it waits changes nothing, and leaves no session behind', async () => {
      const wanted = await shop.plan([view], outcome)
      const before = await shop.holdings()
      const stop = new AbortController()
      await during(`SELECT FROM ${view} LIMIT 1`, async () => {
        const found = await diagnosticsOf(() =>
          shop.apply(wanted, { lockTimeout: 30_000, signal: stop.signal, onWaiting: () => stop.abort() }),
        )
        expect(found.map((d) => d.code)).toEqual(['engine/interrupted'])
      })
      expect(await shop.holdings()).toEqual(before)
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      expect(await engine.db.rows(waiting)).toEqual([])
    })

    test('a hand edit that is committed while it waits stays, and it is told so', async () => {
      const wanted = await shop.plan([view], outcome)
      const edit = `CREATE OR REPLACE VIEW ${view} AS SELECT NULL::int AS customer, NULL::timestamptz AS as_of, 0.5::float8 AS probability`
      const found = await during(edit, (end) => diagnosticsOf(() => shop.apply(wanted, { onWaiting: end })))
      expect(found.map((d) => d.message)).toEqual([
        `"public.${view}" is no longer what was planned for: definition, options`,
      ])
      expect(await engine.db.rows(`SELECT probability FROM ${view}`)).toEqual([{ probability: 0.5 }])
    })

    test('a comment that is written while it waits stays, and it is told so', async () => {
      const wanted = await shop.plan([view], outcome)
      const note = `COMMENT ON VIEW ${view} IS E'viewcast: as it was\\n\\nAsk Ada.'`
      const found = await during(note, (end) => diagnosticsOf(() => shop.apply(wanted, { onWaiting: end })))
      expect(found.map((d) => d.message)).toEqual([`"public.${view}" is no longer what was planned for: comment`])
      await shop.apply(await shop.plan([view], outcome))
      const [row] = await engine.db.rows<{ said: string }>(`SELECT obj_description('${view}'::regclass) AS said`)
      expect(row?.said).toMatch(/^viewcast: model replies version 1.*\n\nAsk Ada\.$/)
    })

    test("a comment that is written again as it was stands in nobody's way", async () => {
      const wanted = await shop.plan([view], outcome)
      const same = `DO $$ BEGIN EXECUTE format('COMMENT ON VIEW ${view} IS %L', obj_description('${view}'::regclass)); END $$`
      const { changes } = await during(same, (end) => shop.apply(wanted, { onWaiting: end }))
      expect(changes[0]?.outcome).toBe('done')
    })

    test('two of one object: one wins, and the other is told, whoever it is', async () => {
      const them = await anotherStore()
      const [ours, theirs] = [await shop.plan([view], outcome), await shop.plan([view], outcome, them)]
      const other = { ...theirs, changes: theirs.changes.map((c) => ({ ...c, digest: 'f'.repeat(64) })) }
      const ends = await Promise.allSettled([shop.apply(ours), shop.apply(other, {}, them)])
      expect(ends.map((e) => e.status).sort()).toEqual(['fulfilled', 'rejected'])
      const [lost] = ends.filter((e) => e.status === 'rejected')
      expect(isViewcastError(lost?.reason) && lost.reason.diagnostics.map((d) => d.code)).toEqual(['deploy/moved'])
      expect(await engine.db.rows(`SELECT version FROM viewcast.deployments WHERE object = 'public.${view}'`)).toEqual([
        { version: 2 },
      ])
    })

    test('two with one plan: one does it, and the other finds it done', async () => {
      const wanted = await shop.plan([view], outcome)
      const them = await anotherStore()
      const ends = await Promise.all([shop.apply(wanted), shop.apply(wanted, {}, them), shop.apply(wanted)])
      expect(ends.map((e) => e.changes[0]?.outcome).sort()).toEqual(['already', 'already', 'done'])
    })

    test('two of different objects: both are done', async () => {
      const them = await anotherStore()
      const [ours, theirs] = [await shop.plan([`${view}_a`]), await shop.plan([`${view}_b`], undefined, them)]
      const ends = await Promise.all([shop.apply(ours), shop.apply(theirs, {}, them)])
      expect(ends.map((e) => e.changes[0]?.outcome)).toEqual(['done', 'done'])
    })

    test('readers that take several objects in one transaction are never ended for it', async () => {
      const names = [view, `${view}_b`, `${view}_c`]
      await shop.apply(await shop.plan(names.slice(1)))
      const reader = await another()
      let isOver = false
      const reading = (async () => {
        let read = 0
        for (; !isOver; read++) {
          await reader.transaction(async (tx) => {
            for (const name of read % 2 === 0 ? names : names.toReversed())
              await tx.query(`SELECT FROM ${name} LIMIT 1`)
          })
        }
        return read
      })()
      for (let i = 0; i < 6; i++) await shop.apply(await shop.plan(names, i % 2 === 0 ? outcome : undefined))
      isOver = true
      expect(await reading).toBeGreaterThan(0)
    })

    test('readers never see a missing object or an error during fifty deployments', async () => {
      const readers = [await another(), await another()]
      let isOver = false
      const counts = readers.map(() => 0)
      const reading = readers.map(async (db, i) => {
        for (; !isOver; counts[i] = (counts[i] ?? 0) + 1) {
          const [row] = await db.rows<{ n: string }>(`SELECT count(probability) AS n FROM ${view}`)
          if (row?.n !== '200') throw new Error(`${row?.n} rows`)
        }
      })
      const wanted = [await shop.plan([view], outcome)]
      for (let i = 0; i < 50; i++) {
        const { changes } = await shop.apply(
          wanted.pop() ?? (await shop.plan([view], i % 2 === 0 ? outcome : undefined)),
        )
        expect(changes[0]?.outcome).toBe('done')
        // However busy the machine is, each has read what was just deployed, or is told here why it could not.
        const read = [...counts]
        const hasReadAll = vi.waitFor(() => expect(counts.every((n, k) => n > (read[k] ?? 0))).toBe(true), {
          timeout: 60_000,
          interval: 1,
        })
        await Promise.race([hasReadAll, Promise.all(reading)])
      }
      isOver = true
      await Promise.all(reading)
    })
  })
})

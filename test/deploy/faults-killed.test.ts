/** A process that deploys is killed: the server finds that out by itself, and what it was about to do has not happened. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markLostRuns, type Plan, planDeployments, readPlan, writePlan } from '@viewcast/sdk'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Child, startChild } from '../engines/child.ts'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, p } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

const script = new URL('deployer.mjs', import.meta.url)

describeEachEngine('a deployer that is killed', (engine) => {
  describe.skipIf(engine.name === 'pglite')('with SIGKILL', () => {
    let shop: DeployedShop
    let folder = ''
    let view = ''
    let count = 0
    let deployer: Child
    beforeAll(async () => {
      shop = await deployedShop(engine.db)
      await engine.db.execute('CREATE TABLE slowness AS SELECT 0 AS seconds')
      folder = mkdtempSync(join(tmpdir(), 'viewcast-killed-'))
    })
    beforeEach(async () => {
      view = `v${++count}`
      await shop.apply(await shop.plan([view]))
      deployer = await startChild(script, engine.url ?? '')
    })
    afterEach(async () => {
      await deployer.kill()
      await takes(0)
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const file = () => join(folder, `${view}.json`)
    /** Every row of every table of the store, as text; of the tables named nothing. */
    const rows = async (but: readonly string[] = []) => {
      const tables = await engine.db.rows<{ name: string }>(
        `SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'viewcast'::regnamespace AND c.relkind IN ('r', 'p')`,
      )
      const held: Record<string, unknown> = {}
      for (const { name } of tables.filter((t) => !but.includes(t.name))) {
        const sql = `SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS hash, count(*) AS n FROM viewcast."${name}" t`
        held[name] = (await engine.db.rows(sql))[0]
      }
      return held
    }
    const state = async () => ({ objects: await shop.holdings(), store: await rows() })
    /** The session that is at it, as soon as `what` is true of it. */
    const session = (what: string): Promise<number> =>
      vi.waitFor(
        async () => {
          const [row] = await engine.db.rows<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${what}`,
          )
          if (!row) throw new Error(`no session with ${what}`)
          return row.pid
        },
        { timeout: 30_000, interval: 50 },
      )
    /** The server has noticed: the session is gone, and its locks with it. */
    const isGone = (pid: number) =>
      vi.waitFor(
        async () => {
          expect(await engine.db.rows('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).toEqual([])
          expect(await engine.db.rows('SELECT FROM pg_locks WHERE pid = $1', [pid])).toEqual([])
        },
        { timeout: 30_000, interval: 50 },
      )
    /** Applies the saved plan over another session, which has to find nothing in its way. */
    const again = async (expected = ['done']) => {
      const { changes } = await shop.apply(await readPlan(shop.store, file()))
      expect(changes.map((c) => c.outcome)).toEqual(expected)
    }
    // Longer than any test: only a server that looks for its client ends it.
    const hour = 3600
    /** The last of its changes takes as long as a table says, so that the plan stays the same when it is quick again. */
    const slowly = ({ changes, ...plan }: Plan): Plan => ({
      ...plan,
      changes: changes.map((c, i) =>
        i < changes.length - 1 ? c : { ...c, statements: [...c.statements, 'SELECT pg_sleep(seconds) FROM slowness'] },
      ),
    })
    const takes = (seconds: number) => engine.db.execute(`UPDATE slowness SET seconds = ${seconds}`)

    test('between plan and apply: nothing is held, and the plan that it saved is as good as before', async () => {
      const before = await state()
      expect(await deployer.ask('plan', { file: file(), name: view, outputs: outcome })).toBe('planned')
      await deployer.kill()
      expect(await state()).toEqual(before)
      await again()
      expect((await engine.db.describe(`SELECT * FROM ${view}`)).map((c) => c.name)).toContain('label')
    })

    test('while it waits for a lock: it waits no more, and readers who came after it get their rows', async () => {
      await writePlan(file(), await shop.plan([view, `${view}_new`], outcome))
      const before = await state()
      const reader = new pg.Client(engine.url)
      await reader.connect()
      await reader.query(`BEGIN; SELECT FROM ${view} LIMIT 1`)
      // Longer than any test: it is not the timeout that ends it.
      const answered = deployer.ask('apply', { file: file(), lockTimeout: 3_600_000 })
      const pid = await session(`wait_event_type = 'Lock' AND wait_event = 'relation'`)
      await deployer.kill()
      await answered
      // Asked for before the reader ends: it is behind the lock that is waited for.
      expect(await engine.db.rows(`SELECT FROM ${view} LIMIT 1`)).toHaveLength(1)
      await isGone(pid)
      expect(await state()).toEqual(before)
      await reader.end()
      await again(['done', 'done'])
    })

    test('while it runs a slow statement: the statement is ended, and the next deployer does not wait for it', async () => {
      await writePlan(file(), slowly(await shop.plan([`${view}_new`, view], outcome)))
      await takes(hour)
      const before = await state()
      const answered = deployer.ask('apply', { file: file() })
      const pid = await session(`wait_event = 'PgSleep'`)
      // The first object is there by then, for nobody but the deployer; the second is locked.
      await deployer.kill()
      await answered
      await isGone(pid)
      expect(await state()).toEqual(before)
      await takes(0)
      await again(['done', 'done'])
    })

    test('when all is done but not committed', async () => {
      await writePlan(file(), await shop.plan([view, `${view}_new`], outcome))
      const before = await state()
      expect(await deployer.ask('hold', { file: file() })).toBe('done')
      const pid = await session(`state LIKE 'idle in transaction%'`)
      await deployer.kill()
      await isGone(pid)
      expect(await state()).toEqual(before)
      await again(['done', 'done'])
    })

    test('in the middle of an exchange of a table that is filled: the old one stays with its rows, and nothing of the new one', async () => {
      const name = `t${count}`
      const planned = async (key: object) => {
        const def = p.deployment(name, { model, as: 'table', at: '2024-02-15T00:00Z', ...key } as never)
        return planDeployments(shop.store, [{ def, record: shop.record, isDeclared: true }])
      }
      await shop.apply(await planned({}))
      const wanted = await planned({ refresh: 'partition' })
      expect(wanted.changes.map((c) => c.strategy)).toEqual(['swap'])
      await writePlan(file(), slowly(wanted))
      await takes(hour)
      const before = { ...(await state()), rows: await engine.db.rows(`SELECT * FROM ${name} ORDER BY 1`) }
      const answered = deployer.ask('apply', { file: file() })
      const pid = await session(`wait_event = 'PgSleep'`)
      expect(await engine.db.rows(`SELECT * FROM ${name} ORDER BY 1`)).toEqual(before.rows)
      await deployer.kill()
      await answered
      await isGone(pid)
      expect({ ...(await state()), rows: await engine.db.rows(`SELECT * FROM ${name} ORDER BY 1`) }).toEqual(before)
      await takes(0)
      await again()
    })

    test('as a run: all that is left of it is a run that is taken for lost', async () => {
      await writePlan(file(), slowly(await shop.plan([view], outcome)))
      await takes(hour)
      const runs = ['execution', 'execution_param', 'param', 'run_tag', 'job', 'experiment', 'event']
      const before = { objects: await shop.holdings(), store: await rows(runs) }
      const answered = deployer.ask('run', { file: file() })
      const pid = await session(`wait_event = 'PgSleep'`)
      await deployer.kill()
      await answered
      await isGone(pid)
      const after = { objects: await shop.holdings(), store: await rows(runs) }
      expect(after).toEqual(before)
      const left = () => engine.db.rows(`SELECT kind, state FROM viewcast.execution WHERE kind = 'apply'`)
      expect(await left()).toEqual([{ kind: 'apply', state: 'running' }])
      await engine.db.execute(`UPDATE viewcast.execution SET lease_until = 'epoch' WHERE kind = 'apply'`)
      await markLostRuns(shop.store)
      expect(await left()).toEqual([{ kind: 'apply', state: 'lost' }])
    })
  })
})

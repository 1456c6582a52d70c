/** What a role may not do is said before anything is touched; and what others own, grant and hide stays theirs. */
import { connect, type Database, grantAccess, openStore, planDeployments, type Store } from '@viewcast/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { model, p } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

describeEachEngine('deploying as a role', (engine) => {
  describe.skipIf(engine.name === 'pglite')('that logs in', () => {
    const suffix = `${process.pid}_${Date.now().toString(36)}`
    const [deployer, owner, reader] = [`deployer_${suffix}`, `owner_${suffix}`, `reader_${suffix}`]
    let shop: DeployedShop
    let store: Store
    let asReader: Database
    let view = ''
    let count = 0
    const as = (role: string): Promise<Database> => {
      const url = new URL(engine.url ?? '')
      url.username = role
      url.password = 'secret'
      return connect(url.href)
    }
    beforeAll(async () => {
      shop = await deployedShop(engine.db)
      await engine.db.execute(
        [deployer, owner, reader].map((role) => `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`).join(';'),
      )
      await engine.db.execute(`GRANT SELECT ON customers, orders TO ${deployer}, ${reader}, ${owner};
        CREATE SCHEMA owned AUTHORIZATION ${owner}; GRANT USAGE ON SCHEMA public TO ${deployer}, ${owner}`)
      await grantAccess(engine.db, deployer, 'append')
      store = await openStore(await as(deployer), { project: 'shop' })
      asReader = await as(reader)
    })
    beforeEach(async () => {
      view = `v${++count}`
      await engine.db.execute(`GRANT CREATE ON SCHEMA public TO ${deployer}`)
    })
    afterAll(async () => {
      await store.db.close()
      await asReader.close()
      for (const role of [deployer, owner, reader]) await engine.db.execute(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
    const refused = async (wanted: Awaited<ReturnType<DeployedShop['plan']>>, allowed = {}) => {
      const before = await shop.holdings()
      const found = await diagnosticsOf(() => shop.apply(wanted, allowed, store))
      expect(await shop.holdings()).toEqual(before)
      return found.map((d) => `${d.code}: ${d.message}; ${d.hint?.replace(/^.*run: /, '')}`)
    }

    test('deploys with no more than it needs', async () => {
      expect((await shop.apply(await shop.plan([view], undefined, store), {}, store)).changes[0]?.outcome).toBe('done')
      expect((await shop.apply(await shop.plan([view], outcome, store), {}, store)).changes[0]?.outcome).toBe('done')
    })

    test('deploy/forbidden: it may not create in the schema', async () => {
      const wanted = await shop.plan([view], undefined, store)
      await engine.db.execute(`REVOKE CREATE ON SCHEMA public FROM ${deployer}`)
      expect(await refused(wanted)).toEqual([
        `deploy/forbidden: ${deployer} may not create in schema public; GRANT USAGE, CREATE ON SCHEMA public TO ${deployer}`,
      ])
    })

    test('deploy/forbidden: it may not use the schema, for a new object, a change in place, and readers alone', async () => {
      const schema = `closed${count}`
      const open = () => engine.db.execute(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${deployer}`)
      await engine.db.execute(`CREATE SCHEMA ${schema}`)
      const planned = (options: object) =>
        planDeployments(store, [
          { def: p.deployment('v', { model, schema, ...options } as never), record: shop.record, isDeclared: true },
        ])
      for (const [options, what, privileges] of [
        [{}, 'create in', 'USAGE, CREATE'],
        [{ outputs: outcome }, 'create in', 'USAGE, CREATE'],
        [{ outputs: outcome, readers: [reader] }, 'use', 'USAGE'],
      ] as const) {
        await engine.db.execute(`REVOKE USAGE ON SCHEMA ${schema} FROM ${deployer}`)
        const wanted = await planned(options)
        expect(await refused(wanted)).toEqual([
          `deploy/forbidden: ${deployer} may not ${what} schema ${schema}; GRANT ${privileges} ON SCHEMA ${schema} TO ${deployer}`,
        ])
        await open()
        expect((await shop.apply(wanted, {}, store)).changes.map((c) => c.outcome)).toEqual(['done'])
      }
    })

    test('deploy/forbidden: it may not use the schema, in which there is also what the model reads', async () => {
      const wanted = await shop.plan([view], undefined, store)
      await engine.db.execute(`REVOKE USAGE ON SCHEMA public FROM PUBLIC, ${deployer}`)
      try {
        expect(await refused(wanted)).toEqual([
          `deploy/forbidden: ${deployer} may not create in schema public; GRANT USAGE, CREATE ON SCHEMA public TO ${deployer}`,
        ])
      } finally {
        await engine.db.execute(`GRANT USAGE ON SCHEMA public TO PUBLIC, ${deployer}`)
      }
      expect((await shop.apply(wanted, {}, store)).changes.map((c) => c.outcome)).toEqual(['done'])
    })

    test('deploy/forbidden: it may not make the schema that a swap needs, as long as it may not', async () => {
      await shop.apply(await shop.plan([view], outcome, store), {}, store)
      const exact = await shop.plan([view], undefined, store, { isExact: true })
      expect(exact.changes.map((c) => c.strategy)).toEqual(['swap'])
      const [database] = await engine.db.rows<{ name: string }>('SELECT current_database()::text AS name')
      expect(await refused(exact, { allowBreaking: true })).toEqual([
        `deploy/forbidden: ${deployer} may not create schemas in this database; GRANT CREATE ON DATABASE ${database?.name} TO ${deployer}`,
      ])
      await engine.db.execute(`GRANT CREATE ON DATABASE ${database?.name} TO ${deployer}`)
      expect((await shop.apply(exact, { allowBreaking: true }, store)).changes[0]?.outcome).toBe('done')
      await engine.db.execute(`REVOKE CREATE ON DATABASE ${database?.name} FROM ${deployer}`)
    })

    test('deploy/forbidden: the object belongs to somebody else, until it is a member, and then it stays theirs', async () => {
      await shop.apply(await shop.plan([view]))
      await engine.db.execute(`ALTER VIEW ${view} OWNER TO ${owner}; GRANT CREATE ON SCHEMA public TO ${owner}`)
      const wanted = await shop.plan([view], outcome, store)
      expect(await refused(wanted)).toEqual([
        `deploy/forbidden: ${deployer} may not change public.${view}, which belongs to ${owner}; GRANT ${owner} TO ${deployer}, or: ALTER VIEW public.${view} OWNER TO ${deployer}`,
      ])
      await engine.db.execute(`GRANT ${owner} TO ${deployer}`)
      expect((await shop.apply(wanted, {}, store)).changes[0]?.outcome).toBe('done')
      const [row] = await engine.db.rows(
        `SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname = '${view}'`,
      )
      expect(row).toEqual({ owner })
      await engine.db.execute(`REVOKE ${owner} FROM ${deployer}`)
    })

    test('a reader with a policy sees his rows only', async () => {
      await shop.apply(await shop.plan([view]))
      await engine.db.execute(`GRANT SELECT ON ${view} TO ${reader}; ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
        CREATE POLICY three ON customers TO ${reader} USING (customer <= 3)`)
      try {
        expect(await asReader.rows(`SELECT customer FROM ${view} ORDER BY 1`)).toEqual(
          [1, 2, 3].map((customer) => ({ customer })),
        )
        expect(await engine.db.rows(`SELECT count(*) AS n FROM ${view}`)).toEqual([{ n: '200' }])
        await shop.apply(await shop.plan([view], outcome))
        expect(await asReader.rows(`SELECT customer FROM ${view}`)).toHaveLength(3)
      } finally {
        await engine.db.execute('DROP POLICY three ON customers; ALTER TABLE customers DISABLE ROW LEVEL SECURITY')
      }
    })
  })
})

/** A statement fails on the server in the middle of a plan; and what sessions see that prepared theirs before an exchange. */
import { applyPlan, type ModelDef, type ModelRecord, type Plan, planDeployments, trainRecorded } from '@viewcast/sdk'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { datasetOf, model, p, profile, spending } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

// `label` is a text here and a number there: only an exchange gets from one to the other.
const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef

describeEachEngine('deploying among statements', (engine) => {
  describe.skipIf(engine.name === 'pglite')('of a server', () => {
    let shop: DeployedShop
    const records = new Map<string, ModelRecord>()
    let name = ''
    let count = 0
    const clients: pg.Client[] = []
    beforeAll(async () => {
      shop = await deployedShop(engine.db)
      records.set(model.name, shop.record)
      records.set(kinds.name, (await trainRecorded(shop.store, kinds)).record)
      // Refuses whatever is done to a view that is called like this, as a policy of somebody else might.
      await engine.db.execute(`CREATE TABLE refused (command text, object text);
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c JOIN refused r ON c.object_identity = r.object AND c.command_tag = r.command) THEN
            RAISE EXCEPTION 'not in office hours';
          END IF;
        END $$;
        CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()`)
    })
    beforeEach(async () => {
      name = `v${++count}`
      await engine.db.execute('TRUNCATE refused')
    })
    afterEach(async () => {
      for (const one of clients.splice(0)) await one.end()
    })
    const one = (called: string, of: ModelDef, options: object = {}) => ({
      def: p.deployment(called, { model: of, ...options } as never),
      record: records.get(of.name) as ModelRecord,
      isDeclared: true,
    })
    const apply = (plan: Plan) =>
      applyPlan(shop.store, plan, { record: async (of) => records.get(of) as ModelRecord, allowBreaking: true })
    const session = async () => {
      const client = new pg.Client(engine.url)
      await client.connect()
      clients.push(client)
      return client
    }
    const both = { outputs: outcome }

    test.each([
      ['CREATE VIEW', (v: string) => `public.${v}_new`],
      ['CREATE VIEW', (v: string) => `public.${v}_b`],
      ['ALTER VIEW', (v: string) => `public.${v}_c`],
      ['COMMENT', (v: string) => `public.${v}_new`],
    ])(
      '%s of one of several changes fails: nothing stays, neither of those before it nor an exchange',
      async (command, object) => {
        await apply(
          await planDeployments(shop.store, [
            one(`${name}_a`, model, both),
            one(`${name}_b`, model),
            one(`${name}_c`, model, both),
          ]),
        )
        await engine.db.execute(
          `CREATE TABLE t${count} AS SELECT * FROM ${name}_a; GRANT SELECT ON ${name}_a TO PUBLIC`,
        )
        const wanted = await planDeployments(shop.store, [
          one(`${name}_a`, kinds),
          one(`${name}_b`, model, both),
          one(`${name}_c`, kinds),
          one(`${name}_new`, model),
        ])
        expect(wanted.changes.map((c) => c.strategy)).toEqual(['swap', 'in place', 'swap', 'create'])
        const before = await shop.holdings()
        await engine.db.query('INSERT INTO refused VALUES ($1, $2)', [command, object(name)])
        await expect(apply(wanted)).rejects.toThrow('not in office hours')
        expect(await shop.holdings()).toEqual(before)
        expect(await engine.db.rows(`SELECT count(*) FROM ${name}_a`)).toEqual([{ count: '200' }])
        expect(
          await engine.db.rows(
            'SELECT FROM pg_locks WHERE pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
          ),
        ).toEqual([])
        await engine.db.execute('TRUNCATE refused')
        expect((await apply(wanted)).changes.map((c) => c.outcome)).toEqual(['done', 'done', 'done', 'done'])
      },
    )

    test('a statement of all columns that was prepared before an exchange fails until it is prepared again; others go on', async () => {
      await apply(await planDeployments(shop.store, [one(name, model, both)]))
      const client = await session()
      const all = { name: 'all', text: `SELECT * FROM ${name} ORDER BY customer LIMIT 1` }
      const some = { name: 'some', text: `SELECT customer FROM ${name} ORDER BY customer LIMIT 1` }
      const keys = (await client.query(some)).rows
      expect(Object.keys((await client.query(all)).rows[0])).toEqual(['customer', 'as_of', 'probability', 'label'])
      const wanted = await planDeployments(shop.store, [one(name, kinds)])
      expect(wanted.changes.map((c) => c.strategy)).toEqual(['swap'])
      await apply(wanted)
      // Those of columns that are the same read the new object; nobody reads the one that was put aside.
      expect((await client.query(some)).rows).toEqual(keys)
      for (let i = 0; i < 2; i++) {
        await expect(client.query(all)).rejects.toMatchObject({
          code: '0A000',
          message: 'cached plan must not change result type',
        })
      }
      expect(Object.keys((await client.query(all.text)).rows[0])).toContain('label')
      expect((await client.query({ ...all, name: 'all again' })).rows[0].label).toBeTypeOf('string')
      // A new session knows nothing of it, and neither does one that throws its statements away.
      expect((await (await session()).query(all)).rows).toHaveLength(1)
      await client.query('DEALLOCATE ALL')
      expect((await client.query({ ...all, name: 'after' })).rows).toHaveLength(1)
    })

    test('an exchange of the same columns is not noticed by any prepared statement', async () => {
      await apply(await planDeployments(shop.store, [one(name, model, { as: 'table', at: '2024-02-15T00:00Z' })]))
      const client = await session()
      const all = { name: 'all', text: `SELECT * FROM ${name} ORDER BY customer, as_of LIMIT 1` }
      const columns = Object.keys((await client.query(all)).rows[0])
      const wanted = await planDeployments(shop.store, [
        one(name, model, { as: 'table', at: '2024-02-20T00:00Z', refresh: 'partition' }),
      ])
      expect(wanted.changes.map((c) => c.strategy)).toEqual(['swap'])
      await apply(wanted)
      expect((await client.query(all)).rows).toEqual([])
      const { rows, fields } = await client.query(all)
      expect([rows, fields.map((f) => f.name)]).toEqual([[], columns])
    })
  })
})

import {
  connect,
  type Database,
  openStore,
  type PlannedChange,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { engineNames } from '../engines/engine-names.ts'
import { customer, model, modelOf, p, tables } from '../scenarios/shop.ts'

const view = (more: object = {}) => p.deployment('answers_now', { model, ...more })

describeEachEngine('what a plan says of a view', (engine) => {
  let store: Store
  let record: Awaited<ReturnType<typeof trainRecorded>>['record']
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  const planned = async (def = view(), db: Database = engine.db): Promise<PlannedChange> => {
    const plan = await planDeployments({ ...store, db }, [{ def, record, isDeclared: true }])
    return plan.changes[0] as PlannedChange
  }

  test('what the planner expects, and nothing is left behind', async () => {
    const { insight } = await planned()
    expect(insight?.cost?.total).toBeGreaterThan(0)
    expect(insight?.cost?.rows).toBeGreaterThan(0)
    expect(insight?.cost).not.toHaveProperty('before')
    const left = await engine.db.rows(`SELECT relname FROM pg_class WHERE relname ~ 'dry_run|answers_now'`)
    expect(left).toEqual([])
  })

  test('an index for the events, where their table is large', async () => {
    expect((await planned()).insight?.indexes).toEqual([
      'CREATE INDEX CONCURRENTLY orders_customer_at_idx ON public.orders (customer, at);',
    ])
    await engine.db.execute('ANALYZE orders')
    expect((await planned()).insight?.indexes).toEqual([])
  })

  test('that a session may only read, and then of the bare query', async () => {
    const change = await engine.db.transaction(async (tx) => {
      await tx.execute('SET TRANSACTION READ ONLY')
      return planned(view(), tx)
    })
    expect(change.columns.map((c) => [c.name, c.type])).toEqual([
      ['customer', 'integer'],
      ['as_of', 'timestamp with time zone'],
      ['probability', 'double precision'],
    ])
    expect(change.insight?.notes).toEqual([
      'the bare query was planned, without making an object of it: the session may only read',
    ])
    expect(change.insight?.cost?.total).toBeGreaterThan(0)
  })

  test('a reader who may not read what the query reads, and what to grant', async () => {
    await engine.db.execute(
      `CREATE ROLE dry_run_analyst_${engine.name}; GRANT SELECT (customer) ON orders TO dry_run_analyst_${engine.name}`,
    )
    try {
      const { insight } = await planned(view({ readers: [`dry_run_analyst_${engine.name}`, 'dry_run_nobody'] }))
      const who = `role dry_run_analyst_${engine.name}, who reads public.answers_now,`
      const to = `TO dry_run_analyst_${engine.name};`
      expect(insight?.privileges).toEqual([
        `${who} may not read country, customer of public.customers: GRANT SELECT (country, customer) ON public.customers ${to}`,
        `${who} may not read amount, at of public.orders: GRANT SELECT (amount, at) ON public.orders ${to}`,
      ])
      for (const said of insight?.privileges ?? []) {
        const grant = said.slice(said.indexOf(': ') + 2)
        if (grant.startsWith('GRANT')) await engine.db.execute(grant)
      }
      const after = await planned(view({ readers: [`dry_run_analyst_${engine.name}`] }))
      expect(after.insight?.privileges).toEqual([])
    } finally {
      await engine.db.execute(`DROP OWNED BY dry_run_analyst_${engine.name}; DROP ROLE dry_run_analyst_${engine.name}`)
    }
  })

  test('what row-level security lets a reader see', async () => {
    const role = `dry_run_team_${engine.name}`
    await engine.db.execute(`CREATE ROLE ${role}; GRANT SELECT ON customers, orders TO ${role};
      ALTER TABLE orders ENABLE ROW LEVEL SECURITY`)
    try {
      const through = `role ${role}, through public.answers_now, sees`
      expect((await planned(view({ readers: [role] }))).insight?.notes).toEqual([
        `${through} no row of public.orders: it has row-level security, and no policy lets that role read`,
      ])
      await engine.db.execute(`CREATE POLICY own_orders ON orders TO ${role} USING (customer < 10)`)
      expect((await planned(view({ readers: [role] }))).insight?.notes).toEqual([
        `${through} those rows of public.orders that policy own_orders of its row-level security let through, and predictions are made of them alone`,
      ])
    } finally {
      await engine.db.execute(`DROP OWNED BY ${role}; DROP ROLE ${role}; ALTER TABLE orders DISABLE ROW LEVEL SECURITY`)
    }
  })
})

describeEachEngine('a view that cannot be planned', (engine) => {
  test('is named, with its column', async () => {
    await engine.db.execute(tables)
    const store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    // Only the planner computes what has no column in it.
    const ratio = (divisor: number) =>
      engine.db.execute(
        `CREATE OR REPLACE VIEW ratio AS SELECT customer, customer * (4 / ${divisor}) AS per FROM customers`,
      )
    await ratio(2)
    const own = modelOf([p.existingView('public.ratio', { entity: customer } as never)])
    const { record } = await trainRecorded(store, own)
    await ratio(0)
    const def = p.deployment('answers_now', { model: own })
    const planned = planDeployments(store, [{ def, record, isDeclared: true }])
    await expect(planned).rejects.toMatchObject({
      diagnostics: [{ code: 'view/failed', message: expect.stringMatching(/view "ratio".*"per"/s) }],
    })
  })
})

describe.runIf(engineNames().includes('postgres'))('a dry run on a server', () => {
  describeEachEngine('sessions', (engine) => {
    test.runIf(engine.name === 'postgres')('takes ACCESS SHARE and nothing else of a table', async () => {
      await engine.db.execute(tables)
      const store = await openStore(engine.db, { project: 'shop', actor: 'me' })
      const { record } = await trainRecorded(store, model)
      const other = await connect(engine.url ?? '')
      try {
        // EXCLUSIVE lets nothing beside it but ACCESS SHARE.
        await other.transaction(async (tx) => {
          await tx.execute('LOCK TABLE customers, orders, asked IN EXCLUSIVE MODE')
          await engine.db.execute(`SET lock_timeout = '2s'`)
          const plan = await planDeployments(store, [{ def: view(), record, isDeclared: true }])
          expect(plan.changes[0]?.insight?.cost?.total).toBeGreaterThan(0)
        })
      } finally {
        await other.close()
      }
    })

    test.runIf(engine.name === 'postgres')(
      'a role without TEMP, without CREATE and without the tables is told what it lacks',
      async () => {
        const store = await openStore(engine.db, { project: 'shop', actor: 'me' })
        const { record } = await trainRecorded(store, model)
        const [{ name = '' } = {}] = await engine.db.rows<{ name: string }>('SELECT current_database() AS name')
        await engine.db.execute(`CREATE ROLE dry_run_deployer LOGIN PASSWORD 'x'; CREATE SCHEMA scoring;
        REVOKE TEMP ON DATABASE ${name} FROM PUBLIC; GRANT USAGE ON SCHEMA viewcast TO dry_run_deployer;
        GRANT SELECT ON ALL TABLES IN SCHEMA viewcast TO dry_run_deployer; GRANT SELECT ON customers TO dry_run_deployer`)
        const url = new URL(engine.url ?? '')
        url.username = 'dry_run_deployer'
        url.password = 'x'
        const db = await connect(url.href)
        try {
          const def = p.deployment('answers_now', { model, schema: 'scoring' })
          const plan = await planDeployments({ ...store, db }, [{ def, record, isDeclared: true }])
          const insight = plan.changes[0]?.insight
          const me = 'role dry_run_deployer'
          expect(insight?.privileges).toEqual([
            `${me} may not use schema scoring: GRANT USAGE ON SCHEMA scoring TO dry_run_deployer;`,
            `${me} may not create in schema scoring: GRANT CREATE ON SCHEMA scoring TO dry_run_deployer;`,
            `${me}, who deploys scoring.answers_now, may not read amount, at, customer of public.orders: GRANT SELECT (amount, at, customer) ON public.orders TO dry_run_deployer;`,
          ])
          expect(insight?.notes).toContain(
            `the bare query was planned, without making an object of it: ${me} may not make temporary objects in this database`,
          )
          expect(insight).not.toHaveProperty('cost')
        } finally {
          await db.close()
          await engine.db.execute('DROP OWNED BY dry_run_deployer; DROP ROLE dry_run_deployer')
        }
      },
    )
  })
})

/** Sizes, names and settings that production has and a first model has not. */
import {
  collectKept,
  connect,
  type DeploymentDef,
  type ModelDef,
  type ModelRecord,
  openStore,
  planDeployments,
  refreshTable,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { customer, datasetOf, model, modelOf, p, profile, spending } from '../scenarios/shop.ts'
import { type DeployedShop, deployedShop, outcome } from './deployed-shop.ts'

const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef

describeEachEngine('deployments of production', (engine) => {
  let shop: DeployedShop
  const records = new Map<string, ModelRecord>()
  const record = async (name: string) => records.get(name) as ModelRecord
  beforeAll(async () => {
    shop = await deployedShop(engine.db)
    records.set('replies', shop.record).set('kinds', (await trainRecorded(shop.store, kinds)).record)
  })
  const planned = (defs: readonly DeploymentDef[], store: Store = shop.store) =>
    planDeployments(
      store,
      defs.map((def) => ({ def, record: records.get(def.model.name) as ModelRecord, isDeclared: true })),
      { sample: 0 },
    )
  const deploy = async (...defs: DeploymentDef[]) => {
    const plan = await planned(defs)
    await shop.apply(plan, { record, allowRemove: true })
    return plan.changes.map((c) => c.strategy)
  }
  const columns = async (relation: string) =>
    (await engine.db.query(`SELECT * FROM ${relation} LIMIT 0`)).columns.map((c) => c.name)

  test('a view becomes a function, the function a table, and each comes back', async () => {
    const def = (as: DeploymentDef['as'], of = model) => p.deployment('changing', { model: of, as })
    const object = { schema: 'public', name: 'changing' }
    expect(await deploy(def('view'))).toEqual(['create'])
    expect(await deploy(def('function'))).toEqual(['swap'])
    const called = await engine.db.rows(`SELECT probability FROM changing(7)`)
    expect(called).toHaveLength(1)
    expect(await deploy(def('table'))).toEqual(['swap'])
    expect(await columns('changing')).toEqual(['customer', 'as_of', 'probability', 'model_version'])
    await rollback(shop.store, object, { record, to: 2 })
    expect(await engine.db.rows(`SELECT probability FROM changing(7)`)).toEqual(called)
    await rollback(shop.store, object, { record, to: 1 })
    expect(await columns('changing')).toEqual(['customer', 'as_of', 'probability'])
    await rollback(shop.store, object, { record, to: 3 })
    expect(await engine.db.rows('SELECT count(*)::int AS n FROM changing')).toEqual([{ n: 200 }])
  })

  test('a large table leaves its place and comes back as the same file', async () => {
    const def = (of: ModelDef, more: object = {}) =>
      p.deployment('large', { model: of, as: 'table', refresh: 'partition', ...more } as never)
    await deploy(def(model, { outputs: outcome }))
    await engine.db.execute(`INSERT INTO large (customer, as_of, probability, label, model_version)
      SELECT i, timestamptz '2024-01-01Z', 0.5, true, 1 FROM generate_series(1, 100000) i`)
    const file = async (table: string) =>
      (await engine.db.rows<{ file: string }>(`SELECT pg_relation_filenode('${table}')::text AS file`))[0]?.file
    const before = await file('large')
    expect(await deploy(def(kinds))).toEqual(['swap'])
    expect([await file('public__v1.large'), await file('large')]).toEqual([
      before,
      expect.not.stringMatching(`^${before}$`),
    ])
    await rollback(shop.store, { schema: 'public', name: 'large' }, { record })
    expect(await file('large')).toBe(before)
  })

  test('many are planned and applied as one', async () => {
    const defs = Array.from({ length: 12 }, (_, i) => p.deployment(`one_of_many_${i}`, { model }))
    expect(new Set(await deploy(...defs))).toEqual(new Set(['create']))
    const again = await planned(defs)
    expect(again.changes.map((c) => [c.class, c.blockers])).toEqual(defs.map(() => ['none', []]))
    const [row] = await engine.db.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_views WHERE viewname LIKE 'one_of_many_%'`,
    )
    expect(row?.n).toBe(12)
  })

  test('names as long as they can be, of letters that are longer than a byte', async () => {
    const schema = `${'ü'.repeat(31)}1`
    const object = { schema, name: `${'日'.repeat(20)}é"` }
    expect([Buffer.byteLength(schema), Buffer.byteLength(object.name)]).toEqual([63, 63])
    await engine.db.execute(`CREATE SCHEMA "${schema}"`)
    const at = async (of: ModelDef, more: object = {}) => {
      const def = { ...p.deployment('x', { model: of, ...more } as never), name: object.name }
      const plan = await planDeployments(shop.store, [{ def, record: await record(of.name), isDeclared: true }], {
        schema,
        sample: 0,
      })
      await shop.apply(plan, { record, allowRemove: true })
      return plan.changes[0]?.strategy
    }
    const reading = `"${schema}"."${object.name.replace('"', '""')}"`
    expect(await at(model)).toBe('create')
    expect(await at(model, { outputs: outcome })).toBe('in place')
    expect(await at(kinds)).toBe('swap')
    expect(await at(kinds, { as: 'table' })).toBe('swap')
    await rollback(shop.store, object, { record, to: 2 })
    expect(await columns(reading)).toEqual(['customer', 'as_of', 'probability', 'label'])
    const { versions } = await collectKept(shop.store, { keep: 0 })
    expect(versions.filter((v) => v.object.name === object.name).map((v) => v.outcome)).toEqual([
      'collected',
      'collected',
    ])
  })

  test('partitioned tables and generated columns are read, and one at the name is not touched', async () => {
    await engine.db.execute(`
      CREATE TABLE orders_by_month (LIKE orders) PARTITION BY RANGE (at);
      CREATE TABLE orders_1 PARTITION OF orders_by_month FOR VALUES FROM ('2024-01-01Z') TO ('2024-02-15Z');
      CREATE TABLE orders_2 PARTITION OF orders_by_month DEFAULT;
      INSERT INTO orders_by_month SELECT * FROM orders;
      CREATE TABLE profiles (customer int4 PRIMARY KEY, joined timestamptz, country text, size int4 GENERATED ALWAYS AS (length(country) + customer % 3) STORED);
      INSERT INTO profiles SELECT customer, joined, country FROM customers;
      CREATE TABLE taken (customer int4, at timestamptz) PARTITION BY RANGE (at)`)
    const generated = p
      .featureView('generated', { entity: customer })
      .query(({ db }) =>
        (db as never as { selectFrom(t: string): { select(c: string[]): never } })
          .selectFrom('profiles')
          .select(['customer', 'size']),
      )
    const parts = p.aggregates('parts', {
      entity: customer,
      source: 'orders_by_month',
      time: 'at',
      windows: { '7d': '7 days' },
      features: (a: { count(): unknown }) => ({ n: a.count() }),
    } as never)
    const of = { ...modelOf([generated, parts as object]), name: 'by_month' } as ModelDef
    records.set('by_month', (await trainRecorded(shop.store, of)).record)
    expect(await deploy(p.deployment('by_month_now', { model: of }))).toEqual(['create'])
    expect(await engine.db.rows('SELECT count(*)::int AS n FROM by_month_now')).toEqual([{ n: 200 }])
    for (const as of ['view', 'table'] as const) {
      const [change] = (await planned([p.deployment('taken', { model, as })])).changes
      expect([as, change?.blockers.map((d) => d.code)]).toEqual([as, ['deploy/conflict']])
    }
    // Functions have names of their own.
    expect(await deploy(p.deployment('taken', { model, as: 'function' }))).toEqual(['create'])
    expect(await engine.db.rows('SELECT FROM taken')).toEqual([])
  })

  describe.skipIf(engine.name === 'pglite')('on a server', () => {
    test('a table in a tablespace has its successor there, with its replica identity', async () => {
      const space = `space_${process.pid}`
      const admin = engine.db
      const url = new URL(engine.url ?? '')
      const making = new pg.Client(url.href)
      await making.connect()
      await making.query('SET allow_in_place_tablespaces = on')
      await making.query(`CREATE TABLESPACE ${space} LOCATION ''`)
      await making.end()
      const def = (of: ModelDef, more: object = {}) =>
        p.deployment('spacious', { model: of, as: 'table', refresh: 'partition', ...more } as never)
      await deploy(def(model, { outputs: outcome }))
      await admin.execute(`ALTER TABLE spacious SET TABLESPACE ${space}; ALTER TABLE spacious REPLICA IDENTITY FULL`)
      expect(await deploy(def(kinds))).toEqual(['swap'])
      expect(
        await admin.rows(`SELECT t.spcname::text AS space, c.relreplident::text AS identity FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
          WHERE c.oid = 'spacious'::regclass`),
      ).toEqual([{ space, identity: 'f' }])
      await admin.execute(
        `ALTER TABLE spacious SET TABLESPACE pg_default; ALTER TABLE public__v1.spacious SET TABLESPACE pg_default`,
      )
      await admin.query(`DROP TABLESPACE ${space}`)
    })

    test('settings of a role and a database are of no consequence, and one that forbids to write is told', async () => {
      const role = `odd_${process.pid}`
      const url = new URL(engine.url ?? '')
      const database = url.pathname.slice(1)
      await engine.db.execute(`
        CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'odd';
        ALTER ROLE ${role} SET "DateStyle" = 'German, DMY';
        ALTER ROLE ${role} SET "IntervalStyle" = 'sql_standard';
        ALTER ROLE ${role} SET "TimeZone" = 'Asia/Kolkata';
        ALTER ROLE ${role} SET extra_float_digits = -10;
        ALTER ROLE ${role} SET bytea_output = 'escape';
        ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '1s';
        ALTER ROLE ${role} SET lock_timeout = '1ms';
        ALTER ROLE ${role} SET statement_timeout = '60s';
        ALTER ROLE ${role} SET default_transaction_isolation = 'repeatable read';
        ALTER ROLE ${role} SET client_min_messages = 'error';
        ALTER ROLE ${role} SET row_security = off;
        ALTER ROLE ${role} SET enable_seqscan = off;
        ALTER DATABASE ${database} SET standard_conforming_strings = off;
        ALTER DATABASE ${database} SET escape_string_warning = on;
        ALTER DATABASE ${database} SET quote_all_identifiers = on;
        ALTER DATABASE ${database} SET check_function_bodies = off`)
      url.username = role
      url.password = 'odd'
      const odd = await connect(url.href)
      const store = await openStore(odd, { project: 'shop', actor: 'odd' })
      const defs = [
        p.deployment('oddly', { model, at: '2024-02-25T00:00Z' }),
        p.deployment('oddly_called', { model, as: 'function' }),
        p.deployment('oddly_kept', { model, as: 'table', at: '2024-02-25T00:00Z' }),
      ]
      const shape = async (by: Store) =>
        (await planned(defs, by)).changes.map((c) => [c.class, c.columns, c.query, c.statements, c.blockers])
      expect(await shape(store)).toEqual(await shape(shop.store))
      await shop.apply(await planned(defs, store), { record }, store)
      for (const by of [store, shop.store]) {
        expect((await planned(defs, by)).changes.map((c) => c.class)).toEqual(['none', 'none', 'none'])
      }
      const scores = 'SELECT customer, as_of, probability FROM oddly ORDER BY 1'
      expect(await odd.rows(scores)).toEqual(await engine.db.rows(scores))
      expect(await odd.rows(`SELECT customer, as_of, probability FROM oddly_kept ORDER BY 1`)).toEqual(
        await odd.rows(scores),
      )
      await refreshTable(store, { schema: 'public', name: 'oddly_kept' }, { at: '2024-02-26T00:00Z' })
      await shop.apply(await planned([p.deployment('oddly', { model, outputs: outcome })], store), { record }, store)
      await rollback(store, { schema: 'public', name: 'oddly' }, { record })
      await odd.close()

      await engine.db.execute(`ALTER ROLE ${role} SET default_transaction_read_only = on`)
      const reading = await connect(url.href)
      const reader = await openStore(reading, { project: 'shop', actor: 'odd' })
      const plan = await planned([p.deployment('never', { model })], reader)
      expect(plan.changes[0]?.class).toBe('add')
      const [refused] = await diagnosticsOf(() => shop.apply(plan, { record }, reader))
      expect(refused).toMatchObject({
        code: 'engine/read-only',
        hint: expect.stringMatching(`ALTER ROLE "?${role}"? RESET`),
      })
      await reading.close()

      await engine.db.execute(
        `ALTER ROLE ${role} RESET default_transaction_read_only; ALTER ROLE ${role} SET search_path = ''`,
      )
      const pathless = await connect(url.href)
      const without = await openStore(pathless, { project: 'shop', actor: 'odd' })
      const codes = (await diagnosticsOf(() => planned(defs, without))).map((d) => d.code)
      expect(codes.length).toBeGreaterThan(0)
      expect(codes.filter((code) => code === 'engine/failed')).toEqual([])
      await pathless.close()
      await engine.db.execute(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
  })
})

/** Views of a schema become declarations that mean the same, on every engine. */
import { doctor, importViews, type Project, resolveDefinition, showRows, trainingQuery } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { shopTables, shopViews } from './import-shop.ts'
import { findingsOf, importFolder, loadImported, removeFolder, sorted, typeErrors } from './imported.ts'

describeEachEngine('importing a schema', (engine) => {
  const folder = importFolder()
  afterAll(() => removeFolder(folder))
  let result: Awaited<ReturnType<typeof importViews>>
  let project: Project
  const from = { schema: 'analytics' }
  const options = () => ({ db: engine.db, directory: folder, project: 'shop' })
  const view = (name: string) => result.views.find((v) => v.name === name)

  beforeAll(async () => {
    await engine.db.execute(`${shopTables}; CREATE SCHEMA analytics`)
    for (const [name, sql] of Object.entries(shopViews)) {
      await engine.db.execute(`CREATE VIEW analytics."${name}" AS ${sql}`)
    }
    await engine.db.execute(`
      COMMENT ON VIEW analytics.profile IS 'Who it is';
      COMMENT ON COLUMN analytics.balance.balance IS 'in euro';
      CREATE VIEW analytics.deployed AS SELECT customer_id, 0.5::float8 AS probability FROM customers;
      COMMENT ON VIEW analytics.deployed IS 'viewcast: model reorder version 1, training query 0';
      CREATE MATERIALIZED VIEW analytics.stored AS SELECT c.customer_id, o.amount AS last_amount
        FROM customers c JOIN (SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, ordered_at DESC) o ON o.customer_id = c.customer_id;
      CREATE UNIQUE INDEX ON analytics.stored (customer_id)`)
    result = await importViews(from, options())
    project = await loadImported(result, folder)
  })

  test('views of the same key are one entity, listed by the table that is unique on it', () => {
    expect(result.entities).toMatchObject([
      { name: 'customer', keys: [{ name: 'customer_id', type: 'int8' }], from: { name: 'customers' } },
      { name: 'order', keys: [{ name: 'order_id', type: 'int8' }], from: { name: 'orders' } },
      {
        name: 'route',
        keys: [
          { name: 'origin', type: 'text' },
          { name: 'dest', type: 'text' },
        ],
        from: { name: 'routes' },
      },
    ])
  })

  test.each([
    ['profile', 'static', 'customer', ['country', 'mood'], 0],
    ['spending', 'static', 'customer', ['spent', 'orders'], 1],
    ['first_order', 'static', 'customer', ['first_amount'], 0],
    ['stored', 'static', 'customer', ['last_amount'], 0],
    ['balance', 'history', 'customer', ['balance'], 1],
    ['daily', 'history', 'customer', ['spent_that_day'], 1],
    ['route_length', 'static', 'route', ['distance'], 0],
    ['order_size', 'static', 'order', ['amount'], 0],
    ['Mixed Case', 'static', 'customer', ['Amount'], 1],
    ['train_sample', 'sample', 'customer', [], 1],
    ['target_reorder', 'target', 'customer', [], 1],
  ])('%s is %s of %s with features %j', (name, kind, entity, features, checks) => {
    const found = view(name)
    expect(found).toMatchObject({ kind, entity })
    expect(found?.features.map((f) => f.name)).toEqual(features)
    expect(found?.checks).toHaveLength(checks)
    expect(resolveDefinition(project, name).kind).toBe(kind)
  })

  test('times, comments, kinds and what is no feature are carried over', () => {
    expect(view('balance')).toMatchObject({ time: 'changed_at', features: [{ description: 'in euro' }] })
    expect(view('balance')?.checks[0]).toContain("knownAt: 'loaded_at'")
    expect(view('daily')?.checks[0]).toContain('known only when the period ends')
    expect(view('spending')?.checks[0]).toContain('public.orders whatever the instant')
    expect(view('profile')).toMatchObject({
      description: 'Who it is',
      features: [{ kind: 'category' }, { kind: 'category' }],
    })
    expect(result.module).toContain("country: { kind: 'category', description: 'ISO code of the country' },")
    expect(view('spending')?.leftOut.map((l) => `${l.column} ${l.reason}`)).toEqual([
      'last_order timestamptz',
      'details jsonb',
    ])
    expect(view('first_order')?.leftOut).toEqual([{ column: 'tags', reason: 'text[]' }])
  })

  test('what viewcast deployed is a prediction and no feature', () => {
    expect(result.module).not.toContain('deployed')
  })

  test('what could not be inferred is reported, with what to write', () => {
    const of = (code: string) => findingsOf(result).filter((f) => f.startsWith(code))
    expect(of('import/no-key')).toEqual(['import/no-key totals'])
    expect(of('import/time-zone')).toEqual(["import/time-zone local'balance"])
    expect(result.findings.find((d) => d.code === 'import/time-zone')?.hint).toContain(
      "(changed_at AT TIME ZONE 'UTC') AS changed_at",
    )
    expect(of('import/not-a-feature')).toContain('import/not-a-feature first_order')
    expect(result.module).toContain('//   view "local\'balance" is left out')
    const guesses = result.findings.filter((d) => d.code === 'import/unsure')
    expect(guesses.length).toBeGreaterThanOrEqual(result.views.flatMap((v) => v.checks).length)
    for (const v of result.views) for (const c of v.checks) expect(result.module).toContain(`// check: ${c}`)
  })

  test('the module type-checks and the doctor compiles its dataset', async () => {
    expect(typeErrors(folder)).toBe('')
    expect(result.dataset?.features.map((f) => f.view)).not.toContain('route_length')
    const report = await doctor(engine.db, project)
    const dataset = report.checks.find((c) => c.name === 'dataset training')
    expect(dataset?.ok, dataset?.detail).toBe(true)
    // What was not proven is not so, and the doctor sees it.
    expect(dataset?.detail).toContain('view/duplicate-keys')
    expect(dataset?.detail).not.toContain('"first_order"')
    const training = await trainingQuery(engine.db, resolveDefinition(project, 'training', 'dataset'))
    expect(training.columns.map((c) => c.name)).toContain('spent_that_day')
    expect((await engine.db.query(training.sql)).rows).toHaveLength(30)
  })

  test('rows shown through viewcast are the rows of the views', async () => {
    for (const v of result.views) {
      if (v.kind === 'history') continue
      const shown = await showRows(engine.db, resolveDefinition(project, v.name), { limit: 1000 })
      const own = await engine.db.query(`SELECT * FROM analytics."${v.name}"`)
      expect(
        shown.columns.map((c) => c.name),
        v.name,
      ).toEqual(own.columns.map((c) => c.name))
      expect(own.rows.length).toBeGreaterThan(5)
      expect(sorted(shown.rows), v.name).toEqual(sorted(own.rows))
    }
    const at = '2024-02-20T00:00:00Z'
    const shown = await showRows(engine.db, resolveDefinition(project, 'balance'), { limit: 1000, at })
    const latest = await engine.db.rows<Record<string, unknown>>(
      `SELECT c.customer_id, b.balance FROM customers c LEFT JOIN (SELECT DISTINCT ON (customer_id) * FROM analytics.balance
         WHERE changed_at < '${at}' ORDER BY customer_id, changed_at DESC) b USING (customer_id)`,
    )
    const balance = shown.columns.findIndex((c) => c.name === 'balance')
    expect(sorted(shown.rows.map((r) => [r[0], r[balance]]))).toEqual(
      sorted(latest.map((r) => [r['customer_id'], r['balance']])),
    )
  })

  test('the same database gives the same text, and --include takes a part', async () => {
    expect((await importViews(from, options())).module).toBe(result.module)
    const part = await importViews(from, { ...options(), include: ['*order*'] })
    expect(part.views.map((v) => v.name)).toEqual(['first_order', 'order_size', 'target_reorder'])
    await expect(importViews(from, { ...options(), include: ['nothing'] })).rejects.toThrow('import/source')
    await expect(importViews({ schema: 'empty' }, options())).rejects.toMatchObject({
      diagnostics: [{ code: 'import/source', hint: 'Schemas with views: analytics.' }],
    })
  })

  test('an entity the user names wins', async () => {
    const named = await importViews(from, {
      ...options(),
      entities: [{ name: 'buyer', keys: [{ name: 'customer_id', type: 'bigint' }] }],
    })
    expect(named.entities[0]).toMatchObject({ name: 'buyer', keys: [{ type: 'int8' }], from: { name: 'customers' } })
    expect(named.views.find((v) => v.name === 'order_size')).toMatchObject({ entity: 'buyer', kind: 'static' })
    expect(named.views.find((v) => v.name === 'order_size')?.checks).toEqual(['one row per customer_id is not proven'])
  })
})

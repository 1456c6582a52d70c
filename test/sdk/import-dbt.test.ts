/** A dbt manifest: what is built is referenced, what is compiled is written, what is neither is told apart. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importViews, resolveDefinition, showRows } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { shopTables } from './import-shop.ts'
import { findingsOf, importFolder, loadImported, removeFolder, sorted, typeErrors, writeFiles } from './imported.ts'

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'dbt', name), 'utf8')
type Manifest = { metadata: Record<string, unknown>; nodes: Record<string, Record<string, unknown>> }
const v12 = JSON.parse(fixture('manifest-v12.json')) as Manifest
const compiledCode = (name: string): string => String(v12.nodes[`model.shop.${name}`]?.['compiled_code'])
const here = (sql: string): string => sql.replaceAll('"shop".', '')

describeEachEngine('importing a dbt manifest', (engine) => {
  const folder = importFolder({
    'target/manifest.json': fixture('manifest-v12.json'),
    'old/manifest.json': fixture('manifest-v6.json'),
  })
  afterAll(() => removeFolder(folder))
  const options = (more: object = {}) => ({ db: engine.db, directory: folder, project: 'shop', ...more })
  let result: Awaited<ReturnType<typeof importViews>>
  const view = (name: string) => result.views.find((v) => v.name === name)

  beforeAll(async () => {
    await engine.db.execute(`${shopTables}; CREATE SCHEMA analytics; CREATE SCHEMA snapshots;
      CREATE TABLE snapshots.plans_snapshot (
        customer_id int8, plan text, dbt_scd_id text, dbt_updated_at timestamptz, dbt_valid_from timestamptz, dbt_valid_to timestamptz);
      INSERT INTO snapshots.plans_snapshot VALUES
        (1, 'free', 'a', '2024-01-01Z', '2024-01-01Z', '2024-02-01Z'), (1, 'pro', 'b', '2024-02-01Z', '2024-02-01Z', NULL)`)
    for (const name of ['customer_profile', 'route_length', 'unproven']) {
      await engine.db.execute(`CREATE VIEW analytics.${name} AS ${here(compiledCode(name))}`)
    }
    await engine.db.execute(`CREATE TABLE analytics.customer_orders AS ${here(compiledCode('customer_orders'))}`)
    result = await importViews({ path: 'target/manifest.json' }, options())
  })

  test('models are views of entities whose keys the tests, the SQL or the configuration name', () => {
    const lines = result.views.map((v) => `${v.name} ${v.kind} ${v.entity} ${v.checks.length} ${v.query.kind}`)
    expect(lines).toEqual([
      'customer_orders static customer 2 relation',
      'customer_profile static customer 0 relation',
      'not_built static customer 0 file',
      'plans_snapshot history customer 1 relation',
      'route_length static route 0 relation',
      'unproven static customer 1 relation',
    ])
    expect(result.entities.map((e) => `${e.name} ${e.from?.name}`)).toEqual(['customer customers', 'route routes'])
    // Unique where a condition holds proves nothing.
    expect(view('unproven')?.checks).toEqual(['one row per customer_id is not proven'])
    expect(view('customer_orders')?.checks.join()).toMatch(/loaded_at.*public\.orders whatever|whatever.*loaded_at/)
  })

  test('descriptions and units come along', () => {
    expect(view('customer_profile')).toMatchObject({ description: 'What is known of a customer.' })
    expect(result.module).toContain("country: { kind: 'category', description: 'ISO code of the country' },")
    expect(result.module).toContain("largest: { kind: 'numeric', description: 'Largest order', unit: 'EUR' },")
  })

  test('a snapshot is a history, and the end of a row is not known at its start', async () => {
    expect(view('plans_snapshot')).toMatchObject({ time: 'dbt_valid_from', features: [{ name: 'plan' }] })
    expect(view('plans_snapshot')?.leftOut.map((l) => l.column)).toEqual([
      'dbt_scd_id',
      'dbt_updated_at',
      'dbt_valid_to',
    ])
    await engine.db.execute('ALTER TABLE snapshots.plans_snapshot ALTER dbt_valid_from TYPE timestamp')
    const local = await importViews({ path: 'target/manifest.json' }, options({ include: ['plans*'] }))
    await engine.db.execute(`ALTER TABLE snapshots.plans_snapshot ALTER dbt_valid_from TYPE timestamptz`)
    expect(local.views).toEqual([])
    expect(local.findings).toMatchObject([{ code: 'import/time-zone', parameters: { column: 'dbt_valid_from' } }])
  })

  test('what is no view is told apart', () => {
    const out = result.findings.filter((d) => d.code === 'import/left-out').map((d) => d.message)
    expect(out).toEqual([
      'model "old_profile" is left out: it is disabled in dbt',
      'model "scored" is left out: it is written in python, and its table is not in the database',
      'model "stg_orders" is left out: it is ephemeral: it exists only inside the models that read it',
      'seed "countries" is left out: it is a seed, a table of constants',
    ])
    expect(findingsOf(result)).toEqual(
      expect.arrayContaining(['import/not-compiled only_parsed', 'view/unknown-relation on_nothing']),
    )
    const template = result.findings.find((d) => d.code === 'import/not-compiled')
    expect(template?.hint).toContain('dbt compile')
  })

  test('compiled SQL is written without the name of another database, and its rows are the same', async () => {
    expect(result.files).toEqual([
      { path: 'views/not_built.sql', text: 'select customer_id, country as home from public.customers\n' },
    ])
    const project = await loadImported(result, folder)
    expect(typeErrors(folder)).toBe('')
    for (const { name } of result.views.filter((v) => v.kind === 'static')) {
      const shown = await showRows(engine.db, resolveDefinition(project, name), { limit: 1000, directory: folder })
      const own = (await engine.db.query(here(compiledCode(name)))).rows
      expect(own.length, name).toBeGreaterThan(5)
      expect(sorted(shown.rows), name).toEqual(sorted(own))
    }
    const plan = async (at: string) => {
      const options = { limit: 1000, at, directory: folder }
      const { rows, columns } = await showRows(engine.db, resolveDefinition(project, 'plans_snapshot'), options)
      return rows.find((r) => r[0] === '1')?.[columns.findIndex((c) => c.name === 'plan')]
    }
    expect([
      await plan('2023-12-31T00:00Z'),
      await plan('2024-01-31T00:00Z'),
      await plan('2024-02-01T00:00:01Z'),
    ]).toEqual([null, 'free', 'pro'])
  })

  test('tags choose', async () => {
    const tagged = await importViews({ path: 'target/manifest.json' }, options({ include: ['tag:features'] }))
    expect(tagged.views.map((v) => v.name)).toEqual([
      'customer_orders',
      'customer_profile',
      'not_built',
      'route_length',
    ])
    expect(tagged.findings.map((d) => d.code)).not.toContain('import/left-out')
  })

  test('a manifest of dbt 1.2 is read, whose texts are called compiled_sql', async () => {
    const old = await importViews({ path: 'old/manifest.json' }, options())
    expect(old.views.map((v) => `${v.name} ${v.kind} ${v.query.kind} ${v.checks.length}`)).toEqual([
      'customer_profile static relation 0',
      'habits static file 0',
    ])
  })

  test('without a database a manifest says what its columns document', async () => {
    const { db: _, ...offline } = options()
    const old = await importViews({ path: 'old/manifest.json' }, offline)
    expect(old.views).toMatchObject([
      { name: 'customer_profile', kind: 'static', features: [{ name: 'country', kind: 'category' }] },
      { name: 'habits', kind: 'static', features: [{ name: 'amount' }] },
    ])
    expect(old.files.map((f) => f.path)).toEqual(['views/customer_profile.sql', 'views/habits.sql'])
    const target = importFolder()
    await loadImported(old, target)
    expect(typeErrors(target)).toBe('')
    removeFolder(target)
  })

  test.each([
    ['not JSON', '{'],
    ['another file', '{"metadata": {}, "nodes": {}}'],
    [
      'too old',
      JSON.stringify({ ...v12, metadata: { dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v3.json' } }),
    ],
    [
      'too new',
      JSON.stringify({ ...v12, metadata: { dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v13.json' } }),
    ],
    ['without nodes', JSON.stringify({ metadata: v12.metadata })],
    ['a list', '[]'],
  ])('refuses a file that is %s', async (_, text) => {
    writeFiles(folder, { 'bad.json': text })
    await expect(importViews({ path: 'bad.json' }, options())).rejects.toMatchObject({
      diagnostics: [{ code: 'import/manifest' }],
    })
  })
})

/** A folder of `.sql` files: what is a view is imported, what is not is reported with its place. */
import { importViews, resolveDefinition, showRows } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { shopTables } from './import-shop.ts'
import { findingsOf, importFolder, loadImported, removeFolder, sorted, typeErrors, writeFiles } from './imported.ts'

const files = {
  'views/profile.sql': `\ufeff-- Who a customer is,\n-- as of today.\nSELECT customer_id, country, mood FROM customers;`,
  'views/recency.sql': `/* Days since the last order. */
SELECT s.customer_id, s.as_of, extract(epoch from s.as_of - max(o.ordered_at)) / 86400 AS "days since"
FROM spine AS s LEFT JOIN orders o ON o.customer_id = s.customer_id AND o.ordered_at < s.as_of
GROUP BY s.customer_id, s.as_of`,
  'views/route/length.sql': 'SELECT origin, dest, distance FROM routes',
  'views/order/length.sql': 'SELECT order_id, char_length(details::text) AS length FROM orders',
  'views/two.sql': 'SELECT 1 AS customer_id;\nSELECT 2 AS customer_id',
  'views/writes.sql': 'CREATE VIEW x AS SELECT 1',
  'views/typo.sql': 'SELECT customer_id,\n  contry FROM customers',
  'views/gone.sql': 'SELECT customer_id FROM custmers',
  'views/broken.sql': 'SELECT customer_id FORM customers WHERE',
  'views/empty.sql': '-- nothing yet\n',
  'views/model.sql': "SELECT customer_id FROM {{ ref('customers') }}",
  'views/braces.sql': `SELECT customer_id, country || '{{x}}' AS marked FROM customers`,
  'views/no_as_of.sql': 'SELECT customer_id, 1 AS n FROM spine',
  'views/some.sql': 'SELECT customer_id, country AS some FROM customers ORDER BY 1 LIMIT 3 -- not all',
  'views/now.sql': 'SELECT customer_id, extract(epoch from now() - signed_up_at) AS age FROM customers',
  'views/.hidden.sql': 'nonsense',
  'views/notes.txt': 'nonsense',
}

describeEachEngine('importing .sql files', (engine) => {
  const folder = importFolder(files)
  afterAll(() => removeFolder(folder))
  const options = (more: object = {}) => ({ db: engine.db, directory: folder, project: 'shop', ...more })
  let result: Awaited<ReturnType<typeof importViews>>
  beforeAll(async () => {
    await engine.db.execute(shopTables)
    result = await importViews({ path: 'views' }, options())
  })

  test('every file that is a view is imported, with its comment', () => {
    expect(result.views.map((v) => `${v.name} ${v.kind} ${v.entity} ${v.place}`)).toEqual([
      'braces static customer views/braces.sql',
      'now static customer views/now.sql',
      'order_length static order views/order/length.sql',
      'profile static customer views/profile.sql',
      'recency window customer views/recency.sql',
      'route_length static route views/route/length.sql',
      'some static customer views/some.sql',
    ])
    expect(result.views.find((v) => v.name === 'profile')?.description).toBe('Who a customer is, as of today.')
    expect(result.views.find((v) => v.name === 'recency')?.description).toBe('Days since the last order.')
    // The default path is left to the default.
    expect(result.module).toMatch(/sqlView\('profile', \{ entity: customer, description/)
    expect(result.module).toContain("file: 'views/route/length.sql'")
  })

  test('every other file is reported with a code, and with its place where it has one', () => {
    const findings = result.findings.map(
      (d) =>
        `${d.code} ${d.location ? `${d.location.file}:${d.location.line}:${d.location.column}` : d.parameters['view']}`,
    )
    expect(findings).toEqual(
      expect.arrayContaining([
        'import/not-compiled view "model"',
        'sql/several-statements views/two.sql:2:1',
        'sql/not-a-select views/writes.sql:1:1',
        'sql/not-a-select views/empty.sql:1:1',
        'view/database-error views/typo.sql:2:3',
        'view/unknown-relation views/gone.sql:1:25',
        'view/missing-as-of view "no_as_of"',
        'sql/clock views/now.sql:1:40',
      ]),
    )
    expect(findings.some((f) => f.startsWith('sql/syntax views/broken.sql'))).toBe(true)
    expect(findings.some((f) => f.includes('hidden') || f.includes('notes'))).toBe(false)
    expect(result.module).toContain('// Not imported:')
  })

  test('the module type-checks and its rows are those of the files', async () => {
    const project = await loadImported(result, folder)
    expect(typeErrors(folder)).toBe('')
    const at = '2024-02-20T00:00:00Z'
    const shown = await showRows(engine.db, resolveDefinition(project, 'recency'), {
      limit: 1000,
      at,
      directory: folder,
    })
    const spine = `WITH spine AS (SELECT customer_id, timestamptz '${at}' AS as_of FROM customers)`
    // Features are float8 at the boundary of a view over spine.
    const own = await engine.db.query(
      `${spine} SELECT customer_id, as_of, "days since"::float8 FROM (${files['views/recency.sql']}) q`,
    )
    expect(own.rows).toHaveLength(30)
    expect(shown.columns.map((c) => c.name)).toEqual(own.columns.map((c) => c.name))
    expect(sorted(shown.rows)).toEqual(sorted(own.rows))
    const profile = await showRows(engine.db, resolveDefinition(project, 'profile'), { limit: 1000, directory: folder })
    const some = await showRows(engine.db, resolveDefinition(project, 'some'), { limit: 2, directory: folder })
    expect(some.rows.map((r) => r[0])).toEqual(['1', '2'])
    const text = files['views/profile.sql'].slice(1).replace(';', '')
    expect(sorted(profile.rows)).toEqual(sorted((await engine.db.query(text)).rows))
  })

  test('one file, a folder that is not there, one that is empty', async () => {
    const one = await importViews({ path: 'length.sql' }, options({ cwd: `${folder}/views/route` }))
    expect(one.views).toMatchObject([{ name: 'length', query: { path: 'views/route/length.sql' } }])
    for (const path of ['nowhere', 'tsconfig', 'views/notes.txt']) {
      await expect(importViews({ path }, options())).rejects.toMatchObject({ diagnostics: [{ code: 'import/source' }] })
    }
    writeFiles(folder, { 'void/readme.md': '' })
    await expect(importViews({ path: 'void' }, options())).rejects.toThrow('it holds no .sql file')
  })

  test('without a database only what the text says is known', async () => {
    const { db: _, ...offline } = options()
    const unknown = await importViews({ path: 'views' }, offline)
    expect(unknown.views).toEqual([])
    expect(findingsOf(unknown)).toContain('import/no-key profile')
    const customer = { name: 'customer', keys: [{ name: 'customer_id', type: 'int8' }] }
    const told = await importViews({ path: 'views' }, { ...offline, entities: [customer] })
    expect(told.views.map((v) => `${v.name} ${v.kind}`)).toContain('recency window')
    expect(told.views.find((v) => v.name === 'profile')?.features).toEqual([{ name: 'country' }, { name: 'mood' }])
    expect(told.findings.map((d) => d.code)).not.toContain('view/unknown-relation')
    await expect(importViews({ schema: 'public' }, offline)).rejects.toThrow('that needs a database')
  })
})

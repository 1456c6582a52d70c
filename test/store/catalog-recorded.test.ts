import {
  applyRecorded,
  catalogDocument,
  catalogEntries,
  catalogPage,
  catalogPages,
  collectProject,
  datasetEvents,
  editCatalog,
  ensureAsset,
  openStore,
  type Store,
  searchCatalog,
  syncCatalog,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { problemsOfEvent } from '../openlineage/problems-of-event.ts'
import { customer, model, p, tables } from '../scenarios/shop.ts'

const unused = p
  .featureView('unused', { entity: customer, owner: 'nobody' })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const whole = collectProject({ model, unused }, { directory: '.', file: 'x.ts', name: 'shop' })

describeEachEngine('the catalog after a training', (engine) => {
  let store: Store
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    await syncCatalog(store, whole)
    const { record } = await trainRecorded(store, model)
    await applyRecorded(store, model, record, { name: 'public.replies_now' })
  })
  const page = (name: string) => catalogPage(store, name, { project: whole, freshness: false })

  test('knows the model, its version and what it returns, and takes no other definition for gone', async () => {
    const { hits } = await searchCatalog(store, { gone: true, limit: 100 })
    expect(hits.filter((h) => h.gone)).toEqual([])
    expect(hits.map((h) => h.name)).toContain('unused')
    expect((await page('replies')).versions).toMatchObject([{ version: 1 }])
    expect((await page('prediction:replies')).columns).toMatchObject([{ name: 'probability', type: 'float8' }])
    expect((await searchCatalog(store, { text: 'probability' })).hits.map((h) => h.kind)).toContain('prediction')
  })

  test('knows the deployment, its columns and what it is made of, before and after a synchronisation', async () => {
    const before = await page('replies_now')
    expect(before).toMatchObject({ kind: 'deployment', name: 'public.replies_now' })
    expect(before.columns.map((c) => [c.name, c.type])).toContainEqual(['probability', 'float8'])
    expect(before.upstream).toContainEqual({ kind: 'prediction', name: 'replies', owners: [] })
    await syncCatalog(store, whole)
    const after = await page('replies_now')
    expect(after.columns.map((c) => c.name)).toEqual(before.columns.map((c) => c.name))
    expect(after.props.form).toBe('view')
    expect(after.drift).toEqual([])
    // What is deployed is no source, though a project may read it.
    await syncCatalog(store, whole, { all: true })
    expect((await catalogEntries(store)).filter((e) => e.name === 'public.replies_now').map((e) => e.kind)).toEqual([
      'deployment',
    ])
    expect((await page('orders')).usedBy).toEqual([{ kind: 'deployment', name: 'public.replies_now', owners: [] }])
  })

  test('is written as events that hold to OpenLineage, with what is said of it', async () => {
    await editCatalog(store, 'orders', { description: 'What was ordered', owners: ['sales'], tags: ['pii'] })
    await editCatalog(store, 'orders.amount', { description: 'In euros' })
    const entries = await catalogEntries(store)
    const events = await datasetEvents(
      store,
      entries.map((e) => e.id),
    )
    expect(events.flatMap(problemsOfEvent)).toEqual([])
    const orders = events.find((e) => e.dataset.name.endsWith('public.orders'))
    expect(orders?.dataset.facets).toMatchObject({
      documentation: { description: 'What was ordered' },
      ownership: { owners: [{ name: 'sales' }] },
      tags: { tags: [{ key: 'pii' }] },
      schema: {
        fields: expect.arrayContaining([expect.objectContaining({ name: 'amount', description: 'In euros' })]),
      },
    })
    const deployed = events.find((e) => e.dataset.name.endsWith('public.replies_now'))
    expect(deployed?.dataset.facets).toMatchObject({ columnLineage: { fields: { probability: expect.anything() } } })
  })

  test('is written as Markdown in which names and texts are nobody’s markup', async () => {
    await ensureAsset(store, { kind: 'consumer', name: 'A|b <script> [x](y) *z*' })
    await ensureAsset(store, { kind: 'consumer', name: 'a/B script x y z' })
    await editCatalog(store, 'customers', { description: '# no heading\n- no list\n<img src=x> | `a` & b' })
    const entries = await catalogEntries(store)
    const pages = catalogPages('shop', entries)
    expect(new Set(pages.map((f) => f.file.toLowerCase())).size).toBe(pages.length)
    expect(pages.every((f) => /^[A-Za-z0-9._-]+\.md$/.test(f.file))).toBe(true)
    const links = pages.flatMap((f) => [...f.text.matchAll(/[^\\]\]\(([^)]*)\)/g)].map((m) => m[1]))
    expect(links.length).toBeGreaterThan(20)
    expect(links.filter((l) => !pages.some((f) => f.file === l))).toEqual([])
    const customers = pages.find((f) => f.file === 'source-public.customers.md')?.text
    expect(customers).toContain('\\# no heading\n\\- no list\n&lt;img src=x&gt; \\| \\`a\\` &amp; b')
    expect(customers).toContain('| country | text | yes |')
    expect(pages[0]?.text).toContain('A\\|b &lt;script&gt; \\[x\\](y) \\*z\\*')
    const document = catalogDocument('shop', entries)
    const anchors = new Set([...document.matchAll(/<a id="([^"]*)"/g)].map((m) => `#${m[1]}`))
    const targets = [...document.matchAll(/[^\\]\]\((#[^)]*)\)/g)].map((m) => m[1] ?? '')
    expect(targets.filter((t) => !anchors.has(t))).toEqual([])
    // Written again it is the same.
    expect(catalogDocument('shop', await catalogEntries(store))).toBe(document)
  })
})

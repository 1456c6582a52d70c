/** `viewcast catalog …` in the project that `init` writes. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, 'catalog', ...args)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('makes no store to look something up', async () => {
  const { code, err } = await run('search', 'orders')
  expect([code, err]).toEqual([1, expect.stringContaining('store/absent')])
})

it('takes what the project declares, and writes nothing the second time', async () => {
  const first = await run('sync', '--json')
  expect(JSON.parse(first.out).lineage.added).toBeGreaterThan(10)
  expect(first.code, first.err).toBe(0)
  expect(JSON.parse(first.out)).toMatchObject({ columnsDropped: 0, problems: [] })
  const { assets, assetsChanged, columnsAdded, lineage } = JSON.parse((await run('sync', '--json')).out)
  expect(lineage).toEqual({ added: 0, closed: 0 })
  expect(assets).toBeGreaterThan(5)
  expect([assetsChanged, columnsAdded]).toEqual([0, 0])
})

it('finds by parts of names, with facets, and filters', async () => {
  const found = await run('search', 'spend')
  expect(found.code, found.err).toBe(0)
  expect(found.out).toMatch(/^kind +name/)
  expect(found.out).toMatch(/feature view +recent .*spend_90d/)
  expect(found.out).toMatch(/kinds: .*feature view 1/)
  expect(JSON.parse((await run('search', 'spend', '--kind', 'source', '--json')).out)).toMatchObject({
    total: 0,
    hits: [],
  })
  expect((await run('search', 'no such thing')).out).toBe('nothing found\n')
  const refused = await run('search', '--kind', 'table')
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('one of source')])
})

it('shows what is edited, by whom, and what is hidden', async () => {
  const set = await run('set', 'orders', '--owner', 'ops', '--owner', 'data', '--tag', 'pii', '--sla', '1 day')
  expect(set.code, set.err).toBe(0)
  expect(set.out).toMatch(/^set {2}public\.orders {2}edited: owners, tags, sla/)
  await run('set', 'orders.amount', '--description', 'What was paid', '--unit', 'EUR')
  const shown = await run('show', 'public.orders')
  expect(shown.code, shown.err).toBe(0)
  expect(shown.out).toMatch(/owner +ops, data {2}\(edited\)/)
  expect(shown.out).toMatch(/SLA +error after 1 day {2}\(edited\)/)
  expect(shown.out).toMatch(/amount +\S+ +(yes|no) +What was paid, in EUR +edited/)
  expect(shown.out).toMatch(/Read by\n.*feature view recent/s)
  expect(shown.out).toMatch(/Freshness\n {2}error .* late: public\.orders/)
  expect(shown.out).toMatch(/edited owners .*\["ops","data"\]/)
  const column = await run('show', 'orders.amount', '--json', '--freshness', 'none')
  expect(JSON.parse(column.out)).toMatchObject({
    name: 'public.orders',
    column: 'amount',
    freshness: null,
    changes: [{ column: 'amount', field: 'unit', after: 'EUR' }, { field: 'description' }],
  })
  const cleared = await run('set', 'orders', '--clear', 'owner', '--clear', 'tag', '--json')
  expect(JSON.parse(cleared.out)).toMatchObject({ edited: { sla: { errorAfter: '1 day' } }, hidden: [] })
})

it('refuses what cannot be kept, and says what to write', async () => {
  const length = await run('set', 'orders', '--sla', '1 month')
  expect([length.code, length.err]).toEqual([1, expect.stringMatching(/catalog\/edit[\s\S]*6 hours/)])
  const nothing = await run('set', 'orders')
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('--description')])
  const unknown = await run('show', 'ordres')
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('catalog/unknown')])
})

it('keeps how old the newest rows are', async () => {
  const { code, out, err } = await run('sync', '--freshness', '--json')
  expect(code, err).toBe(0)
  expect(JSON.parse(out).late).toEqual([{ name: 'public.orders', status: 'error', late: 'public.orders' }])
  expect((await run('show', 'orders', '--freshness', 'kept')).out).toMatch(/Freshness\n {2}error .* old {2}as of 20/)
})

it('is written as JSON, Markdown and OpenLineage', async () => {
  const { project, entries } = JSON.parse((await run('export')).out)
  expect(project).toBe('shop')
  expect(entries.map((e: { name: string }) => e.name)).toContain('public.orders')
  const document = (await run('export', '--format', 'markdown')).out
  expect(document).toMatch(/^# Catalog of shop\n/)
  expect(document).toMatch(/\[public\.orders\]\(#source-public\.orders\)/)
  const pages = await run('export', '--format', 'markdown', '--pages', 'docs/catalog')
  expect(pages.code, pages.err).toBe(0)
  const files = readdirSync(join(shop, 'docs/catalog'))
  expect(files).toContain('README.md')
  expect(files).toContain('source-public.orders.md')
  expect(readFileSync(join(shop, 'docs/catalog/source-public.orders.md'), 'utf8')).toContain('| amount |')
  await run('export', '--format', 'openlineage', '--out', 'catalog.ndjson')
  const events = readFileSync(join(shop, 'catalog.ndjson'), 'utf8').trim().split('\n')
  expect(events).toHaveLength(entries.length)
  expect(events.map((e) => JSON.parse(e).dataset.name)).toContainEqual(expect.stringContaining('public.orders'))
  const wrong = await run('export', '--pages', 'x')
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('markdown')])
})

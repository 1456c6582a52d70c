/** `viewcast leak` in the project that `init` writes: quiet as it is, and loud once a view looks ahead. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, ...args)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('finds nothing in the project it starts from, and says what it looked at', async () => {
  const { code, out, err } = await run('leak', 'reorder')
  expect(code, out + err).toBe(0)
  expect(out).toMatch(/^ok {4}future .*nothing moves/m)
  expect(out).toMatch(/public\.orders: cut at ordered_at/)
})

it('names the view, the column and the source, and exits with 1', async () => {
  const project = join(shop, 'views/recency.sql')
  const text = readFileSync(project, 'utf8')
  writeFileSync(project, text.replace(/<\s*(\w+\.)?as_of/, "< $1as_of + interval '240 hours'"))
  expect(readFileSync(project, 'utf8')).not.toBe(text)
  const { code, out } = await run('leak', 'reorder')
  expect(code, out).toBe(1)
  expect(out).toMatch(/future {2}\w+ of view "recency" changes in \d+ of \d+ rows/)
  const { code: same, out: printed } = await run('leak', 'reorder', '--json')
  expect(same).toBe(1)
  const report = JSON.parse(printed)
  expect(report.ok).toBe(false)
  expect(report.findings[0]).toMatchObject({
    kind: 'future',
    view: 'view "recency"',
    sources: ['public.orders.ordered_at'],
  })
  writeFileSync(project, text)
})

it('says which names there are', async () => {
  const { code, err } = await run('leak', 'reoder')
  expect(code).not.toBe(0)
  expect(err).toContain('reorder')
})

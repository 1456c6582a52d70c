/** `viewcast explain` in the project that `init` writes. */
import { rmSync } from 'node:fs'
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

it('shows the training query of a dataset view by view, with the plan of the database', async () => {
  const { code, out, err } = await run('explain', 'history', '--plan')
  expect(code, out + err).toBe(0)
  expect(out).toMatch(/^view +kind +form +asked by +one row +features$/m)
  expect(out).toMatch(/^why\n/m)
  expect(out).toMatch(/^stages\n/m)
  expect(out).toMatch(/^plan of the database\ncost [\d,.]+, about [\d,]+ rows$/m)
})

it('shows the training query of a model that is not trained, and says so', async () => {
  const { code, out, err } = await run('explain', 'reorder', '--json')
  expect(code, err).toBe(0)
  const report = JSON.parse(out)
  expect(report).toMatchObject({ name: 'reorder', query: 'training', warnings: [] })
  expect(report.views.length).toBeGreaterThan(1)
  expect((await run('explain', 'reorder')).err).toContain('reorder is not trained')
})

it('refuses forms that are not, and forms that are not written as such', async () => {
  const unknown = await run('explain', 'history', '--form', 'recenzy=merge')
  expect(unknown.code).toBe(1)
  expect(unknown.err).toContain('form/unknown-view')
  const wrong = await run('compile', 'history', '--form', 'recency=merge')
  expect(wrong.code).toBe(1)
  expect(wrong.err).toContain('form/unsupported')
  expect((await run('explain', 'history', '--form', 'merge')).code).toBe(2)
})

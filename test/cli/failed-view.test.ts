/** A view that compiles and fails on the data: the command names its file, and exits with 1. */
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

it('tells the file, the line and the column, and what to write instead', async () => {
  const file = join(shop, 'views/recency.sql')
  const text = readFileSync(file, 'utf8')
  const broken = text.replace(' / 86400 as days_since_order', ' / (86400 - 86400) as days_since_order')
  expect(broken).not.toBe(text)
  writeFileSync(file, broken)
  for (const command of [
    ['train', 'reorder'],
    ['leak', 'reorder'],
  ]) {
    const { code, out, err } = await run(...command)
    expect(code, out + err).toBe(1)
    expect(err).toMatch(
      /error {2}view\/failed {2}view "recency", column "days_since_order", failed on the data: division by zero \(SQLSTATE 22012\)/,
    )
    expect(err).toMatch(/views\/recency\.sql:6:3/)
    expect(err).toMatch(/hint {2}Divide by nullif/)
  }
  const { code, out } = await run('train', 'reorder', '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out).error.diagnostics).toMatchObject([
    { code: 'view/failed', location: { line: expect.any(Number) } },
  ])
  writeFileSync(file, text)
})

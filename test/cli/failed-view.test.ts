/** What is wrong with the user's SQL, whenever it shows: the commands name the files, all of them, and exit with 1. */
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

it('tells what is wrong in the sample, two views and the target at once, in every command', async () => {
  const breaks = [
    ['views/questions.sql', 'customers.signed_up_at <', 'customers.signed_up_att <'],
    ['views/recency.sql', 'orders.ordered_at <', 'orders.ordered_att <'],
    ['project.ts', "'country', 'plan'])", "'country', 'plann' as never])"],
    ['project.ts', 'count(orders.order_id)', 'count(orders.order_idd)'],
  ] as const
  const before = new Map(breaks.map(([path]) => [path, readFileSync(join(shop, path), 'utf8')]))
  for (const [path, whole, broken] of breaks) {
    const text = readFileSync(join(shop, path), 'utf8')
    expect(text).toContain(whole)
    writeFileSync(join(shop, path), text.replace(whole, broken))
  }
  const told = [
    /view\/database-error {2}The database refuses sample "questions": .*signed_up_att/,
    /view\/database-error {2}The database refuses view "recency": .*ordered_att/,
    /view\/database-error {2}The database refuses view "profile": .*plann/,
    /view\/database-error {2}The database refuses target "reordered": .*order_idd/,
    /views\/questions\.sql:7:7/,
    /views\/recency\.sql:10:/,
  ]
  for (const command of [
    ['train', 'reorder'],
    ['compile', 'history'],
    ['leak', 'reorder'],
    ['explain', 'history'],
    ['lineage', 'history'],
    ['doctor'],
  ]) {
    const { code, out, err } = await run(...command)
    expect(code, out + err).toBe(1)
    for (const pattern of told) expect(out + err, command.join(' ')).toMatch(pattern)
  }
  for (const [path, text] of before) writeFileSync(join(shop, path), text)
})

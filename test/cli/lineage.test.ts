/** `viewcast lineage` in the project that `init` writes: up, down, and as pictures. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, 'lineage', ...args)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  const trained = await viewcast(shop, 'train', 'reorder')
  expect(trained.code, trained.err).toBe(0)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('goes down from a column of a table to the coefficient and the prediction', async () => {
  const { code, out, err } = await run('orders.amount', '--down')
  expect(code, err).toBe(0)
  const lines = out.split('\n')
  expect(lines[0]).toBe('public.orders.amount')
  expect(out).toMatch(/─ recent\.spend_90d {2}aggregation/)
  expect(out).toMatch(/─ history\.spend_90d {2}/)
  expect(out).toMatch(/─ reorder\.spend_90d {2}numeric/)
  expect(out).toMatch(/─ reorder\.probability {2}term/)
  // A table's name alone follows all of its columns.
  const all = await run('public.orders', '--down')
  expect(all.out.split('\n').filter((l) => l.startsWith('public.orders.')).length).toBeGreaterThan(2)
})

it('goes up from the prediction, and from a coefficient', async () => {
  const up = await run('reorder', '--format', 'mermaid')
  expect(up.code, up.err).toBe(0)
  expect(up.out).toMatch(/^flowchart LR\n/)
  expect(up.out).toMatch(/\["public\.orders\.amount"\]/)
  const coefficient = await run('reorder.spend_90d', '--format', 'dot')
  expect(coefficient.out).toMatch(/"history\.spend_90d" -> "reorder\.spend_90d" \[label="numeric"\];/)
  expect(coefficient.out).not.toContain('reorder.probability')
})

it('is plain data with --format json, and with --json', async () => {
  const { out } = await run('orders.amount', '--down', '--format', 'json')
  const { direction, from, vertices, edges } = JSON.parse(out)
  expect({ direction, from }).toEqual({ direction: 'down', from: ['public.orders.amount'] })
  const weight = vertices.find((v: { name: string }) => v.name === 'reorder.spend_90d')
  expect(weight).toMatchObject({ kind: 'coefficient', value: expect.any(Number) })
  expect(edges).toContainEqual({ from: 'reorder.spend_90d', to: 'reorder.probability', direct: true, how: ['term'] })
  const up = JSON.parse((await run('history.spend_90d', '--json')).out)
  expect(up.lineage[0].children[0].name).toBe('recent.spend_90d')
})

it('knows columns that nothing depends on, and names as SQL quotes them', async () => {
  const alone = await run('public.orders.order_id', '--down')
  const quoted = await run('"public"."orders"."amount"', '--down')
  expect(quoted.out).toBe((await run('orders.amount', '--down')).out)
  expect([alone.code, alone.out.split('\n')[0]]).toEqual([0, 'public.orders.order_id'])
})

it('leads from the column of a label to what is learned from it', async () => {
  const { vertices, edges } = JSON.parse((await run('reorder', '--up', '--format', 'dot', '--json')).out)
  const label = vertices.find((v: { kind: string }) => v.kind === 'label')
  expect(edges).toContainEqual({ from: label.name, to: 'reorder.(intercept)', direct: false, how: ['label'] })
})

it('says what was meant', async () => {
  const wrong = await run('orders.amuont', '--down')
  expect(wrong.code).not.toBe(0)
  expect(wrong.err).toContain('"amount"')
  expect((await run('oders', '--down')).err).toContain('"orders"')
  expect((await run('orders', '--up', '--down')).code).toBe(2)
})

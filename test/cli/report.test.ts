/** `viewcast report` in the project that `init` writes. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
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
  await run('train', 'reorder')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('writes the file of the newest version and prints the metrics with intervals', async () => {
  const { code, out, err } = await run('report', 'reorder')
  expect(code, out + err).toBe(0)
  expect(out).toMatch(/^auc +0\.\d+ +0\.\d+ to 0\.\d+/m)
  expect(out).toMatch(/written +reorder-1\.html/)
  const html = readFileSync(join(shop, 'reorder-1.html'), 'utf8')
  expect(html).toContain('<h1>reorder version 1</h1>')
  expect(html).toContain('Prediction query')
})

it('measures other rows, slices by what is asked for, and gives data to scripts', async () => {
  const { code, out, err } = await run('report', 'reorder', '--part', 'train', '--out', 'train.html', '--json')
  expect(code, out + err).toBe(0)
  const data = JSON.parse(out)
  expect(data).toMatchObject({ model: 'reorder', version: 1, part: 'train' })
  expect(data.metrics.find((m: { name: string }) => m.name === 'auc').estimate.interval).toHaveLength(2)
  expect(existsSync(join(shop, 'train.html'))).toBe(true)
})

it('says what is wrong: no such model, no such version, no such part', async () => {
  expect((await run('report', 'reodrer')).err).toContain('reorder')
  expect((await run('report', 'reorder', '--version', '9')).err).toMatch(/model\/not-trained/)
  const { code, err } = await run('report', 'reorder', '--part', 'holdout')
  expect(code).toBe(2)
  expect(err).toMatch(/part/)
  expect((await run('report', 'reorder', '--slice', 'no_such_column')).err).toMatch(/no_such_column/)
})

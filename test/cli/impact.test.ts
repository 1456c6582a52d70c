/** `viewcast impact`, `consumers` and `store lineage` in the project that `init` writes. */
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  collectProject,
  connect,
  loadRecord,
  openStore,
  projectLineage,
  registerDeployment,
  registerLineage,
} from '@viewcast/sdk'
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
  for (const args of [
    ['train', 'reorder'],
    ['apply', 'reorder', '--as', 'view'],
  ]) {
    const { code, err } = await run(...args)
    expect(code, err).toBe(0)
  }
  const file = join(shop, 'project.ts')
  const project = collectProject(await import(pathToFileURL(file).href), { directory: shop, file })
  const record = await loadRecord(join(shop, '.viewcast'), 'reorder')
  const db = await connect(join(shop, '.viewcast/data'))
  const [named] = await db.rows<{ name: string }>(`SELECT namespace AS name FROM viewcast.asset WHERE kind = 'model'`)
  const store = await openStore(db, { project: named?.name ?? '' })
  await registerDeployment(store, 'public.reorder', record)
  await registerLineage(store, await projectLineage(db, project, { records: new Map([['reorder', record]]) }))
  await db.close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('tells models, assets and what the server refuses, without the code of the project', async () => {
  renameSync(join(shop, 'project.ts'), join(shop, 'away.ts'))
  const { code, out, err } = await run('impact', 'orders.amount')
  renameSync(join(shop, 'away.ts'), join(shop, 'project.ts'))
  expect(code, err).toBe(0)
  expect(out).toMatch(
    /^Models\nmodel +alias +deployed as +score lost +coefficients +owner\nreorder v1 +public\.reorder /,
  )
  expect(out).toMatch(/spend_90d -?\d/)
  expect(out).toMatch(/\ndeployment +public\.reorder +probability +made of it +\d/)
  expect(out).toMatch(/\nfeature view +recent +spend_30d/)
  expect(out).toMatch(/\nPostgreSQL refuses to drop it because of\n {2}view reorder\n/)
  const json = JSON.parse((await run('impact', 'orders.amount', '--json')).out)
  expect(json.models[0]).toMatchObject({ model: 'reorder', version: 1, deployments: ['public.reorder'] })
  expect((await run('impact', 'orders.amount', '--format', 'json')).out).toBe(`${JSON.stringify(json)}\n`)
  expect((await run('impact', 'public.reorder.customer_id')).out).toBe('nothing depends on it\n')
})

it('goes up, and draws', async () => {
  const up = await run('impact', 'public.reorder.probability', '--up', '--format', 'mermaid')
  expect(up.code, up.err).toBe(0)
  expect(up.out).toMatch(/^flowchart LR\n/)
  expect(up.out).toContain('["public.orders.amount"]')
  const dot = await run('impact', 'history.spend_90d', '--format', 'dot')
  expect(dot.out).toContain('"history.spend_90d" -> "reorder v1.spend_90d"')
  expect(dot.out).toContain('"reorder v1.probability" -> "public.reorder.probability" [label="identity"];')
  const tree = await run('impact', 'history.spend_90d', '--format', 'tree', '--depth', '1')
  expect(tree.out).toMatch(/^history\.spend_90d\n└─ reorder v1\.spend_90d {2}numeric\n$/)
})

it('refuses names of nothing, and days that are none', async () => {
  const unknown = await run('impact', 'orders.amont')
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('Did you mean "amount"?')])
  const day = await run('impact', 'orders.amount', '--at', 'monday')
  expect([day.code, day.out]).toEqual([1, ''])
  expect((await run('impact', 'orders.amount', '--at', '2001-01-01')).out).not.toContain('Models')
})

it('lists who reads predictions, and how the lineage changed', async () => {
  expect((await run('consumers', 'ls')).out).toBe('no consumers\n')
  const added = await run(
    'consumers',
    'add',
    'Orders board',
    '--reads',
    'public.reorder',
    '--owner',
    'ops',
    '--owner',
    'me',
  )
  expect([added.code, added.out, added.err]).toEqual([0, 'added  dashboard Orders board\n', ''])
  const ls = await run('consumers', 'ls', '--json')
  expect(JSON.parse(ls.out).consumers).toMatchObject([
    { name: 'Orders board', kind: 'dashboard', owners: ['ops', 'me'] },
  ])
  const impact = await run('impact', 'orders.amount')
  expect(impact.out).toMatch(/\ndashboard +Orders board +probability +made of it +\d +ops, me\n/)
  const changes = await run('store', 'lineage', '--from', '2001-01-01', '--json')
  expect(JSON.parse(changes.out).changes).toContainEqual(
    expect.objectContaining({ change: 'added', from: 'public.reorder.probability', to: 'Orders board.probability' }),
  )
  expect((await run('store', 'lineage', '--from', '2001-01-01', '--to', '2001-01-02')).out).toBe('nothing changed\n')
  expect((await run('consumers', 'remove', 'Orders board')).out).toBe('removed  Orders board\n')
  expect((await run('consumers', 'remove', 'Orders board')).code).toBe(1)
  expect((await run('consumers', 'add', 'X')).code).toBe(2)
})

/** `viewcast refresh` in the project that `init` writes. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  applyPlan,
  collectProject,
  connect,
  loadRecord,
  type ModelDef,
  openStore,
  planDeployments,
  project,
} from '@viewcast/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, ...args)
const data = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json')
  expect(code, out + err).toBe(0)
  return JSON.parse(out)
}

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  const config = join(shop, 'viewcast.config.ts')
  const environments = `environments: { staging: { schema: 'other' } },`
  writeFileSync(config, readFileSync(config, 'utf8').replace('defineConfig({', `defineConfig({\n  ${environments}`))
  expect((await run('train', 'reorder')).code).toBe(0)
  const file = join(shop, 'project.ts')
  const { definitions } = collectProject(await import(pathToFileURL(file).href), { directory: shop, file })
  const model = definitions.get('reorder') as ModelDef
  const record = await loadRecord(join(shop, '.viewcast'), 'reorder')
  const db = await connect(join(shop, '.viewcast/data'))
  const [named] = await db.rows<{ name: string }>(`SELECT namespace AS name FROM viewcast.asset WHERE kind = 'model'`)
  const store = await openStore(db, { project: named?.name ?? '' })
  const p = project('shop')
  const defs = [
    p.deployment('reorder_now', { model, as: 'table' }),
    p.deployment('reorder_daily', { model, as: 'table', refresh: 'partition' }),
    p.deployment('reorder_view', { model }),
  ]
  await db.execute('CREATE SCHEMA other')
  const twice = p.deployment('reorder_now', { model, as: 'table', schema: 'other' })
  for (const def of [...defs, twice]) {
    const environment = def === twice ? 'staging' : ''
    const plan = await planDeployments(store, [{ def, record, isDeclared: true }], { directory: shop, environment })
    await applyPlan(store, plan, { record: async () => record })
  }
  await db.close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('refreshes at an instant, and tells what it did', async () => {
  const { code, out, err } = await run('refresh', 'public.reorder_now', '--at', '2025-12-31T00:00Z')
  expect(code, err).toBe(0)
  expect(out).toMatch(
    /^as of +model +inserted +updated +deleted +seconds\n2025-12-31 00:00:00\+00 +reorder@1 +[\d,]+ +0 +[\d,]+ +\d+\.\d\d\n$/,
  )
  const found = await data('refresh', 'other.reorder_now')
  expect(found).toMatchObject({ skipped: 0, refreshed: [{ kind: 'full', model: 'reorder', version: 1, updated: 0 }] })
  expect((await run('runs', 'show', found.run)).out).toMatch(/rows\.inserted/)
})

it('refreshes the table of the environment that is named', async () => {
  const runOf = async (...args: string[]) => (await data('refresh', ...args)).refreshed[0].object
  expect(await runOf('reorder_now', '--env', 'staging')).toEqual({ schema: 'other', name: 'reorder_now' })
  expect(await runOf('reorder_daily', '--at', '2025-12-01T00:00Z')).toEqual({ schema: 'public', name: 'reorder_daily' })
  const kept = await data('refresh', 'reorder_daily', '--at', '2025-12-02T00:00Z', '--keep')
  expect(kept.logged).toBe(kept.refreshed[0].inserted)
  expect(kept.logged).toBeGreaterThan(0)
  const { code, err } = await run('refresh', 'reorder_daily', '--env', 'staging')
  expect([code, err]).toEqual([1, expect.stringContaining('deploy/unknown')])
})

it('goes through a series, and leaves out what is done', async () => {
  const days = ['--from', '2025-12-28T00:00Z', '--to', '2025-12-30T00:00Z', '--every', '1 day']
  expect((await data('refresh', 'reorder_daily', ...days)).refreshed).toHaveLength(3)
  expect((await run('refresh', 'reorder_daily', ...days)).out).toBe(
    '3 done before, left out; --again makes them anew\n',
  )
  const again = await data('refresh', 'reorder_daily', ...days, '--again')
  expect(again.refreshed[0].deleted).toBe(again.refreshed[0].inserted)
})

it('refuses what cannot be', async () => {
  const refused = async (...args: string[]) => {
    const { code, err } = await run('refresh', ...args)
    return [code, err]
  }
  expect(await refused('nothing')).toEqual([1, expect.stringContaining('deploy/unknown')])
  expect(await refused('reorder_view')).toEqual([1, expect.stringContaining('is deployed as a view')])
  expect(await refused('reorder_now')).toEqual([
    1,
    expect.stringContaining('"reorder_now" may be public.reorder_now, other.reorder_now (staging)'),
  ])
  expect(await refused('reorder_daily', '--from', '2025-12-28T00:00Z')).toEqual([2, expect.stringContaining('--every')])
  expect(await refused('reorder_daily', '--again')).toEqual([2, expect.stringContaining('--again is of a series')])
  expect(await refused('reorder_daily', '--at', 'noon')).toEqual([1, expect.stringContaining('time/instant')])
})

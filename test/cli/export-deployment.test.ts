/** `viewcast export-deployment` in the project that `init` writes, with a deployment declared. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, 'export-deployment', ...args)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  appendFileSync(
    join(shop, 'project.ts'),
    `\nexport const kept = p.deployment('reorder_kept', { model: reorder, as: 'table', at: '2025-12-31T00:00Z' })\n`,
  )
  const config = join(shop, 'viewcast.config.ts')
  const environments = `environments: { staging: { schema: 'of staging', createSchema: true } },`
  writeFileSync(config, readFileSync(config, 'utf8').replace('defineConfig({', `defineConfig({\n  ${environments}`))
  expect((await viewcast(shop, 'train', 'reorder')).code).toBe(0)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('writes files that a database takes, and deploys nothing', async () => {
  const { code, out, err } = await run('reorder_kept', '--migration', 'migrations')
  expect(code, err).toBe(0)
  expect(out).toMatch(/^migrations\/\d{14}_reorder_kept\.up\.sql\nmigrations\/\d{14}_reorder_kept\.down\.sql\n$/)
  const [down = '', up = ''] = readdirSync(join(shop, 'migrations'))
    .sort()
    .map((file) => readFileSync(join(shop, 'migrations', file), 'utf8'))
  const json = JSON.parse((await run('reorder_kept', '--sql', 'kept.sql', '--json')).out)
  expect(json).toMatchObject({ deployment: 'reorder_kept', class: 'add', strategy: 'create', files: ['kept.sql'] })
  const db = await connect(join(shop, '.viewcast/data'))
  const there = async () => (await db.rows<{ t: string | null }>(`SELECT to_regclass('reorder_kept')::text AS t`))[0]?.t
  expect(await there()).toBeNull()
  await db.execute(up)
  expect(await there()).toBe('reorder_kept')
  await db.execute(down)
  expect(await there()).toBeNull()
  await db.execute(readFileSync(join(shop, 'kept.sql'), 'utf8'))
  const [row] = await db.rows<{ n: string }>('SELECT count(*) AS n FROM reorder_kept')
  expect(Number(row?.n)).toBeGreaterThan(0)
  await db.close()
})

it('writes what the environment that is named would have, its schema too', async () => {
  const { code, err } = await run('reorder_kept', '--env', 'staging', '--sql', 'staging.sql')
  expect(code, err).toBe(0)
  expect((await run('reorder_kept', '--env', 'staging', '--migration', 'staging')).code).toBe(0)
  const artefact = readFileSync(join(shop, 'staging.sql'), 'utf8')
  expect(artefact).toMatch(/^-- object +table of staging\.reorder_kept$/m)
  expect(artefact).toMatch(/^-- environment +staging$/m)
  const [down = '', up = ''] = readdirSync(join(shop, 'staging'))
    .sort()
    .map((file) => readFileSync(join(shop, 'staging', file), 'utf8'))
  const db = await connect(join(shop, '.viewcast/data'))
  const there = async () =>
    (await db.rows<{ t: string | null }>(`SELECT to_regclass('"of staging".reorder_kept')::text AS t`))[0]?.t
  for (const made of [artefact, up]) {
    expect(await there()).toBeNull()
    await db.execute(made)
    expect(await there()).toBe('"of staging".reorder_kept')
    await db.execute(down)
  }
  expect(await there()).toBeNull()
  await db.close()
})

it('refuses what it cannot write', async () => {
  const refused = async (...args: string[]) => {
    const { code, err } = await run(...args)
    return [code, err]
  }
  expect(await refused('reorder_kept')).toEqual([2, expect.stringContaining('--migration or --sql')])
  expect(await refused('reorder_kept', '--sql', 'x.sql', '--style', 'flyway')).toEqual([
    2,
    expect.stringContaining('--style is of --migration'),
  ])
  expect(await refused('nothing', '--sql', 'nothing.sql')).toEqual([1, expect.stringContaining('deploy/unknown')])
  expect(existsSync(join(shop, 'nothing.sql'))).toBe(false)
})

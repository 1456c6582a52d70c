/** What commands keep in the database, and what they do where they may not. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('train', () => {
  it('leaves a run and a version in the store, and numbers the file by it', async () => {
    const first = await viewcast(shop, 'train', 'reorder', '--json')
    expect(first.code, first.err).toBe(0)
    const { run, version, file } = JSON.parse(first.out)
    expect(run).toMatch(/^[0-9a-f-]{36}$/)
    expect(version).toBe(1)
    expect(JSON.parse(readFileSync(file, 'utf8')).version).toBe(1)
    // The same rows give the same model, which is that version.
    expect(JSON.parse((await viewcast(shop, 'train', 'reorder', '--json')).out)).toMatchObject({
      version: 1,
      isNew: false,
    })
    const db = await connect(join(shop, '.viewcast/data'))
    const runs = await db.rows('SELECT state FROM viewcast.runs')
    await db.close()
    expect(runs).toEqual([{ state: 'finished' }, { state: 'finished' }])
  })

  it('keeps files alone where the configuration says so', async () => {
    const config = join(shop, 'viewcast.config.ts')
    const before = readFileSync(config, 'utf8')
    writeFileSync(config, before.replace('defineConfig({', 'defineConfig({\n  store: false,'))
    const trained = await viewcast(shop, 'train', 'reorder', '--json')
    expect(JSON.parse(trained.out)).toMatchObject({ run: null, version: 2 })
    const refused = await viewcast(shop, 'store', 'migrate', '--json')
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.out).error.diagnostics[0].code).toBe('store/off')
    writeFileSync(config, before)
  })
})

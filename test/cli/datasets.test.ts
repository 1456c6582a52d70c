/** Versions of datasets at the command line: registered, compared, tagged, kept as tables and files, reproduced. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
let dataset = ''
let run = ''

async function asked(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await viewcast(shop, ...args, '--json')
  expect(code, err).toBe(0)
  return JSON.parse(out)
}

async function changed(sql: string): Promise<void> {
  const db = await connect(join(shop, '.viewcast/data'))
  await db.execute(sql).finally(() => db.close())
}

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  const trained = await asked('train', 'reorder')
  run = String(trained['run'])
  dataset = String(JSON.parse(readFileSync(String(trained['file']), 'utf8')).dataset.name)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('datasets', () => {
  it('registers the rows a training reads, once while they stay', async () => {
    const first = await asked('datasets', 'register', dataset, '--run', run)
    expect(first).toMatchObject({ dataset, version: 1 })
    expect(await asked('datasets', 'register', dataset)).toMatchObject({ version: 1, isNew: false })
    const { out } = await viewcast(shop, 'datasets', 'ls')
    expect(out).toContain(dataset)
    expect(JSON.parse((await viewcast(shop, 'datasets', 'ls', '--json')).out)).toMatchObject([
      { dataset, version: 1, versions: 1 },
    ])
  })

  it('shows columns, query, tags and who read it', async () => {
    await asked('datasets', 'tag', dataset, 'golden', '--reason', 'checked')
    const shown = await viewcast(shop, 'datasets', 'show', `${dataset}@golden`)
    expect(shown.code, shown.err).toBe(0)
    for (const word of ['golden', 'checked', 'column', 'digest', 'train']) expect(shown.out).toContain(word)
    const { out } = await viewcast(shop, 'datasets', 'show', dataset, '--sql')
    expect(out).toMatch(/SELECT/)
    expect(await asked('datasets', 'show', dataset)).toMatchObject({
      version: 1,
      tags: ['golden'],
      tagHistory: [{ tag: 'golden' }],
    })
  })

  it('agrees with the run that read them', async () => {
    const { code, out, err } = await viewcast(shop, 'reproduce', run)
    expect(code, err + out).toBe(0)
    expect(out).toMatch(/agrees\s+yes/)
    expect(await asked('reproduce', 'latest')).toMatchObject({ agrees: true, data: { verdict: 'equal' } })
  })

  it('keeps a version as a table and as files', async () => {
    expect(await asked('datasets', 'snapshot', dataset)).toMatchObject({
      version: 1,
      schema: 'public',
      table: `${dataset}_v1`,
    })
    const file = await asked('datasets', 'export', dataset, 'data/kept.parquet', '--dvc')
    expect(file).toMatchObject({ version: 1, format: 'parquet' })
    expect(readFileSync(join(shop, 'data/kept.parquet.dvc'), 'utf8')).toContain(`md5: ${file['md5']}`)
    const csv = await viewcast(shop, 'datasets', 'export', dataset, 'kept.csv')
    expect(csv.out).toContain('kept.csv')
    expect(existsSync(join(shop, 'kept.csv'))).toBe(true)
    expect((await viewcast(shop, 'datasets', 'export', dataset, 'kept.txt')).code).toBe(1)
  })

  it('tells what differs when the data have changed', async () => {
    await changed('DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders ORDER BY ctid LIMIT 3)')
    expect(await asked('datasets', 'register', dataset)).toMatchObject({ version: 2, isNew: true })
    const compared = await asked('datasets', 'compare', `${dataset}@golden`)
    expect(compared).toMatchObject({
      before: `${dataset}@1`,
      after: `${dataset}@2`,
      isEqual: false,
      isOtherQuery: false,
    })
    const text = await viewcast(shop, 'datasets', 'compare', `${dataset}@1`, `${dataset}@2`)
    expect(text.out).toContain('other values')
    const { code, out } = await viewcast(shop, 'reproduce', run)
    expect(code).toBe(1)
    expect(out).toMatch(/agrees\s+no/)
  })

  it('drops its own table, and says what there is not', async () => {
    expect((await viewcast(shop, 'datasets', 'drop-snapshot', `${dataset}@1`)).out).toContain(`public.${dataset}_v1`)
    const gone = await viewcast(shop, 'datasets', 'drop-snapshot', `${dataset}@1`)
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('not kept as a table')])
    const unknown = await viewcast(shop, 'datasets', 'show', `${dataset}@9`)
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('no version 9')])
    expect((await viewcast(shop, 'datasets', 'register', dataset, '--query', 'SELECT 1', '--file', 'x')).code).toBe(2)
  })
})

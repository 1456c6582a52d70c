/** Ctrl-C: what runs is rolled back, nothing half done stays, and a second one does not wait. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { build, scratch, start, viewcast } from './viewcast.ts'

let root = ''
const rows = 200_000_000

beforeAll(async () => {
  await build()
  root = scratch()
  writeFileSync(join(root, 'viewcast.config.ts'), "export default { project: './project.ts' }")
  writeFileSync(
    join(root, 'project.ts'),
    `import { project, standardize } from '@viewcast/sdk'
import { sql } from 'kysely'
const p = project<{}>('long')
const item = p.entity('item', { id: 'int4' })
const items = p.sample('items', { entity: item }).query(() =>
  sql<{ id: number; x: number }>\`select i::int4 as id, i::float8 as x from generate_series(1, ${rows}) as i\`)
const label = p.target('label', { entity: item }).query(() =>
  sql<{ id: number; y: number }>\`select i::int4 as id, (i % 3)::float8 as y from generate_series(1, ${rows}) as i\`)
const all = p.dataset('all', { sample: items, target: label, features: [] })
export const line = p.model('line', { dataset: all, family: 'linear', label: 'y' }).inputs({ x: standardize() })
`,
  )
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** It has the database: what listens to signals is there by then, however slow the machine. */
const hasDatabase = () =>
  vi.waitFor(() => expect(existsSync(join(root, '.viewcast/data.lock'))).toBe(true), { timeout: 60_000 })

it('ends with 130 after rolling back, and the database is free again', async () => {
  const training = start(root, 'train', 'line', '--verbose', '--json')
  await hasDatabase()
  // Into a statement that takes minutes.
  await Promise.race([training.said('"step"'), pause(3000)])
  training.process.kill('SIGINT')
  const { code, out } = await training.finished
  expect(code).toBe(130)
  expect(JSON.parse(out).error.diagnostics[0]).toMatchObject({ code: 'engine/interrupted' })
  expect(existsSync(join(root, '.viewcast/models'))).toBe(false)
  const after = await viewcast(root, 'doctor', '--config', 'viewcast.config.ts')
  expect(after.out).toMatch(/ok +connection/)
})

it('ends at once when asked twice', async () => {
  const training = start(root, 'train', 'line', '--json')
  await hasDatabase()
  await pause(1000)
  training.process.kill('SIGINT')
  training.process.kill('SIGINT')
  expect((await training.finished).code).toBe(130)
})

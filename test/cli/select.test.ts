/** `viewcast select`: a search that is stopped goes on where it was, and what it keeps is a version like any other. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, start, viewcast } from './viewcast.ts'

let root = ''
beforeAll(async () => {
  await build()
  root = scratch()
  writeFileSync(join(root, 'viewcast.config.ts'), "export default { project: './project.ts' }")
  writeFileSync(
    join(root, 'project.ts'),
    `import { logSpace, project, standardize } from '@viewcast/sdk'
import { sql } from 'kysely'
const p = project<{}>('trips')
const trip = p.entity('trip', { id: 'int4' })
const trips = p.sample('trips', { entity: trip, split: p.split.hash({ test: 0.2 }) }).query(() =>
  sql<{ id: number; x: number; z: number }>\`select i as id, (i * 37 % 101)::float8 as x, (i * 7919 % 1009)::float8 as z from generate_series(1, 60000) as i\`)
const label = p.target('label', { entity: trip }).query(() =>
  sql<{ id: number; y: boolean }>\`select i as id, (i * 37 % 101) + (i * 53 % 89) > 90 as y from generate_series(1, 60000) as i\`)
const all = p.dataset('all', { sample: trips, target: label, features: [] })
export const late = p.model('late', { dataset: all, family: 'logistic', label: 'y', threshold: 'f1' }).inputs({ x: standardize(), z: standardize() })
export const grid = p.selection('grid', { model: late, over: { penalty: logSpace(0.001, 1000, 60), inputs: { z: [standardize(), 'out'] } }, pruning: false })
export const small = p.selection('small', { model: late, over: { penalty: [0, 1, 1e6] } })
`,
  )
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const kept = (): string[] => {
  const folder = join(root, '.viewcast/selections/grid')
  return existsSync(folder) ? readdirSync(folder).map((f) => join(folder, f)) : []
}
const lines = (): number =>
  kept().reduce(
    (n, f) =>
      n +
      readFileSync(f, 'utf8')
        .split('\n')
        .filter((l) => l !== '').length,
    0,
  )

it('ends with 130, keeps every result, and goes on where it was', async () => {
  const search = start(root, 'select', 'grid', '--json')
  await search.said('"step":"measuring"')
  for (let i = 0; i < 400 && lines() < 5; i++) await new Promise((resolve) => setTimeout(resolve, 25))
  search.process.kill('SIGINT')
  const { code, out } = await search.finished
  expect(code).toBe(130)
  expect(JSON.parse(out).error.diagnostics[0]).toMatchObject({ code: 'engine/interrupted' })
  const before = lines()
  expect(before).toBeGreaterThanOrEqual(5)
  expect(before).toBeLessThan(600)
  expect(existsSync(join(root, '.viewcast/models'))).toBe(false)

  const again = await viewcast(root, 'select', 'grid', '--json')
  expect(again.code, again.err).toBe(0)
  const result = JSON.parse(again.out)
  expect(result).toMatchObject({ selection: 'grid', model: 'late', version: 1, reused: before, measured: 600 - before })
  expect(result.table).toHaveLength(120)
  expect(result.thresholdChoice.rows).toBe('cross-validated')
  expect(again.err).toContain('"event":"progress"')
  const record = JSON.parse(readFileSync(result.file, 'utf8'))
  expect(record.selection).toMatchObject({ name: 'grid', chosen: result.chosen.candidate, candidates: { tried: 120 } })
}, 240_000)

it('prints the comparison, and keeps the next version', async () => {
  const { code, out, err } = await viewcast(root, 'select', 'small')
  expect(code, err).toBe(0)
  expect(out).toMatch(/selection +small of model late, by logLoss/)
  expect(out).toMatch(/penalty [01] +chosen/)
  expect(out).toMatch(/kept as +version 2/)
  expect(out).toMatch(/threshold 0\.\d+ by f1, on cross-validated rows/)
  expect(err).toMatch(/next: viewcast predict late/)
  const predicted = await viewcast(root, 'ls')
  expect(predicted.out).toMatch(/Selections\n.*\n? *grid +id +of late, by logLoss, 5 folds by hash/s)
})

it('cross-validates a model by its name, and keeps nothing then', async () => {
  const { code, out } = await viewcast(root, 'select', 'late', '--folds', '3', '--json')
  expect([code, JSON.parse(out).folds]).toEqual([0, '3 folds by hash of id'])
  expect(JSON.parse(out)).not.toHaveProperty('version')
  const chosen = await viewcast(root, 'select', 'late', '--penalty', '0,10', '--no-refit', '--json', '--fresh')
  expect(JSON.parse(chosen.out).table).toHaveLength(2)
})

it('refuses what it cannot mean', async () => {
  for (const [args, code, told] of [
    [['select', 'late', '--penalty', '1,x'], 2, '--penalty'],
    [['select', 'grid', '--folds', '3'], 2, '--folds is for a model'],
    [['select', 'gird'], 1, 'grid'],
    [['select', 'trips'], 1, 'trips'],
    [['select'], 2, 'name'],
  ] as const) {
    const found = await viewcast(root, ...args)
    expect([found.code, found.err.includes(told) || found.out.includes(told)], found.err + found.out).toEqual([
      code,
      true,
    ])
  }
  const help = await viewcast(root, 'select', '--help')
  expect(help.out).toContain('viewcast select reorder --penalty 0,0.1,1,10')
})

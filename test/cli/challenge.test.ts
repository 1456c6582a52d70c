/** Champion and challenger from the command line, in the project that `init` writes. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
const fileOf = (version: number): string => join(shop, `.viewcast/models/reorder/${version}.json`)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  await run('train', 'reorder')
  const record = JSON.parse(readFileSync(fileOf(1), 'utf8'))
  // The same scores; more of them are called false.
  writeFileSync(fileOf(2), JSON.stringify({ ...record, version: 2, threshold: 0.9 }))
  await run('models', 'promote', 'reorder@1', 'production')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('compares a version with the newest, and keeps what it found', async () => {
  const found = await data('challenge', 'reorder@production', '--sample')
  expect(found).toMatchObject({ champion: { version: 1 }, challenger: { version: 2 }, part: 'test', broken: [] })
  expect(found.outputs[0]).toMatchObject({ output: 'probability', moved: 0, meanShift: 0 })
  expect(found.label.agreement).toBeLessThan(1)
  const metrics = Object.fromEntries(
    found.metrics.map((m: { metric: string; difference: number }) => [m.metric, m.difference]),
  )
  expect(metrics).toMatchObject({ logLoss: 0, brier: 0, auc: 0 })
  expect(metrics['accuracy']).not.toBe(0)

  const { out, code } = await run('challenge', 'reorder@1', '@2', '--at', '2025-12-31T00:00Z')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^champion +reorder version 1\nchallenger +reorder version 2\nquestions +\S+\nagreement +[\d.]+ % of /,
  )
  expect(out).toMatch(/^probability +0 +/m)
  expect(out).not.toMatch(/^metric /m)

  const listed = await data('challenge', 'ls', 'reorder')
  expect(listed.comparisons).toMatchObject([
    { questions: 'entities', asOf: '2025-12-31 00:00:00+00', championVersion: 1, challengerVersion: 2 },
    { run: found.run, questions: 'sample', part: 'test', agreement: found.label.agreement },
  ])
  expect((await run('challenge', 'ls')).out).toMatch(
    /^at +champion +challenger .*\n.* reorder@1 +reorder@2 +as of 2025-12-31/,
  )
  expect((await data('challenge', 'ls', 'other')).comparisons).toEqual([])
})

it('fails where a limit is broken, and says which', async () => {
  const passed = await run('challenge', 'reorder@1', '@2', '--fail-if-shift-above', '0')
  expect(passed.code).toBe(0)
  const failed = await run('challenge', 'reorder@1', '@2', '--sample', '--fail-if-agreement-below', '1')
  expect(failed.code).toBe(1)
  expect(failed.out).toMatch(/^failed +the labels of [\d.]+ % agree, and 100 % are asked for$/m)
  const { code, out } = await run(
    'challenge',
    'reorder@1',
    '@2',
    '--sample',
    '--fail-if-agreement-below',
    '1',
    '--json',
  )
  expect([code, JSON.parse(out).broken.length]).toEqual([1, 1])
})

it('prints the query that scores both, and runs nothing', async () => {
  const before = (await data('challenge', 'ls')).comparisons.length
  const { out } = await run('challenge', 'reorder@1', '@2', '--sql', '--at', '2025-12-31T00:00Z')
  expect(out).toMatch(/^-- Prediction query of model "reorder"/)
  expect(out).toMatch(/challenger +challenger: reorder version 2/)
  expect(out).toMatch(/AS challenger_probability/)
  expect((await data('challenge', 'ls')).comparisons).toHaveLength(before)
})

it('refuses what does not go together', async () => {
  for (const args of [
    ['reorder@1', '@2', '--sample', '--at', '2025-12-31T00:00Z'],
    ['reorder@1', '@2', '--part', 'test'],
    ['reorder@1', '@2', '--fail-if-agreement-below', '95'],
    [],
  ]) {
    expect((await run('challenge', ...args)).code, args.join(' ')).toBe(2)
  }
  expect((await run('challenge', 'reorder@nobody')).err).toMatch(/model\/no-alias/)
  expect((await run('challenge', '--help')).out).toMatch(/--fail-if-agreement-below <share>/)
})

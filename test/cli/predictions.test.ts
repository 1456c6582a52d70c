/** `viewcast predictions …` in the project that `init` writes. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, ...args)
const json = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json')
  return { code, err, data: out === '' ? undefined : JSON.parse(out) }
}
const at = '2025-12-01T00:00Z'

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  const trained = await viewcast(shop, 'train', 'reorder')
  expect(trained.code, trained.err).toBe(0)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('logs what it shows, and what it does not show, once', async () => {
  const shown = await run(
    'predict',
    'reorder',
    '--at',
    at,
    '--limit',
    '5',
    '--log',
    '--inputs',
    'all',
    '--format',
    'csv',
  )
  expect(shown.code, shown.err).toBe(0)
  expect(shown.out.trim().split('\n')).toHaveLength(6)
  const rest = await json('predictions', 'log', 'reorder', '--at', at, '--inputs', 'all')
  expect(rest.code, rest.err).toBe(0)
  expect(rest.data).toMatchObject({ model: 'reorder', version: 1 })
  expect(rest.data.logged).toBe(rest.data.rows - 5)
  const again = await run('predictions', 'log', 'reorder', '--at', at)
  expect(again.out).toMatch(/^logged {2}0 predictions of reorder version 1, [\d,]+ were there already$/m)
  const listed = await run('predictions', 'ls')
  expect(listed.out).toMatch(/^model +version +deployment +predictions +labelled +first +last$/m)
  expect(listed.out).toContain('2025-12-01 00:00:00+00')
})

it('replays them, labels them, and measures them', async () => {
  const replay = await run('predictions', 'replay', 'reorder')
  expect(replay.code, replay.err).toBe(0)
  expect(replay.out).toMatch(/^reorder version 1: ([\d,]+) predictions replayed, \1 equal$/m)
  const labelled = await run('predictions', 'label', 'reorder')
  expect(labelled.code, labelled.err).toBe(0)
  expect(labelled.out).toMatch(/^labelled {2}[1-9][\d,]* of [\d,]+ predictions have an outcome by now/m)
  const metrics = await json('predictions', 'metrics', 'reorder', '--every', 'month')
  expect(metrics.code, metrics.err).toBe(0)
  expect(metrics.data.periods).toHaveLength(1)
  expect(metrics.data.periods[0]).toMatchObject({
    version: 1,
    from: '2025-12-01 00:00:00+00',
    metrics: { auc: expect.any(Number) },
  })
  expect((await run('predictions', 'metrics', 'reorder')).out).toMatch(/^from +version +predictions +labelled +.*auc/m)
})

it('takes labels from a file, and says what is wrong with one', async () => {
  writeFileSync(join(shop, 'labels.csv'), `customer_id,as_of,label\n7,${at},true\n999999,,false\n`)
  const given = await json('predictions', 'label', 'reorder', 'labels.csv')
  expect(given.code, given.err).toBe(0)
  expect(given.data).toMatchObject({ from: 'file', predictions: 1, unmatched: 1 })
  writeFileSync(join(shop, 'labels.json'), JSON.stringify([{ customer: 7, label: true }]))
  const wrong = await run('predictions', 'label', 'reorder', 'labels.json')
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('log/label-key')])
  writeFileSync(join(shop, 'bare.csv'), 'customer_id\n7\n')
  expect(await run('predictions', 'label', 'reorder', 'bare.csv')).toMatchObject({ code: 2 })
  const bare = await run('predictions', 'label', 'reorder', 'bare.csv')
  expect(bare.err).toContain('needs customer_id, label, and where they matter as_of and request_id')
  // What a spreadsheet writes: a byte order mark, quotes, CRLF; wrong in several ways at once.
  writeFileSync(join(shop, 'excel.csv'), `\uFEFF"customer_id","as_of","label"\r\n"7","${at}","false"\r\n`)
  const corrected = await json('predictions', 'label', 'reorder', 'excel.csv')
  expect(corrected.data).toMatchObject({ predictions: 1, recorded: 1, unmatched: 0 })
  writeFileSync(join(shop, 'types.csv'), 'customer_id,as_of,label\nseven,yesterday,true\n7,2025-12-01,true\n')
  const several = await run('predictions', 'label', 'reorder', 'types.csv')
  expect(several.code).toBe(1)
  expect(several.err).toMatch(/key "customer_id" in label 1 is no int/)
  expect(several.err).toContain('"yesterday" is not an instant')
  expect(several.err).toContain('"2025-12-01" is not an instant')
  const other = await run('predictions', 'label', 'reorder', '.')
  expect([other.code, other.err]).toEqual([2, expect.stringContaining('cannot be read')])
  expect(await run('predictions', 'label', 'reorder', 'nowhere.csv')).toMatchObject({ code: 2 })
  expect(await run('predictions', 'label', 'reorder', 'labels.csv', '--from', at)).toMatchObject({ code: 2 })
})

it('fails where the log is not what the version says, and refuses what makes no sense', async () => {
  expect(await run('predict', 'reorder', '--inputs', 'all')).toMatchObject({ code: 2 })
  expect(await run('predictions', 'log', 'reorder', '--redact', 'nobody', '--inputs', 'all')).toMatchObject({ code: 1 })
  expect(await run('predictions', 'log', 'reorder', '--redact', 'nobody=hash')).toMatchObject({ code: 2 })
  expect(await run('predictions', 'purge')).toMatchObject({ code: 2 })
  const nowhere = await run('predictions', 'metrics', 'reorder', '--deployment', 'nowhere')
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('deploy/unknown')])
  const both = await run('predictions', 'replay', 'reorder', '--from', 'monday', '--until', 'friday')
  expect(both.err).toContain('"monday"')
  expect(both.err).toContain('"friday"')
  const counted = await json('predictions', 'purge', '--before', '2026-01-01T00:00Z', '--dry-run')
  expect(counted.data.predictions).toBeGreaterThan(5)
  const purged = await json('predictions', 'purge', '--before', '2026-01-01T00:00Z')
  expect(purged.data.predictions).toBe(counted.data.predictions)
  expect((await run('predictions', 'ls')).out).toBe('no predictions are logged\n')
  expect((await run('predictions', 'replay', 'reorder')).out).toBe(
    'no predictions of reorder version 1 are logged that were asked for: viewcast predictions ls reorder\n',
  )
})

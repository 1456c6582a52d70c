/** Runs and experiments on the command line: listed, compared, found, changed. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, endRun, logBatch, openStore, startRun } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const ids: string[] = []
const run = (...args: string[]) => viewcast(shop, ...args)
const json = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json')
  expect(code, out + err).toBe(0)
  return JSON.parse(out)
}
const codeOf = (out: string): string => JSON.parse(out).error.diagnostics[0].code

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  const db = await connect(join(shop, '.viewcast/data'))
  const store = await openStore(db, { project: 'shop', actor: 'ann' })
  for (const depth of [2, 4, 8]) {
    const one = await startRun(store, { name: `tree ${depth}`, experiment: 'trees', params: { depth, seed: 7 } })
    const metrics = Array.from({ length: 10 }, (_, step) => ({ name: 'loss', value: 1 / (step + depth), step }))
    await logBatch(store, one.id, {
      metrics: [...metrics, { name: 'auc', value: depth === 4 ? Number.NaN : depth / 10 }],
    })
    await endRun(store, one, 'finished')
    ids.push(one.id)
  }
  // Its process is gone, and its name would move the cursor.
  const gone = await startRun(store, { name: 'gone\u001b[2J', tags: { team: 'ops' } })
  await db.query(`UPDATE viewcast.execution SET lease_until = started_at - interval '1 s' WHERE id = $1`, [gone.id])
  ids.push(gone.id)
  await db.close()
}, 120_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('runs ls', () => {
  it('shows what differs, newest first, and a run whose process is gone as lost', async () => {
    const { code, out, err } = await run('runs', 'ls')
    expect(code, err).toBe(0)
    const [groups, header, ...rows] = out.trimEnd().split('\n')
    expect(groups).toMatch(/params +metrics +tags/)
    expect(header).toMatch(/^run +name +experiment +state +started +took.* depth +seed +auc +loss +team$/)
    expect(rows).toHaveLength(4)
    expect(rows[0]).toMatch(/ gone\\x1b\[2J +lost /)
    expect(rows[1]).toMatch(/ tree 8 +trees +finished .* 8 +7 +0\.8 +0\.058824/)
    const trees = await run('runs', 'ls', '--experiment', 'trees', '--limit', '2')
    expect(trees.out.split('\n')[1]).not.toMatch(/experiment|seed/)
    expect(trees.err).toMatch(/more with --limit, or --page \S+/)
  })

  it('filters, sorts and pages, for scripts as well', async () => {
    const { runs } = await json(
      'runs',
      'ls',
      '--filter',
      "params.depth > 2 or tags.team = 'ops'",
      '--sort',
      'metrics.loss',
    )
    expect(runs.map((r: { name: string }) => r.name)).toEqual(['tree 8', 'tree 4', 'gone\u001b[2J'])
    expect(runs[1].metrics.auc.value).toBe('NaN')
    const first = await json('runs', 'ls', '--kind', 'run', '--limit', '3')
    const second = await json('runs', 'ls', '--kind', 'run', '--limit', '3', '--page', first.nextPageToken)
    expect([...first.runs, ...second.runs].map((r: { id: string }) => r.id)).toEqual([...ids].reverse())
    const csv = await run(
      'runs',
      'ls',
      '--format',
      'csv',
      '--columns',
      'name,params.depth,metrics.auc',
      '--sort',
      'name',
    )
    expect(csv.out).toBe(
      'name,params.depth,metrics.auc\r\ngone\u001b[2J,,\r\ntree 2,2,0.2\r\ntree 4,4,NaN\r\ntree 8,8,0.8\r\n',
    )
  })

  it('says what is wrong with a filter, where, and all of it', async () => {
    const { code, err } = await run('runs', 'ls', '--filter', "params.depth > '3' and stte = 'lost'")
    expect(code).toBe(1)
    expect(err).toMatch(
      /search\/value[\s\S]*\^\^\^[\s\S]*without quotes[\s\S]*search\/field[\s\S]*Did you mean "state"/,
    )
    expect((await run('runs', 'ls', '--experiment', 'tres')).err).toMatch(/experiment\/not-found/)
  })
})

describe('one run', () => {
  it('is shown whole, by the beginning of its id', async () => {
    const short =
      (await run('runs', 'ls', '--sort', 'name desc', '--limit', '1')).out.split('\n')[2]?.split(' ')[0] ?? ''
    expect(ids[2]).toContain(short)
    const { code, out, err } = await run('runs', 'show', short)
    expect(code, err).toBe(0)
    expect(out).toMatch(new RegExp(`^run +${ids[2]}\nname +tree 8 \\(run\\)\nexperiment +trees\nstate +finished`))
    expect(out).toMatch(/Params\n {2}depth {2}8\n/)
    expect(out).toMatch(/ {2}loss +0\.058824 +0\.058824 +0\.125 +10 +█[▁▂▃▄▅▆▇█]{8}▁\n/)
    expect(out).not.toMatch(/Tags|Note|Files|NULL/)
    const data = await json('runs', 'show', ids[2] ?? '')
    expect(data).toMatchObject({ name: 'tree 8', params: { depth: '8' }, state: 'finished' })
    expect(data.trends.loss).toHaveLength(10)
  })

  it('is refused when several are meant', async () => {
    const { code, out } = await run('runs', 'show', ids[0]?.slice(0, 6) ?? '', '--json')
    expect([code, codeOf(out)]).toEqual([1, 'run/reference'])
  })

  it('takes tags and a note', async () => {
    expect((await json('runs', 'tag', ids[0] ?? '', 'team=shop', 'by=a=b')).tags).toEqual({ team: 'shop', by: 'a=b' })
    expect((await json('runs', 'tag', ids[0] ?? '', '--remove', 'by')).tags).toEqual({ team: 'shop' })
    expect((await run('runs', 'tag', ids[0] ?? '', 'team')).code).toBe(2)
    writeFileSync(join(shop, 'note.md'), '# Findings\n\nNone.\n')
    await run('runs', 'note', ids[0] ?? '', '--file', 'note.md')
    expect((await run('runs', 'show', ids[0] ?? '')).out).toMatch(/Note\n {2}# Findings\n\n {2}None\.\n/)
    expect((await json('runs', 'note', ids[0] ?? '', '--clear')).note).toBeNull()
  })
})

describe('several runs', () => {
  it('are compared with the first: differences first, and by how much', async () => {
    const { code, out, err } = await run('runs', 'compare', ids[0] ?? '', ids[2] ?? '', ids[1] ?? '')
    expect(code, err).toBe(0)
    expect(out).toMatch(/name +tree 2 +tree 8 +tree 4/)
    expect(out).toMatch(/depth +2 +8 +4/)
    expect(out).toMatch(/auc +0\.2 +0\.8 \(\+0\.6\) +NaN\n/)
    expect(out).toMatch(/loss +0\.090909 +0\.058824 \(-0\.0321\) +0\.076923 \(-0\.014\)/)
    expect(out).not.toMatch(/seed/)
    expect(out).toMatch(/the same: .*1 of params/)
    expect((await run('runs', 'compare', ids[0] ?? '', ids[0] ?? '')).code).toBe(2)
  })

  it('are compared by what their models learned', async () => {
    await run('train', 'reorder')
    await run('train', 'reorder')
    const { runs } = await json('runs', 'ls', '--kind', 'train', '--sort', 'started')
    expect(runs).toHaveLength(2)
    const { coefficients, metrics } = await json('runs', 'compare', runs[0].id, runs[1].id)
    expect(coefficients.length).toBeGreaterThan(2)
    expect(coefficients[0].values[0]).toBe(coefficients[0].values[1])
    expect(metrics.find((m: { name: string }) => m.name === 'test.auc')).toMatchObject({
      differs: false,
      deltas: [null, 0],
    })
  })

  it('have a best one', async () => {
    const best = await json('runs', 'best', '--metric', 'auc', '--experiment', 'trees')
    expect(best).toMatchObject({ better: 'more', best: { name: 'tree 8' } })
    expect(best.runs.map((r: { name: string }) => r.name)).toEqual(['tree 8', 'tree 2'])
    const { out, err } = await run('runs', 'best', '--metric', 'loss', '--limit', '2')
    expect(out).toMatch(/^run +metrics\.loss +name .*params\.depth\n\S+ +0\.058824 +tree 8 /)
    expect(err).toMatch(/by loss: less is better/)
  })

  it('are deleted and restored, all or none', async () => {
    const none = await run('runs', 'delete', ids[0] ?? '', 'ffffffff')
    expect(none.code).toBe(1)
    expect((await json('runs', 'delete', ids[0] ?? '', ids[1] ?? '')).deleted).toEqual([ids[0], ids[1]])
    const left = await json('runs', 'ls', '--experiment', 'trees')
    expect(left.runs.map((r: { name: string }) => r.name)).toEqual(['tree 8'])
    expect((await run('runs', 'tag', ids[0] ?? '', 'a=b', '--json')).out).toContain('run/not-active')
    await run('runs', 'restore', ids[0] ?? '', ids[1] ?? '')
    expect((await json('runs', 'ls', '--deleted')).runs).toEqual([])
  })
})

describe('experiments', () => {
  it('are listed and shown with their runs', async () => {
    const { out } = await run('experiments', 'ls', '--filter', "name LIKE 'tre%'")
    expect(out).toMatch(/^experiment +runs .*\ntrees +3 +\d{4}-/)
    const shown = await run('experiments', 'show', 'trees')
    expect(shown.out).toMatch(/^experiment +trees\n[\s\S]*runs +3\n[\s\S]*tree 8 /)
    const { seq } = await json('experiments', 'show', 'trees')
    expect((await json('experiments', 'show', String(seq))).name).toBe('trees')
    expect((await run('experiments', 'show', 'tres')).err).toMatch(/experiment\/not-found/)
  })

  it('are changed, deleted and restored', async () => {
    const edit = await json(
      'experiments',
      'edit',
      'trees',
      '--name',
      'forests',
      '--description',
      'Deep ones',
      '--tag',
      'team=ops',
    )
    expect(edit).toMatchObject({ name: 'forests', description: 'Deep ones', tags: { team: 'ops' } })
    expect((await run('experiments', 'delete', 'forests')).out).toBe('deleted  forests with 3 runs\n')
    expect((await json('experiments', 'ls', '--deleted')).experiments).toMatchObject([{ name: 'forests' }])
    expect((await json('runs', 'ls', '--deleted', '--experiment', 'forests')).runs).toHaveLength(3)
    await run('experiments', 'restore', 'forests')
    expect((await json('experiments', 'show', 'forests')).runs).toBe(3)
  })
})

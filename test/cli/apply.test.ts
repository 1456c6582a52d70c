/** `apply`, by everything it may be given: nothing, a name, a saved plan, a model; and what has to be said before it does. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast, viewcastAnswering } from './viewcast.ts'

let root = ''
let shop = ''
let original = ''
const run = (...args: string[]) => viewcast(shop, ...args)
const data = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json')
  expect(code, out + err).toBe(0)
  return JSON.parse(out)
}
const codesOf = async (...args: string[]): Promise<string[]> => {
  const { code, out } = await run(...args, '--json')
  expect(code).not.toBe(0)
  return JSON.parse(out).error.diagnostics.map((d: { code: string }) => d.code)
}
const declare = (text: string) => writeFileSync(join(shop, 'project.ts'), `${original}\n${text}\n`)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  original = readFileSync(join(shop, 'project.ts'), 'utf8')
  await run('train', 'reorder')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('needs to know what to make of a model, and a yes where nobody can be asked', async () => {
  const model = await run('apply', 'reorder')
  expect(model.code, model.err).toBe(2)
  expect(model.err).toContain('--as view')
  declare(`export const now = p.deployment('reorder_now', { model: reorder, outputs: ['value', 'label'] })`)
  const asked = await run('apply')
  expect(asked.code, asked.err).toBe(2)
  expect(asked.err).toContain('+ add')
  expect(asked.err).toContain('--yes')
  expect((await data('plan')).changes[0].class).toBe('add')
})

it('does what is declared, and then nothing', async () => {
  const first = await run('apply', '--yes', '--reason', 'first of all')
  expect(first.out, first.err).toMatch(
    /^created {2}view public\.reorder_now {2}\(\d+ verification rows, 0 disagree\)\n$/,
  )
  expect(await run('apply')).toMatchObject({
    code: 0,
    out: 'unchanged  view public.reorder_now  (as planned already)\n',
  })
  const { changes, held, run: none } = await data('apply', 'reorder_now')
  expect([changes[0].outcome, held, none]).toEqual(['none', null, undefined])
})

it('takes nothing away without being told to', async () => {
  declare(`export const now = p.deployment('reorder_now', { model: reorder })`)
  expect(await codesOf('apply', '--yes')).toEqual(['deploy/breaking'])
  expect(await codesOf('apply')).toEqual(['deploy/breaking'])
  const { changes, held } = await data('apply', '--yes', '--allow-breaking')
  expect(changes).toMatchObject([{ class: 'breaking', strategy: 'in place', outcome: 'done', version: 2 }])
  expect(held).toBeGreaterThan(0)
  declare('')
  expect(await codesOf('apply', '--yes')).toEqual(['deploy/removal'])
  const gone = await run('apply', '--yes', '--allow-remove')
  expect(gone.out, gone.err).toMatch(/^put aside {2}view public\.reorder_now\n$/)
})

it('applies a saved plan once, and not to a database that moved', async () => {
  declare(`export const now = p.deployment('reorder_saved', { model: reorder })`)
  await run('plan', '--out', 'plan.json')
  const first = await run('apply', 'plan.json')
  expect(first.out, first.err).toMatch(/^created/)
  expect((await run('apply', 'plan.json')).out).toContain('as planned already')
  declare(`export const now = p.deployment('reorder_saved', { model: reorder, outputs: ['value', 'label'] })`)
  await run('apply', '--yes')
  expect(await codesOf('apply', 'nowhere.json')).toEqual(['deploy/plan-file'])
  expect(await codesOf('apply', 'plan.json')).toEqual(['deploy/moved'])
})

it('asks before what was edited by hand is overwritten, though that is allowed; of an empty table it says how it is filled', async () => {
  declare(`export const daily = p.deployment('reorder_daily', { model: reorder, as: 'table', refresh: 'partition' })
export const now = p.deployment('reorder_edited', { model: reorder })`)
  const made = await run('apply', 'reorder_daily', '--yes')
  expect(made.err).toContain('next: viewcast refresh reorder_daily')
  await run('apply', 'reorder_edited', '--yes')
  const db = await connect(join(shop, '.viewcast/data'))
  try {
    await db.execute(
      'CREATE OR REPLACE VIEW reorder_edited AS SELECT customer_id, now() AS as_of, 0.5::float8 AS probability FROM customers',
    )
  } finally {
    await db.close()
  }
  expect(await codesOf('apply', 'reorder_edited', '--overwrite-edited')).toEqual(['cli/usage'])
})

it('leaves no store where there was none until somebody says yes, and none for who only looks', async () => {
  declare(`export const now = p.deployment('reorder_first', { model: reorder })`)
  const inDatabase = async <T>(ask: (db: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> => {
    const db = await connect(join(shop, '.viewcast/data'))
    return ask(db).finally(() => db.close())
  }
  const there = () =>
    inDatabase((db) =>
      db.rows(`SELECT to_regnamespace('viewcast')::text AS s, to_regclass('reorder_first')::text AS v`),
    )
  const nothing = [{ s: null, v: null }]
  await inDatabase((db) => db.execute('ALTER SCHEMA viewcast RENAME TO earlier'))
  const unasked = await run('apply', 'reorder_first')
  expect([unasked.code, await there()], unasked.err).toEqual([2, nothing])
  const no = await viewcastAnswering('n', shop, 'apply', 'reorder_first')
  expect([no.code, await there()], no.err).toEqual([1, nothing])
  expect(no.err).toMatch(/\+ add.*Apply this change\? \[y\/N\] \n.*nothing was changed/s)
  expect((await run('gc')).out).toMatch(/^nothing is kept\n/)
  expect((await run('rollback', 'reorder_first', '--plan')).code).toBe(1)
  expect(await there()).toEqual(nothing)
  const yes = await viewcastAnswering('y', shop, 'apply', 'reorder_first')
  expect(yes.err.match(/\[y\/N\]/g), yes.err).toHaveLength(1)
  expect([yes.code, await there()]).toEqual([0, [{ s: 'viewcast', v: 'reorder_first' }]])
})

/** The registry from the command line, in the project that `init` writes. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
const codeOf = async (...args: string[]): Promise<string> => {
  const { code, out } = await run(...args, '--json')
  expect(code).not.toBe(0)
  return JSON.parse(out).error.diagnostics[0].code
}
const fileOf = (version: number): string => join(shop, `.viewcast/models/reorder/${version}.json`)

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  await run('train', 'reorder')
  // A second version, as a clone brings it.
  const record = JSON.parse(readFileSync(fileOf(1), 'utf8'))
  writeFileSync(fileOf(2), JSON.stringify({ ...record, version: 2, threshold: 0.9 }))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('promotes, and every command takes the alias', async () => {
  const promoted = await run('models', 'promote', 'reorder@1', 'production', '--reason', 'the first')
  expect(promoted.out).toBe('promoted  reorder@production is version 1\n')
  expect((await data('models', 'ls')).models).toMatchObject([
    { model: 'reorder', versions: [1, 2], aliases: { production: 1 } },
  ])
  expect((await data('compile', 'reorder@production')).version).toBe(1)
  expect((await data('compile', 'reorder')).version).toBe(2)
  expect((await data('predict', 'reorder@production', '--limit', '1')).version).toBe(1)
  expect((await data('export-model', 'reorder@production')).version).toBe(1)
  expect(await codeOf('predict', 'reorder@prodution')).toBe('model/no-alias')
  expect((await run('predict', 'reorder@production', '--version', '2')).code).toBe(2)
})

it('shows versions, their signature and their SQL', async () => {
  const { out } = await run('models', 'ls', 'reorder')
  expect(out).toMatch(/^version +aliases +/)
  expect(out).toMatch(/^1 +production +/m)
  const shown = await run('models', 'show', 'reorder@production')
  expect(shown.out).toMatch(/asked by +customer_id int4, as_of timestamptz/)
  expect(shown.out).toMatch(/^probability +float8 +probability of reordered/m)
  const version = await data('models', 'show', 'reorder@1')
  expect(version).toMatchObject({ model: 'reorder', version: 1, aliases: ['production'], state: 'live', warnings: [] })
  expect((await run('models', 'show', 'reorder@1', '--sql')).out).toBe(`${version.predictionSql.trimEnd()}\n`)
  // Adopted: nothing was kept but the record.
  expect((await run('models', 'show', 'reorder@2', '--sql')).code).toBe(2)
})

it('changes an alias only where it is what one thinks, and keeps the history', async () => {
  expect(await codeOf('models', 'promote', 'reorder@2', 'production', '--expect', '2')).toBe('model/alias-moved')
  await data('models', 'promote', 'reorder', 'production', '--expect', '1', '--reason', 'stricter')
  await data('models', 'demote', 'reorder@production', '--reason', 'too strict')
  const { history } = await data('models', 'history', 'reorder')
  expect(history).toMatchObject([
    { alias: 'production', version: 2, reason: 'stricter', endedReason: 'too strict' },
    { alias: 'production', version: 1, reason: 'the first', endedReason: 'stricter' },
  ])
  const then = history[1].from.replace(' ', 'T').replace('+00', 'Z')
  expect((await data('models', 'show', 'reorder@production', '--at', then)).version).toBe(1)
  expect(await codeOf('models', 'show', 'reorder@production', '--at', '2001-01-01')).toBe('model/no-alias')
  expect((await run('models', 'history', 'reorder')).out).toMatch(/^production +2 .*stricter .*too strict$/m)
})

it('compares two versions', async () => {
  const compared = await data('models', 'compare', 'reorder@1', '@2')
  expect(compared).toMatchObject({ before: 1, after: 2, settings: [{ name: 'threshold', after: 0.9 }] })
  expect(compared.scores.outputs[0]).toMatchObject({ output: 'probability', moved: 0 })
  expect(compared.scores.label.changed).toBeGreaterThan(0)
  const { out } = await run('models', 'compare', 'reorder@1', '@2', '--sql')
  expect(out).toMatch(/^threshold +0\.5 +0\.9$/m)
  expect(out).toMatch(/labels +\d+ of \d/)
  expect(out).toMatch(/^@@ -/m)
})

it('describes, tags, deletes and restores', async () => {
  await data('models', 'describe', 'reorder@2', 'for the spring sale')
  expect((await run('models', 'tag', 'reorder@2', '--set', 'reviewed=yes', '--set', 'a=b=c')).out).toBe(
    'a=b=c\nreviewed=yes\n',
  )
  expect((await data('models', 'tag', 'reorder@2', '--remove', 'a')).tags).toEqual({ reviewed: 'yes' })
  expect((await run('models', 'ls', 'reorder')).out).toContain('for the spring sale')
  expect((await run('models', 'delete', 'reorder')).code).toBe(2)
  expect((await run('models', 'delete', 'reorder@2')).out).toBe('deleted  reorder@2\n')
  expect(existsSync(fileOf(2))).toBe(false)
  expect((await data('compile', 'reorder')).version).toBe(1)
  expect(await codeOf('compile', 'reorder@2')).toBe('model/deleted')
  await data('models', 'delete', 'reorder@2', '--undo')
  expect(JSON.parse(readFileSync(fileOf(2), 'utf8'))).toMatchObject({ version: 2, threshold: 0.9 })
})

it('tells of a file that differs, and writes it again', async () => {
  const record = JSON.parse(readFileSync(fileOf(1), 'utf8'))
  writeFileSync(fileOf(1), JSON.stringify({ ...record, threshold: 0.1 }))
  expect((await run('predict', 'reorder@1', '--limit', '1')).err).toContain('model/record-differs')
  for (const command of ['compile', 'predict', 'verify']) {
    expect((await data(command, 'reorder@1')).warnings[0].code).toBe('model/record-differs')
  }
  await data('models', 'show', 'reorder@1', '--restore')
  expect(JSON.parse(readFileSync(fileOf(1), 'utf8'))).toEqual(record)
})

it('is not there without a store', async () => {
  const config = join(shop, 'viewcast.config.ts')
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, before.replace('defineConfig({', 'defineConfig({\n  store: false,'))
  expect(await codeOf('models', 'ls')).toBe('store/off')
  expect(await codeOf('predict', 'reorder@production')).toBe('model/needs-store')
  expect((await data('compile', 'reorder@1')).version).toBe(1)
  writeFileSync(config, before)
})

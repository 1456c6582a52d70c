/** Plans on the command line, in the project that `init` writes, and its environments. */
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
const codesOf = async (...args: string[]): Promise<string[]> => {
  const { code, out } = await run(...args, '--json')
  expect(code).not.toBe(0)
  return JSON.parse(out).error.diagnostics.map((d: { code: string }) => d.code)
}
const declare = (text: string) => writeFileSync(join(shop, 'project.ts'), `${original}\n${text}\n`)
let original = ''

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  original = readFileSync(join(shop, 'project.ts'), 'utf8')
  const config = join(shop, 'viewcast.config.ts')
  const environments = `environments: { staging: { schema: 'scoring_staging', createSchema: true }, production: { schema: 'scoring' } },`
  writeFileSync(config, readFileSync(config, 'utf8').replace('defineConfig({', `defineConfig({\n  ${environments}`))
  await run('train', 'reorder')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('shows what is declared, and says by its exit code whether anything is pending', async () => {
  expect(await run('plan')).toMatchObject({ code: 0, out: expect.stringContaining('Nothing is declared') })
  declare(`export const now = p.deployment('reorder_now', { model: reorder })`)
  const { code, out } = await run('plan', '--detailed-exitcode')
  expect(code, out).toBe(3)
  expect(out).toMatch(/^\+ add {6}reorder_now {2}view public\.reorder_now {2}reorder@1 {2}create$/m)
  expect(out).toMatch(/^ {4}customer_id integer, .*probability double precision/m)
  expect(out).toMatch(/^ {4}cost [\d,]+, about [\d,]+ rows?$/m)
  expect(out).toMatch(/^1 add$/m)
  expect((await run('plan')).code).toBe(0)
})

it('saves what it would do, prints the statements, and gives both as JSON', async () => {
  const { err } = await run('plan', '--out', 'plan.json')
  expect(err).toContain('saved: plan.json')
  const saved = JSON.parse(readFileSync(join(shop, 'plan.json'), 'utf8'))
  expect(saved).toMatchObject({ format: 'viewcast/plan@1', environment: '', changes: [{ class: 'add' }] })
  expect(saved.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(Object.keys(await data('plan'))).toEqual(Object.keys(saved))
  const { out } = await run('plan', '--sql')
  expect(out).toMatch(/^-- add public\.reorder_now\nCREATE OR REPLACE VIEW public\.reorder_now WITH/)
  expect(out).toMatch(/;\nCOMMENT ON VIEW public\.reorder_now IS 'viewcast: .*';\n$/)
})

it('plans a model that is not declared, and some of what is', async () => {
  const plan = await data('plan', 'reorder@1', '--as', 'view', '--name', 'public.other')
  expect(plan.changes.map((c: { name: string; isDeclared: boolean }) => [c.name, c.isDeclared])).toEqual([
    ['public.other', false],
  ])
  expect((await data('plan', 'reorder_now')).changes).toHaveLength(1)
  expect(await codesOf('plan', 'reorder_nov')).toEqual(['deploy/unknown'])
  const model = await run('plan', 'reorder')
  expect([model.code, model.err]).toEqual([1, expect.stringContaining('It is a model: name a deployment of it')])
  expect(model.err).toContain(
    'no environment is chosen, so this is the one without a name; --env takes: staging, production',
  )
  expect(await codesOf('plan', 'reorder@1', 'reorder', '--as', 'view')).toEqual(['cli/usage'])
  expect(await codesOf('plan', '--name', 'x')).toEqual(['cli/usage'])
  expect(await codesOf('plan', 'reorder@7', '--as', 'view')).toEqual(['model/not-trained'])
})

it('is of an environment, with its schema; what stands in the way is told and ends with 1', async () => {
  const staging = await data('plan', '--env', 'staging')
  expect(staging).toMatchObject({ environment: 'staging', changes: [{ object: { schema: 'scoring_staging' } }] })
  expect(staging.changes[0].statements[0]).toBe('CREATE SCHEMA IF NOT EXISTS scoring_staging')
  const { code, out } = await run('plan', '--env', 'production')
  expect([code, out]).toEqual([1, expect.stringContaining('deploy/no-schema')])
  expect(out).toMatch(/1 add; 1 cannot be applied/)
  expect((await run('plan', '--env', 'production', '--create-schema')).code).toBe(0)
  expect(await codesOf('plan', '--env', 'prodution')).toEqual(['project/no-environment'])
  expect((await run('doctor', '--env', 'staging')).out).toMatch(/environment +staging +\(--env\)/)
})

it('lists, shows and tells the history of what is deployed', async () => {
  expect((await run('deployments', 'ls')).out).toBe('Nothing is deployed.\n')
  const applied = await run('apply', 'reorder@1', '--as', 'view', '--name', 'public.reorder_by_hand')
  expect(applied.code, applied.err).toBe(0)
  const { deployments } = await data('deployments', 'ls')
  // How apply leaves its state is held by its own tests; what is listed can be shown.
  for (const { object } of deployments as { object: { schema: string; name: string } }[]) {
    const name = `${object.schema}.${object.name}`
    expect(await data('deployments', 'show', name)).toMatchObject({ model: 'reorder', modelVersion: 1 })
    expect((await run('deployments', 'show', name, '--sql')).out).toMatch(/SELECT/i)
    expect((await data('deployments', 'history', name)).history[0]).toMatchObject({
      action: 'apply',
      class: 'add',
      to: 1,
    })
  }
  expect(await codesOf('deployments', 'show', 'reorder_nov')).toEqual(['deploy/unknown'])
})

/** Going back, and collecting what was put aside, at the command line. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  applyPlan,
  connect,
  type ModelRecord,
  type OutputChoice,
  openStore,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { model, p, tables } from '../scenarios/shop.ts'
import { build, scratch, viewcast } from './viewcast.ts'

let folder = ''
let root = ''

/** Version 1 has the probability and the label, version 2 the probability alone, and version 1 is put aside. */
beforeAll(async () => {
  await build()
  folder = scratch()
  // A project is called as its folder.
  root = join(folder, 'shop')
  mkdirSync(root)
  writeFileSync(join(root, 'viewcast.config.ts'), "export default { project: './project.ts' }")
  writeFileSync(
    join(root, 'project.ts'),
    `import { project } from '@viewcast/sdk'
export const customer = project('shop').entity('customer', { customer: 'int4' })
`,
  )
  const db = await connect(join(root, '.viewcast/data'))
  try {
    await db.execute(tables)
    const store = await openStore(db, { project: 'shop', actor: 'me' })
    const { record } = await trainRecorded(store, model)
    await deploy(store, record, ['value', 'label'])
    await deploy(store, record, ['value'])
  } finally {
    await db.close()
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function deploy(store: Store, record: ModelRecord, outputs: readonly OutputChoice[]): Promise<void> {
  const def = p.deployment('answers_now', { model, outputs })
  const plan = await planDeployments(store, [{ def, record, isDeclared: true }], { isExact: true })
  await applyPlan(store, plan, { record: async () => record, allowBreaking: true })
}

async function asked(...args: string[]) {
  const { code, out, err } = await viewcast(root, ...args, '--json')
  return { code, err, data: JSON.parse(out) }
}

async function columns(): Promise<string[]> {
  const db = await connect(join(root, '.viewcast/data'))
  try {
    return (await db.query('SELECT * FROM answers_now LIMIT 0')).columns.map((c) => c.name)
  } finally {
    await db.close()
  }
}

describe('rollback', () => {
  it('shows what it would do, and does it', async () => {
    const plan = await viewcast(root, 'rollback', 'answers_now', '--plan')
    expect(plan.code, plan.err).toBe(0)
    expect(plan.out).toContain('would be rolled back  view public.answers_now: version 1, model replies version 1')
    expect(plan.out).toContain('ALTER VIEW public.answers_now SET SCHEMA public__v2;')
    expect(await columns()).toEqual(['customer', 'as_of', 'probability'])
    const done = await viewcast(root, 'rollback', 'public.answers_now', '--reason', 'readers want the label')
    expect(done.code, done.err).toBe(0)
    expect(done.out).toContain('version 2, model replies version 1 is kept as public__v2.answers_now')
    expect(await columns()).toEqual(['customer', 'as_of', 'probability', 'label'])
    const again = await viewcast(root, 'rollback', 'answers_now', '--to', '1')
    expect([again.code, again.out]).toEqual([0, 'public.answers_now is version 1, model replies version 1 already\n'])
    const { data } = await asked('runs', 'ls', '--kind', 'rollback')
    expect(data.runs?.length ?? data.length).toBeGreaterThan(0)
  })

  it('says what there is instead of what is not', async () => {
    const { code, data } = await asked('rollback', 'answer_now')
    expect([code, data.error.diagnostics[0].code, data.error.diagnostics[0].hint]).toEqual([
      1,
      'deploy/unknown',
      expect.stringContaining('answers_now'),
    ])
    expect((await asked('rollback', 'answers_now', '--to', '7')).data.error.diagnostics[0].code).toBe(
      'deploy/no-version',
    )
  })
})

describe('gc', () => {
  it('lists what is kept, and removes it when it is told to', async () => {
    const listed = await viewcast(root, 'gc')
    expect(listed.out).toMatch(/answers_now +2 +replies@1 +public__v2\.answers_now .* newest/)
    expect((await asked('gc', '--apply')).data).toMatchObject({ versions: [{ version: 2, outcome: 'newest' }] })
    const { code, data } = await asked('gc', '--apply', '--keep', '0', '--reason', 'tidy')
    expect(code).toBe(0)
    expect(data.versions).toMatchObject([{ version: 2, outcome: 'collected' }])
    expect(data.schemas).toContain('public__v2')
    expect((await viewcast(root, 'gc')).out).toBe('nothing is kept\n')
    // Collected, and still there to go back to.
    expect((await viewcast(root, 'rollback', 'answers_now', '--to', '2', '--exact')).code).toBe(0)
    expect(await columns()).toEqual(['customer', 'as_of', 'probability'])
  })
})

describe('rollback of what is not as it was left', () => {
  it('overwrites an edit by hand only when it is told to', async () => {
    const db = await connect(join(root, '.viewcast/data'))
    await db.execute(
      `CREATE OR REPLACE VIEW answers_now AS SELECT NULL::int AS customer, now() AS as_of, 0.5::float8 AS probability`,
    )
    await db.close()
    const refused = await viewcast(root, 'rollback', 'answers_now', '--to', '1')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('deploy/edited')])
    const done = await viewcast(root, 'rollback', 'answers_now', '--to', '2', '--overwrite-edited')
    expect(done.code, done.err).toBe(0)
  })

  it('finds one that was taken away, with its history', async () => {
    const gone = await viewcast(root, 'apply', '--yes', '--allow-remove')
    expect(gone.code, gone.err).toBe(0)
    const { data } = await asked('deployments', 'history', 'answers_now')
    expect(data.history[0]).toMatchObject({ action: 'remove', to: null })
    expect((await viewcast(root, 'rollback', 'answers_now')).code).toBe(0)
  })
})

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applyPlan,
  collectProject,
  type DeploymentDef,
  type ModelRecord,
  openStore,
  planProject,
  planPromotion,
  predict,
  promoteModel,
  readPlan,
  refreshTable,
  rollback,
  type Store,
  trainRecorded,
  writePlan,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, modelOf, p, profile, spending, tables } from '../scenarios/shop.ts'

const at = '2024-02-25T00:00:00Z'

describeEachEngine('challengers of a deployment', (engine) => {
  let store: Store
  const records: ModelRecord[] = []
  const other = p.model('others', {
    dataset: p.dataset('other_answers', {
      sample: model.dataset.sample,
      target: model.dataset.target,
      features: [spending],
    } as never),
    family: 'logistic',
    label: 'answer',
    penalty: 5,
  } as never)
  let elsewhere: ModelRecord
  const record = async (name: string, version: number) =>
    name === 'others' ? elsewhere : (records[version - 1] as ModelRecord)
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    for (const penalty of [1, 20]) {
      records.push((await trainRecorded(store, modelOf([profile, spending], {}, { penalty }))).record)
    }
    elsewhere = (await trainRecorded(store, other)).record
    await promoteModel(store, 'replies', 'production', 1)
    await promoteModel(store, 'replies', 'candidate', 2)
  })
  const planned = (def: DeploymentDef) =>
    planProject(store, collectProject({ def }, { directory: '.', file: 'project.ts', name: 'shop' }), {
      names: [def.name],
    })
  const deploy = async (def: DeploymentDef) => {
    const plan = await planned(def)
    expect(plan.changes.flatMap((c) => c.blockers)).toEqual([])
    await applyPlan(store, plan, { record, allowBreaking: true })
    const [change] = plan.changes
    return [change?.class, change?.strategy, change?.columns.map((c) => `${c.change} ${c.name}`)]
  }
  /** Customer → probability, as the version says alone. */
  const alone = async (version: ModelRecord, of = model) => {
    const { rows } = await predict(engine.db, of, version, { at })
    const said = new Map<unknown, unknown>()
    for await (const batch of rows) for (const [customer, , probability] of batch) said.set(customer, probability)
    return said
  }
  const column = async (relation: string, name: string) => {
    const found = await engine.db.query(`SELECT customer, ${name} FROM ${relation}`)
    return new Map(found.rows.map(([customer, value]) => [customer, value]))
  }
  const production = { model, version: 'production', at } as const

  test('stand behind its columns, and a promotion changes only what is said', async () => {
    expect(await deploy(p.deployment('scores', production))).toEqual([
      ...['add', 'create'],
      ['appended customer', 'appended as_of', 'appended probability'],
    ])
    await engine.db.execute('CREATE VIEW theirs AS SELECT customer, probability FROM scores')
    const challenged = p.deployment('scores', {
      ...production,
      challengers: { next: 'candidate', other: { model: other } },
    })
    const plan = await planned(challenged)
    const file = join(mkdtempSync(join(tmpdir(), 'viewcast-')), 'plan.json')
    await writePlan(file, plan)
    expect((await readPlan(store, file)).changes[0]?.challengers).toEqual([
      { label: 'next', model: 'replies', version: 2 },
      { label: 'other', model: 'others', version: 1 },
    ])
    expect(await deploy(challenged)).toEqual([
      ...['append', 'in place'],
      ['kept customer', 'kept as_of', 'kept probability', 'appended next_probability', 'appended other_probability'],
    ])
    expect((await planned(challenged)).changes[0]?.class).toBe('none')
    const [first, second] = [await alone(records[0] as ModelRecord), await alone(records[1] as ModelRecord)]
    expect(first).not.toEqual(second)
    expect(await column('theirs', 'probability')).toEqual(first)
    expect(await column('scores', 'next_probability')).toEqual(second)
    expect(await column('scores', 'other_probability')).toEqual(await alone(elsewhere, other))
    const [comment] = await engine.db.rows<{ c: string }>(`SELECT obj_description('scores'::regclass) AS c`)
    expect(comment?.c).toMatch(
      /^viewcast: model replies version 1, .*; challenger next: model replies version 2; challenger other: /,
    )

    await promoteModel(store, 'replies', 'production', 2)
    try {
      expect((await deploy(challenged)).slice(0, 2)).toEqual(['body', 'in place'])
      expect(await column('theirs', 'probability')).toEqual(second)
      await rollback(store, { schema: 'public', name: 'scores' }, { record })
      expect(await column('theirs', 'probability')).toEqual(first)
      expect(await column('scores', 'next_probability')).toEqual(second)
      const [after] = await engine.db.rows<{ c: string }>(`SELECT obj_description('scores'::regclass) AS c`)
      expect(after).toEqual(comment)
    } finally {
      await promoteModel(store, 'replies', 'production', 1)
    }
    const gone = await deploy(p.deployment('scores', production))
    expect(gone.slice(0, 2)).toEqual(['breaking', 'in place'])
    expect(new Set((await column('scores', 'next_probability')).values())).toEqual(new Set([null]))
  })

  test('are kept and refreshed with the rows of a table', async () => {
    const def = p.deployment('kept', { ...production, as: 'table', challengers: { next: 'candidate' } })
    expect((await deploy(def))[2]).toEqual([
      ...['appended customer', 'appended as_of', 'appended probability', 'appended next_probability'],
      'appended model_version',
    ])
    await refreshTable(store, { schema: 'public', name: 'kept' }, { at })
    expect(await column('kept', 'probability')).toEqual(await alone(records[0] as ModelRecord))
    expect(await column('kept', 'next_probability')).toEqual(await alone(records[1] as ModelRecord))
  })

  test('are verified on the engine as the champion is', async () => {
    const def = p.deployment('doubted', { ...production, challengers: { next: 'candidate' } })
    const plan = await planned(def)
    const wrong = async (name: string, version: number): Promise<ModelRecord> => {
      const found = await record(name, version)
      if (version === 1) return found
      return { ...found, verification: found.verification.map((v) => ({ ...v, scores: v.scores.map(() => 12.5) })) }
    }
    expect(await codesOf(() => applyPlan(store, plan, { record: wrong, allowBreaking: true }))).toEqual([
      'deploy/verification',
    ])
    expect(await engine.db.rows(`SELECT to_regclass('doubted') AS oid`)).toEqual([{ oid: null }])
  })

  test('answer with a function for the key that is given, and come and go without a call that fails', async () => {
    const { at: _, ...live } = production
    const called = { ...live, as: 'function' } as const
    expect((await deploy(p.deployment('likely', called)))[0]).toBe('add')
    const challengers = { next: 'candidate', other: { model: other } } as const
    const challenged = p.deployment('likely', { ...called, challengers })
    expect(await deploy(challenged)).toEqual([
      ...['append', 'swap'],
      ['kept customer', 'kept as_of', 'kept probability', 'appended next_probability', 'appended other_probability'],
    ])
    expect((await planned(challenged)).changes[0]?.class).toBe('none')
    const said = [
      await alone(records[0] as ModelRecord),
      await alone(records[1] as ModelRecord),
      await alone(elsewhere, other),
    ]
    const answers = (name: string) =>
      engine.db.query(`SELECT f.* FROM customers c CROSS JOIN LATERAL ${name}(c.customer, '${at}') AS f`)
    const { rows } = await answers('likely')
    expect(rows.length).toBeGreaterThan(100)
    for (const [customer, , ...scores] of rows) expect(scores).toEqual(said.map((of) => of.get(customer)))
    const [comment] = await engine.db.rows<{ c: string }>(`SELECT obj_description('likely'::regproc, 'pg_proc') AS c`)
    expect(comment?.c).toContain('; challenger next: model replies version 2; challenger other: model others version 1')

    await promoteModel(store, 'replies', 'production', 2)
    try {
      expect((await deploy(challenged)).slice(0, 2)).toEqual(['body', 'in place'])
      await rollback(store, { schema: 'public', name: 'likely' }, { record })
      expect((await answers('likely')).rows).toEqual(rows)
    } finally {
      await promoteModel(store, 'replies', 'production', 1)
    }
    expect((await deploy(p.deployment('likely', called))).slice(0, 2)).toEqual(['breaking', 'in place'])
    for (const row of (await answers('likely')).rows) {
      expect(row.slice(2)).toEqual([said[0]?.get(row[0]), null, null])
    }
  })

  test('are verified as those of a function, too', async () => {
    const plan = await planned(
      p.deployment('doubtful', { model, version: 1, as: 'function', challengers: { next: 2 } }),
    )
    const wrong = async (name: string, version: number): Promise<ModelRecord> => {
      const found = await record(name, version)
      if (version === 1) return found
      return { ...found, verification: found.verification.map((v) => ({ ...v, scores: v.scores.map(() => 12.5) })) }
    }
    expect(await codesOf(() => applyPlan(store, plan, { record: wrong }))).toEqual(['deploy/verification'])
    expect(await engine.db.rows(`SELECT to_regproc('doubtful') AS oid`)).toEqual([{ oid: null }])
  })

  test('are refused where there is no such version', async () => {
    expect(await codesOf(async () => p.deployment('f', { model, challengers: { ' ': 2 } }))).toEqual(['define/name'])
    const none = p.deployment('none', { ...production, challengers: { next: 'nobody' } })
    expect(await codesOf(() => planned(none))).toEqual(['model/no-alias'])
  })

  test('are verified again when their version is gone back to', async () => {
    await deploy(p.deployment('returned', { ...production, challengers: { next: 'candidate' } }))
    await deploy(p.deployment('returned', production))
    const object = { schema: 'public', name: 'returned' }
    const wrong = async (name: string, version: number): Promise<ModelRecord> => {
      const found = await record(name, version)
      if (version === 1) return found
      return { ...found, verification: found.verification.map((v) => ({ ...v, scores: v.scores.map(() => 12.5) })) }
    }
    expect(await codesOf(() => rollback(store, object, { to: 1, record: wrong }))).toEqual(['deploy/verification'])
    const { changes } = await rollback(store, object, { to: 1, record })
    expect(changes[0]?.challengers).toEqual([{ label: 'next', model: 'replies', version: 2 }])
  })

  test('are brought to another environment in the versions they have, whatever their alias says by now', async () => {
    const def = p.deployment('brought', { ...production, challengers: { next: 'candidate' } })
    await deploy(def)
    await engine.db.execute('CREATE SCHEMA elsewhere')
    await promoteModel(store, 'replies', 'candidate', 1)
    try {
      const project = collectProject({ def }, { directory: '.', file: 'project.ts', name: 'shop' })
      const from = { store, environment: '' }
      const plan = await planPromotion(store, project, { from, environment: 'production', schema: 'elsewhere' })
      expect(plan.changes[0]?.challengers).toEqual([{ label: 'next', model: 'replies', version: 2 }])
      expect((await planned(def)).changes[0]?.challengers).toEqual([{ label: 'next', model: 'replies', version: 1 }])
    } finally {
      await promoteModel(store, 'replies', 'candidate', 2)
    }
  })
})

import {
  applyPlan,
  type ModelRecord,
  openStore,
  planDeployments,
  rollback,
  type Store,
  trainRecorded,
  withPassingStore,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('a view', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  const outcome = (outputs?: readonly ['value', 'label']) =>
    p.deployment('answers_now', { model, ...(outputs ? { outputs } : {}) })
  const planned = (def: ReturnType<typeof outcome>) => planDeployments(store, [{ def, record, isDeclared: true }])
  const shape = (plan: Awaited<ReturnType<typeof planned>>) =>
    plan.changes.map((c) => [c.class, c.strategy, c.columns.map((one) => `${one.change} ${one.name}`)])
  const apply = async (plan: Awaited<ReturnType<typeof planned>>) =>
    applyPlan(store, plan, { record: async () => record, allowBreaking: true })

  test('is added, appended to, and keeps what goes as a tombstone', async () => {
    const first = await planned(outcome())
    expect(shape(first)).toEqual([['add', 'create', ['appended customer', 'appended as_of', 'appended probability']]])
    await apply(first)
    expect(shape(await planned(outcome()))).toEqual([
      ['none', 'none', ['kept customer', 'kept as_of', 'kept probability']],
    ])
    const more = await planned(outcome(['value', 'label']))
    expect(shape(more)).toEqual([
      ['append', 'in place', ['kept customer', 'kept as_of', 'kept probability', 'appended label']],
    ])
    await apply(more)
    const less = await planned(outcome())
    expect(shape(less)).toEqual([
      ['breaking', 'in place', ['kept customer', 'kept as_of', 'kept probability', 'removed label']],
    ])
    await apply(less)
    const again = await planned(outcome())
    expect(again.changes[0]?.class).toBe('none')
    const [row] = await store.db.rows('SELECT * FROM answers_now LIMIT 1')
    expect(row).toMatchObject({ label: null, probability: expect.any(Number) })
    const live = await store.db.rows('SELECT object, version, model, model_version FROM viewcast.deployments')
    expect(live).toEqual([{ object: 'public.answers_now', version: 3, model: 'replies', model_version: 1 }])
  })

  test('in the place of a function is breaking, even with the same columns: nobody can use it as before', async () => {
    const as = (kind: 'function' | 'view') =>
      planned(p.deployment('answers_once', { model, as: kind } as never) as ReturnType<typeof outcome>)
    await apply(await as('function'))
    const view = await as('view')
    expect(view.changes.map((c) => [c.class, c.strategy])).toEqual([['breaking', 'swap']])
    expect(view.changes[0]?.columns.map((c) => c.change)).toEqual(['kept', 'kept', 'kept'])
  })

  test('of a database without a store is planned as of one with a store, and none is left in it', async () => {
    const db = await engine.open()
    await db.execute(tables)
    const asked = [{ def: outcome(), record, isDeclared: true }]
    const made = await withPassingStore(db, { project: 'shop' }, (inside) => planDeployments(inside, asked))
    expect(made).toMatchObject({ database: db.description, changes: [{ class: 'add', insight: { cost: {} } }] })
    expect(await db.rows(`SELECT FROM pg_namespace WHERE nspname = 'viewcast'`)).toEqual([])
    const { changes } = await applyPlan(await openStore(db, { project: 'shop' }), made, { record: async () => record })
    expect(changes.map((c) => c.outcome)).toEqual(['done'])
  })

  test('lets its readers into a schema that apply makes', async () => {
    await engine.db.execute('CREATE ROLE view_bi; CREATE ROLE view_etl')
    const asked = (['scores', 'labels'] as const).map((name) => ({
      def: p.deployment(name, { model, ...(name === 'scores' ? { readers: ['view_bi'] } : {}) }),
      record,
      isDeclared: true,
    }))
    const made = await planDeployments(store, asked, { schema: 'fresh', createSchema: true })
    expect(made.changes.map((c) => c.metadata)).toEqual([
      ['grant USAGE on schema fresh to view_bi', 'grant SELECT to view_bi'],
      [],
    ])
    expect(made.changes[0]?.insight?.privileges.join()).not.toContain('schema')
    await apply(made)
    const may = (role: string) => `has_schema_privilege('${role}', 'fresh', 'USAGE')`
    expect(await engine.db.rows(`SELECT ${may('view_bi')} AS bi, ${may('view_etl')} AS etl`)).toEqual([
      { bi: true, etl: false },
    ])
  })

  test('that its readers cannot read is told as long as it is so, also when there is nothing to change', async () => {
    await engine.db.execute('CREATE ROLE view_dashboard')
    const def = p.deployment('read_now', { model, readers: ['view_dashboard'] })
    await apply(await planned(def))
    const told = async () => {
      const { changes } = await planned(def)
      expect(changes.map((c) => c.class)).toEqual(['none'])
      return changes[0]?.insight?.privileges
    }
    expect((await told())?.join()).toMatch(/view_dashboard, who reads public\.read_now, may not read .* of public\./)
    await engine.db.execute('GRANT SELECT ON ALL TABLES IN SCHEMA public TO view_dashboard')
    expect(await told()).toBeUndefined()
  })

  test('that was rolled back is not brought forward without a word', async () => {
    const asked = (outputs: readonly ['value'] | readonly ['value', 'label']) =>
      planned(p.deployment('back_now', { model, outputs }) as ReturnType<typeof outcome>)
    const notes = async () => (await asked(['value', 'label'])).changes.flatMap((c) => c.insight?.notes ?? [])
    await apply(await asked(['value']))
    expect((await notes()).join()).not.toContain('rolled back')
    await apply(await asked(['value', 'label']))
    await rollback(store, { schema: 'public', name: 'back_now' }, { record: async () => record, reason: 'too many' })
    expect(await notes()).toContainEqual(
      expect.stringMatching(
        /^what is live was rolled back to on \d{4}-\d\d-\d\d by me, because: too many; this goes forward again$/,
      ),
    )
  })

  test('of a version that learned another label than is declared is planned with a warning', async () => {
    const warnings = async (label: string) =>
      (await planned(p.deployment('label_now', { model: { ...model, label } }) as ReturnType<typeof outcome>)).changes
        .flatMap((c) => c.warnings)
        .map((d) => [d.code, d.message])
    expect(await warnings(record.label)).toEqual([])
    expect(await warnings('other')).toEqual([
      [
        'deploy/other-label',
        `"label_now" has replies@1, which learned "${record.label}", and the project declares "other"`,
      ],
    ])
  })
})

import {
  applyPlan,
  connect,
  deploymentVersions,
  listDeployments,
  type ModelDef,
  type ModelRecord,
  openStore,
  type Plan,
  type PlanOptions,
  planDeployments,
  planRollback,
  type RollbackOptions,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { datasetOf, model, p, profile, spending, tables } from '../scenarios/shop.ts'

// The same name and keys, but `label` is a text here and a number there, and there is no single probability.
const kinds = p.model('kinds', {
  dataset: datasetOf([profile, spending]),
  family: 'multinomial',
  label: 'answer',
  penalty: 1,
} as never) as ModelDef

describeEachEngine('an exchange of a view', (engine) => {
  let store: Store
  const records = new Map<string, ModelRecord>()
  const record = async (name: string) => records.get(name) as ModelRecord
  // A schema for each test: versions of an object count on.
  let object = { schema: '', name: 'answers now' }
  let tests = 0
  const view = () => `${object.schema}."${object.name}"`
  const wanted = (of: ModelDef, options: object = {}) => ({
    def: p.deployment('answers', { model: of, ...options } as never),
    record: records.get(of.name) as ModelRecord,
    isDeclared: true,
  })
  const binary = () => wanted(model, { outputs: ['value', 'label'] })
  const many = () => wanted(kinds)
  const planned = async (one: ReturnType<typeof wanted>, options: PlanOptions = {}) => {
    const def = { ...one.def, name: object.name }
    return planDeployments(store, [{ ...one, def }], { schema: object.schema, ...options })
  }
  const deploy = async (one: ReturnType<typeof wanted>, options: PlanOptions = {}) => {
    const plan = await planned(one, options)
    await applyPlan(store, plan, { record, allowBreaking: true, allowRemove: true })
    return plan
  }
  const back = (options: Partial<RollbackOptions> = {}) => rollback(store, object, { record, ...options })
  const shape = ({ changes }: Plan) =>
    changes.map((c) => [c.class, c.strategy, c.columns.map((one) => `${one.change} ${one.name}`)])
  const columns = async (relation: string) =>
    (await engine.db.query(`SELECT * FROM ${relation} LIMIT 0`)).columns.map((c) => `${c.name} ${c.type}`)
  const live = async () =>
    (
      await engine.db.rows<{ version: number }>('SELECT version FROM viewcast.deployments WHERE object = $1', [
        `${object.schema}.${object.name}`,
      ])
    )[0]?.version
  const kept = async () =>
    (await deploymentVersions(store, object))?.versions.map((v) => v.kept && `${v.kept.at.schema}.${v.kept.at.name}`)

  const first = ['customer int4', 'as_of timestamptz', 'probability float8', 'label bool']
  const second = ['customer int4', 'as_of timestamptz', 'label text']

  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    for (const one of [model, kinds]) records.set(one.name, (await trainRecorded(store, one)).record)
    await engine.db.execute(`CREATE ROLE dashboard; CREATE ROLE analyst; CREATE ROLE "the owner"`)
  })
  beforeEach(async () => {
    object = { ...object, schema: `scoring${++tests}` }
    await engine.db.execute(`CREATE SCHEMA ${object.schema}; GRANT USAGE ON SCHEMA ${object.schema} TO dashboard;
      GRANT USAGE, CREATE ON SCHEMA ${object.schema} TO "the owner"`)
    await deploy(binary())
  })

  test('puts the old one aside and gives the new one its place, owner, grants and comments', async () => {
    await engine.db.execute(`
      GRANT SELECT ON ${view()} TO dashboard WITH GRANT OPTION;
      GRANT SELECT (customer, label, probability) ON ${view()} TO analyst;
      COMMENT ON COLUMN ${view()}.label IS 'The answer';
      ALTER VIEW ${view()} OWNER TO "the owner"`)
    const plan = await planned(many())
    expect(shape(plan)[0]?.slice(0, 2)).toEqual(['breaking', 'swap'])
    expect(plan.changes[0]?.columns.filter((c) => c.change !== 'kept' && c.change !== 'appended')).toEqual([
      { name: 'label', type: 'text', was: 'boolean', change: 'retyped' },
      { name: 'probability', type: 'double precision', change: 'removed' },
    ])
    await applyPlan(store, plan, { record, allowBreaking: true, allowRemove: true })
    expect((await columns(view())).slice(0, 3)).toEqual(second)
    expect(await columns(`${object.schema}__v1."answers now"`)).toEqual(first)
    const [now] = await engine.db.rows(
      `SELECT c.relowner::regrole::text AS owner, has_table_privilege('dashboard', c.oid, 'SELECT WITH GRANT OPTION') AS dashboard,
              has_column_privilege('analyst', c.oid, 'label', 'SELECT') AS label,
              has_column_privilege('analyst', c.oid, 'as_of', 'SELECT') AS as_of,
              has_schema_privilege('dashboard', '${object.schema}__v1', 'USAGE') AS kept, col_description(c.oid, 3) AS comment,
              c.reloptions::text AS options
       FROM pg_class c WHERE c.oid = '${view()}'::regclass`,
    )
    expect(now).toEqual({
      owner: '"the owner"',
      dashboard: true,
      label: true,
      as_of: false,
      kept: true,
      comment: 'The answer',
      options: '{security_invoker=true}',
    })
    expect(await kept()).toEqual([`${object.schema}__v1.answers now`, null])
    expect(await engine.db.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE '%next'`)).toEqual([])
    expect((await planned(many())).changes[0]?.class).toBe('none')
  })

  test('goes back to the very object that was put aside, and forward again', async () => {
    await engine.db.execute(`GRANT SELECT (customer) ON ${view()} TO analyst`)
    const oid = async () => (await engine.db.rows(`SELECT '${view()}'::regclass::oid::text AS oid`))[0]
    const before = await oid()
    await deploy(many())
    const after = await oid()
    const plan = await planRollback(store, object, { record })
    expect(shape(plan)[0]?.slice(0, 2)).toEqual(['breaking', 'swap'])
    expect(await live()).toBe(2)
    await back({ reason: 'worse' })
    expect(await oid()).toEqual(before)
    expect([await live(), await kept()]).toEqual([1, [null, `${object.schema}__v2.answers now`]])
    await back()
    expect(await oid()).toEqual(after)
    expect([await live(), await kept()]).toEqual([2, [`${object.schema}__v1.answers now`, null]])
    const history = await engine.db.rows(
      'SELECT action, class, strategy, actor, reason FROM viewcast.deployment_change ORDER BY id DESC LIMIT 2',
    )
    expect(history.reverse()).toEqual([
      { action: 'rollback', class: 'breaking', strategy: 'swap', actor: 'me', reason: 'worse' },
      { action: 'rollback', class: 'breaking', strategy: 'swap', actor: 'me', reason: null },
    ])
    expect((await planned(many())).changes[0]?.class).toBe('none')
  })

  test('is refused while others depend on the old one, unless they may stay with it', async () => {
    await engine.db.execute(
      `CREATE VIEW public.report AS SELECT count(probability) AS n, bool_or(label) AS yes FROM ${view()}`,
    )
    const blocked = await planned(many())
    expect(blocked.changes[0]?.blockers).toMatchObject([
      { code: 'deploy/dependents', message: expect.stringContaining('view public.report (label, probability)') },
    ])
    const plan = await planned(many(), { leaveDependents: true })
    expect(plan.changes[0]?.blockers).toEqual([])
    expect(plan.changes[0]?.warnings).toMatchObject([
      {
        code: 'deploy/left-behind',
        message: expect.stringContaining(`kept as "${object.schema}__v1.answers now": view public.report`),
      },
    ])
    await applyPlan(store, plan, { record, allowBreaking: true, allowRemove: true })
    expect(await engine.db.rows('SELECT n, yes FROM report')).toEqual([{ n: '200', yes: true }])
    await expect(back()).resolves.toBeDefined()
    await expect(back()).rejects.toMatchObject({ diagnostics: [{ code: 'deploy/dependents' }] })
    await back({ leaveDependents: true })
    expect(await live()).toBe(2)
    await engine.db.execute('DROP VIEW report')
  })

  test('says what of the old one the new one has not', async () => {
    await engine.db.execute(`CREATE RULE silent AS ON INSERT TO ${view()} DO INSTEAD NOTHING`)
    const plan = await planned(many())
    expect(plan.changes[0]?.blockers).toEqual([])
    expect(plan.changes[0]?.warnings).toMatchObject([
      { code: 'deploy/not-carried', message: expect.stringContaining('rule silent on view') },
    ])
  })

  test('three times in a row, back to the first, and to one made again in place or exactly', async () => {
    await deploy(many())
    await deploy(wanted(model), { isExact: true })
    expect([await live(), await kept()]).toEqual([
      3,
      [`${object.schema}__v1.answers now`, `${object.schema}__v2.answers now`, null],
    ])
    await back({ to: 1 })
    expect(await columns(view())).toEqual(first)
    // Version 3 lacks `label`; it stays, as NULLs, or goes when it shall be exact.
    await engine.db.execute(`DROP VIEW ${object.schema}__v3."answers now"`)
    const inPlace = await back({ to: 3 })
    expect(inPlace.changes[0]).toMatchObject({ strategy: 'in place', warnings: [{ code: 'deploy/not-kept' }] })
    expect(await columns(view())).toEqual(first)
    expect(await engine.db.rows(`SELECT DISTINCT label FROM ${view()}`)).toEqual([{ label: null }])
    expect(await live()).toBe(4)
    await back({ to: 3, isExact: true })
    expect(await columns(view())).toEqual(first.slice(0, 3))
    expect(await live()).toBe(3)
  })

  test('of what is live changes nothing; unknown ones, and those without a past, are refused', async () => {
    expect(shape(await back({ to: 1 }))[0]?.[0]).toBe('none')
    await expect(back()).rejects.toMatchObject({ diagnostics: [{ code: 'deploy/no-version' }] })
    await expect(back({ to: 9 })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/no-version', message: expect.stringContaining('no version 9; there are 1') }],
    })
    await expect(rollback(store, { ...object, name: 'answer' }, { record })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/unknown' }],
    })
  })

  test('back is refused, before anything is changed, when what the version reads is gone', async () => {
    await deploy(many())
    await engine.db.execute(`DROP VIEW ${object.schema}__v1."answers now"; DROP VIEW ${view()};
      ALTER TABLE orders RENAME amount TO sum; CREATE VIEW ${view()} AS SELECT 1 AS one`)
    await expect(back()).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/gone', message: expect.stringContaining('amount does not exist') }],
    })
    expect(await live()).toBe(2)
    expect(await columns(view())).toEqual(['one int4'])
    await engine.db.execute('ALTER TABLE orders RENAME sum TO amount')
  })

  test('leaves a schema of somebody else alone, and one that was edited where it is', async () => {
    await engine.db.execute(`CREATE SCHEMA ${object.schema}__v1`)
    await deploy(many())
    expect(await kept()).toEqual([`${object.schema}__v1_2.answers now`, null])
    await engine.db.execute(`CREATE OR REPLACE VIEW ${object.schema}__v1_2."answers now" AS
      SELECT customer, as_of, 1::float8 AS probability, true AS label FROM asked`)
    const plan = await back()
    expect(plan.changes[0]?.warnings).toMatchObject([
      { code: 'deploy/not-kept', message: expect.stringContaining('was changed since') },
    ])
    expect(await columns(view())).toEqual(first)
    expect(await engine.db.rows(`SELECT DISTINCT label FROM ${object.schema}__v1_2."answers now"`)).toEqual([
      { label: true },
    ])
  })

  test('is never noticed by readers in other sessions', async () => {
    if (engine.url === undefined) return
    await deploy(many())
    let isOver = false
    let reads = 0
    const reader = async () => {
      const session = await connect(engine.url ?? '')
      try {
        while (!isOver) {
          expect((await session.rows(`SELECT count(*) AS n FROM ${view()}`))[0]).toEqual({ n: '200' })
          reads++
        }
      } finally {
        await session.close()
      }
    }
    const readers = [reader(), reader()]
    for (let i = 0; i < 6; i++) await back().finally(() => (isOver = i === 5))
    await Promise.all(readers)
    expect(reads).toBeGreaterThan(6)
    expect(await live()).toBe(2)
  })

  test('reads with the privileges that are declared by then, whatever the old one read with', async () => {
    const options = async () =>
      (await engine.db.rows(`SELECT to_jsonb(reloptions) AS o FROM pg_class WHERE oid = '${view()}'::regclass`))[0]?.[
        'o'
      ]
    await deploy(wanted(model, { outputs: ['value', 'label'], security: 'owner' }))
    expect(await options()).toEqual(['security_invoker=false'])
    await engine.db.execute(`ALTER VIEW ${view()} SET (security_barrier = true)`)
    const plan = await deploy(many())
    expect(plan.changes[0]?.strategy).toBe('swap')
    expect(await options()).toEqual(['security_invoker=true', 'security_barrier=true'])
    expect((await planned(many())).changes.map((c) => c.class)).toEqual(['none'])
  })

  test('is refused in a schema with a dot, which would be taken for another', async () => {
    await engine.db.execute(`CREATE SCHEMA "${object.schema}.dev"`)
    object = { ...object, schema: `${object.schema}.dev` }
    await expect(planned(binary())).rejects.toMatchObject({ diagnostics: [{ code: 'define/option' }] })
  })

  test('of a live version that was edited by hand is refused, until it may be overwritten', async () => {
    await engine.db.execute(
      `CREATE OR REPLACE VIEW ${view()} AS SELECT customer, as_of, 0.5::float8 AS probability, true AS label FROM (VALUES (1, now())) AS t(customer, as_of)`,
    )
    await expect(back({ to: 1 })).rejects.toMatchObject({ diagnostics: [{ code: 'deploy/edited' }] })
    const [{ probability } = {}] = await engine.db.rows(`SELECT max(probability) AS probability FROM ${view()}`)
    expect(probability).toBe(0.5)
    await back({ to: 1, overwriteEdited: true })
    expect(await engine.db.rows(`SELECT count(*)::integer AS n FROM ${view()}`)).toEqual([{ n: 200 }])
  })

  test('of what is declared no more, and was edited by hand, is refused until the edit may go', async () => {
    await engine.db.execute(`CREATE OR REPLACE VIEW ${view()} AS SELECT customer, as_of, 0.5::float8 AS probability, true AS label
      FROM (VALUES (1, now())) AS t(customer, as_of)`)
    const unlessWanted = (await listDeployments(store)).filter((d) => d.object.schema === object.schema)
    const plan = await planDeployments(store, [], { unlessWanted })
    expect(plan.changes).toMatchObject([{ class: 'remove', blockers: [{ code: 'deploy/edited' }] }])
    const allowed = { record, allowBreaking: true, allowRemove: true }
    await expect(applyPlan(store, plan, allowed)).rejects.toMatchObject({ diagnostics: [{ code: 'deploy/edited' }] })
    expect(await live()).toBe(1)
    await applyPlan(store, plan, { ...allowed, overwriteEdited: true })
    expect(await live()).toBeUndefined()
  })

  test('keeps the old one where nothing has its name, in a schema of ours that those may use who may use its own', async () => {
    const name = '"answers now"'
    await engine.db.execute(
      `GRANT USAGE ON SCHEMA ${object.schema} TO PUBLIC; GRANT CREATE ON SCHEMA ${object.schema} TO analyst`,
    )
    const place = async () => {
      const { changes } = await planned(many())
      const made = changes[0]?.statements.filter((sql) => sql.startsWith('GRANT USAGE ON SCHEMA '))
      return [changes[0]?.exchange?.keptAt?.schema, made?.sort()]
    }
    const users = ['"the owner"', 'PUBLIC', 'dashboard']
    const to = (kept: string) => [kept, users.map((role) => `GRANT USAGE ON SCHEMA ${kept} TO ${role}`)]
    const schema = (n: string) => `${object.schema}__v1${n}`
    expect(await place()).toEqual(to(schema('')))
    for (const [n, next, takes] of [
      ['', '_2', `SEQUENCE ${schema('')}.${name}`],
      ['_2', '_3', `TYPE ${schema('_2')}.${name} AS ENUM ('a')`],
      ['_3', '_4', `FUNCTION ${schema('_3')}.${name}() RETURNS int LANGUAGE sql RETURN 1`],
    ] as const) {
      await engine.db.execute(
        `CREATE SCHEMA ${schema(n)}; COMMENT ON SCHEMA ${schema(n)} IS 'viewcast: earlier versions of it'`,
      )
      expect((await place())[0]).toBe(schema(n))
      await engine.db.execute(`CREATE ${takes}`)
      expect(await place()).toEqual(to(schema(next)))
    }
  })

  test('keeps the old one in a schema whose name the server does not cut', async () => {
    // With __v1 one byte more than a name may have.
    object = { ...object, schema: `${object.schema}_`.padEnd(60, 'x') }
    await engine.db.execute(`CREATE SCHEMA ${object.schema}`)
    await deploy(binary())
    const plan = await deploy(many())
    const kept = plan.changes[0]?.exchange?.keptAt?.schema ?? ''
    expect(kept).toMatch(/^s\w+_[0-9a-f]{8}__v1$/)
    expect(kept).toHaveLength(63)
    expect(await columns(`${kept}."${object.name}"`)).toEqual(first)
    expect(await engine.db.rows(`SELECT FROM pg_namespace WHERE nspname = $1`, [kept])).toHaveLength(1)
  })
})

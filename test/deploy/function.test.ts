/** A deployment as a function: planned by what PostgreSQL replaces in place, called as its query, with the rights of who calls. */
import {
  applyPlan,
  type DeploymentDef,
  type DeploymentOptions,
  type ModelRecord,
  openStore,
  type Plan,
  planDeployments,
  predictionQuery,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { customer, model, p, profile, spending, tables } from '../scenarios/shop.ts'

const at = '2024-02-25T00:00:00Z'
const askedWithUrgency = p
  .sample('asked_with_urgency', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of', 'customer as urgency']))
const target = p
  .target('answer_of_request', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer']))
const brought = p.requestView('brought', { columns: { urgency: 'int4' } })
const requested = p.model('requested', {
  dataset: p.dataset('requests', { sample: askedWithUrgency, target, features: [profile, spending, brought] }),
  family: 'logistic',
  label: 'answer',
  penalty: 1,
} as never)

describeEachEngine('a function', (engine) => {
  let store: Store
  let record: ModelRecord
  let asking: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    await engine.db.execute('CREATE SCHEMA "Scoring"')
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    asking = (await trainRecorded(store, requested)).record
  })
  // Roles are of the whole server.
  afterAll(async () => {
    const roles = await engine.db.rows<{ r: string }>(
      `SELECT quote_ident(rolname) AS r FROM pg_roles WHERE rolname LIKE 'function_%'`,
    )
    for (const { r } of roles) await engine.db.execute(`DROP OWNED BY ${r}; DROP ROLE ${r}`)
  })
  const declared = (name: string, options: Partial<DeploymentOptions> = {}) =>
    p.deployment(name, { model, as: 'function', ...options } as DeploymentOptions)
  const planned = (def: DeploymentDef) =>
    planDeployments(store, [{ def, record: def.model.name === 'requested' ? asking : record, isDeclared: true }])
  const apply = (plan: Plan) =>
    applyPlan(store, plan, { record: async (name) => (name === 'requested' ? asking : record), allowBreaking: true })
  const shape = (plan: Plan) =>
    plan.changes.map((c) => [c.class, c.strategy, c.columns.map((one) => `${one.change} ${one.name}`)])
  const made = async (name: string, options: Partial<DeploymentOptions> = {}) =>
    apply(await planned(declared(name, options)))
  const rowsOf = async (sql: string) => (await engine.db.query(sql)).rows

  test('is made where there is none, and answers as its query does', async () => {
    const plan = await planned(declared('likely', { schema: 'Scoring' }))
    expect(shape(plan)).toEqual([['add', 'create', ['appended customer', 'appended as_of', 'appended probability']]])
    expect(plan.changes[0]?.parameters.map((c) => c.name)).toEqual(['p_customer', 'p_as_of'])
    expect(plan.changes[0]?.columns.map((c) => c.type)).toEqual([
      'integer',
      'timestamp with time zone',
      'double precision',
    ])
    expect([...new Set(plan.changes[0]?.reads.map((r) => r.relation))]).toEqual(['public.customers', 'public.orders'])
    // Planning leaves nothing behind.
    expect(await rowsOf(`SELECT proname FROM pg_proc WHERE proname IN ('likely', 'viewcast_dry_run')`)).toEqual([])
    await apply(plan)
    for (const key of [1, 77, 200, 9999]) {
      const { sql } = await predictionQuery(engine.db, model, record, { at, keys: [{ customer: key }] })
      const expected = await rowsOf(sql)
      expect(expected).toHaveLength(1)
      expect(await rowsOf(`SELECT * FROM "Scoring".likely(${key}, '${at}')`)).toEqual(expected)
    }
    const [now] = await rowsOf('SELECT as_of = now(), probability > 0 FROM "Scoring".likely(5)')
    expect(now).toEqual([true, true])
    const [missing] = await rowsOf('SELECT customer, probability > 0 FROM "Scoring".likely(NULL)')
    expect(missing).toEqual([null, true])
    const live = await rowsOf(`SELECT object, kind FROM viewcast.deployments WHERE name = 'likely'`)
    expect(live).toEqual([['Scoring.likely', 'function']])
    expect(shape(await planned(declared('likely', { schema: 'Scoring' })))[0]?.slice(0, 2)).toEqual(['none', 'none'])
  })

  test('is never one that computes with the rights of its owner, and may be planned anywhere', async () => {
    await made('plain')
    const about = await rowsOf(
      `SELECT prosecdef, provolatile, proparallel, prorows, proconfig FROM pg_proc WHERE proname = 'plain'`,
    )
    // A setting of its own would keep the planner from merging it into the query that calls.
    expect(about).toEqual([[false, 's', 's', 1, null]])
    const plan = await rowsOf(`EXPLAIN SELECT probability FROM plain(7, '${at}')`)
    expect(plan.join('\n')).not.toContain('Function Scan')
    expect(plan.join('\n')).toContain('customers_pkey')
  })

  test('keeps grants, dependents and the place of a column that goes, which gives NULL', async () => {
    await engine.db.execute('CREATE ROLE function_caller')
    await made('two', { outputs: ['value', 'label'] })
    await engine.db.execute(`
      GRANT EXECUTE ON FUNCTION two TO function_caller WITH GRANT OPTION;
      CREATE VIEW of_two AS SELECT t.* FROM two(3, '${at}') AS t`)
    const kept = () =>
      rowsOf(
        `SELECT p.oid::text, p.proacl::text, obj_description(p.oid, 'pg_proc') FROM pg_proc p WHERE proname = 'two'`,
      )
    const before = await kept()
    const less = await planned(declared('two'))
    expect(shape(less)).toEqual([
      ['breaking', 'in place', ['kept customer', 'kept as_of', 'kept probability', 'removed label']],
    ])
    expect(less.changes[0]?.columns[3]?.tombstone).toBe(less.createdAt)
    await apply(less)
    expect(await kept()).toEqual(before)
    const [row] = await engine.db.rows('SELECT * FROM of_two')
    expect(row).toMatchObject({ customer: 3, probability: expect.any(Number), label: null })
    const again = await planned(declared('two'))
    expect(shape(again)[0]?.[0]).toBe('none')
    expect(again.changes[0]?.columns[3]?.tombstone).toBe(less.createdAt)
    const back = await planned(declared('two', { outputs: ['value', 'label'] }))
    expect(shape(back)).toEqual([
      ['append', 'in place', ['kept customer', 'kept as_of', 'kept probability', 'revived label']],
    ])
    await apply(back)
    expect((await engine.db.rows('SELECT * FROM of_two'))[0]).toMatchObject({ label: expect.anything() })
    expect((await rowsOf("SELECT count(*) FROM pg_proc WHERE proname = 'two'"))[0]?.[0]).toBe('1')
  })

  test('needs a new function when its rows grow, and when it is called otherwise', async () => {
    await made('growing')
    const more = await planned(declared('growing', { outputs: ['value', 'label'] }))
    expect(shape(more)).toEqual([
      ['append', 'swap', ['kept customer', 'kept as_of', 'kept probability', 'appended label']],
    ])
    expect(more.changes[0]?.exchange?.keptAt).toEqual({ schema: 'public__v1', name: 'growing' })
    const other = await planned(declared('growing', { model: requested }))
    expect(shape(other)[0]?.slice(0, 2)).toEqual(['breaking', 'swap'])
    expect(other.changes[0]?.parameters.map((c) => c.name)).toEqual(['p_customer', 'p_urgency', 'p_as_of'])
  })

  test('takes the place of one that is called otherwise, with its grants, and no overload is left', async () => {
    await engine.db.execute('CREATE ROLE function_guest')
    await made('exchanged')
    await engine.db.execute(`GRANT EXECUTE ON FUNCTION exchanged TO function_guest;
      REVOKE EXECUTE ON FUNCTION exchanged FROM PUBLIC`)
    const [before] = await rowsOf(`SELECT probability FROM exchanged(9, '${at}')`)
    await apply(await planned(declared('exchanged', { model: requested })))
    const there = await rowsOf(`
      SELECT pronamespace::regnamespace::text, pg_get_function_identity_arguments(oid),
        has_function_privilege('function_guest', oid, 'EXECUTE'), has_function_privilege('public', oid, 'EXECUTE')
      FROM pg_proc WHERE proname = 'exchanged' ORDER BY pronamespace::regnamespace::text`)
    const instant = 'p_as_of timestamp with time zone'
    expect(there).toEqual([
      ['public', `p_customer integer, p_urgency integer, ${instant}`, true, false],
      ['public__v1', `p_customer integer, ${instant}`, true, false],
    ])
    const [now] = await rowsOf(`SELECT probability FROM exchanged(9, 5, '${at}')`)
    expect(now).not.toEqual(before)
    // The one that was there goes on answering those who stayed with it.
    expect((await rowsOf(`SELECT probability FROM public__v1.exchanged(9, '${at}')`))[0]).toEqual(before)
    expect(shape(await planned(declared('exchanged', { model: requested })))[0]?.[0]).toBe('none')
    await apply(await planned(declared('exchanged', { model: requested, outputs: ['value', 'label'] })))
    expect(await rowsOf('SELECT * FROM exchanged(9, 5)')).toEqual([
      [9, expect.anything(), expect.anything(), expect.anything()],
    ])
  })

  test('says readers, comment and hand edits of their own class', async () => {
    await engine.db.execute('CREATE ROLE function_late_reader')
    await made('watched')
    const read = await planned(declared('watched', { readers: ['function_late_reader'] }))
    expect(shape(read)[0]?.slice(0, 2)).toEqual(['metadata', 'in place'])
    await apply(read)
    const may = `SELECT has_function_privilege('function_late_reader', oid, 'EXECUTE') FROM pg_proc WHERE proname = 'watched'`
    expect(await rowsOf(may)).toEqual([[true]])
    await engine.db.execute('ALTER FUNCTION watched COST 7')
    const edited = await planned(declared('watched', { readers: ['function_late_reader'] }))
    expect(edited.changes[0]?.blockers.map((b) => b.code)).toEqual(['deploy/edited'])
    expect(edited.changes[0]?.edited).toContain('COST 7')
  })

  test('blocks where somebody has a function of the name (deploy/conflict)', async () => {
    await engine.db.execute('CREATE FUNCTION taken(text) RETURNS int4 LANGUAGE sql RETURN 1')
    const plan = await planned(declared('taken'))
    expect(plan.changes[0]?.blockers.map((b) => b.code)).toEqual(['deploy/conflict'])
  })

  test('takes what a question brings', async () => {
    await made('urgent', { model: requested })
    for (const urgency of [0, 150, null]) {
      const { sql } = await predictionQuery(engine.db, requested, asking, { at, keys: [{ customer: 5, urgency }] })
      expect(await rowsOf(`SELECT * FROM urgent(5, ${urgency}, '${at}')`)).toEqual(await rowsOf(sql))
    }
  })

  test('is for its readers alone where some are declared', async () => {
    await engine.db.execute(
      'CREATE ROLE "function Reader"; CREATE ROLE function_stranger; GRANT SELECT ON customers, orders TO "function Reader", function_stranger',
    )
    await made('guarded', { readers: ['function Reader'] })
    const as = (role: string) =>
      engine.db.transaction(async (tx) => {
        await tx.execute(`SET LOCAL ROLE ${role}`)
        return tx.rows(`SELECT probability FROM guarded(1, '${at}')`)
      })
    expect(await as('"function Reader"')).toHaveLength(1)
    await expect(as('function_stranger')).rejects.toThrow(/permission denied for function guarded/)
  })

  test('shows a caller what his policies let him see', async () => {
    await made('seen')
    await engine.db.execute(`
      CREATE ROLE function_half_sighted;
      GRANT SELECT ON customers, orders TO function_half_sighted;
      ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
      CREATE POLICY early ON orders FOR SELECT TO function_half_sighted USING (at < timestamptz '2024-02-20Z')`)
    try {
      const call = `SELECT probability FROM seen(8, '${at}')`
      const whole = await rowsOf(call)
      const { sql } = await predictionQuery(engine.db, model, record, { at, keys: [{ customer: 8 }] })
      const theirs = await engine.db.transaction(async (tx) => {
        await tx.execute('SET LOCAL ROLE function_half_sighted')
        return [await tx.query(call), await tx.query(sql)].map((r) => r.rows[0]?.at(-1))
      })
      expect(theirs[0]).not.toEqual(whole[0]?.[0])
      expect(theirs[0]).toEqual(theirs[1])
    } finally {
      await engine.db.execute('ALTER TABLE orders DISABLE ROW LEVEL SECURITY')
    }
  })
})

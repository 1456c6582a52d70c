/** What applying a plan does, what it refuses, and what it leaves alone. */
import {
  type ApplyPlanOptions,
  applyPlan,
  applyPlanRecorded,
  type ModelRecord,
  openStore,
  type Plan,
  planDeployments,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('applying', (engine) => {
  let store: Store
  let record: ModelRecord
  let schema = 0
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  beforeEach(async () => {
    await store.db.execute(`CREATE SCHEMA s${++schema}`)
  })
  const plan = (outputs?: readonly ['value', 'label'], name = 'v', of = record) =>
    planDeployments(store, [
      {
        def: p.deployment(name, { model, schema: `s${schema}`, ...(outputs ? { outputs } : {}) }),
        record: of,
        isDeclared: true,
      },
    ])
  const apply = (wanted: Plan, options: Partial<ApplyPlanOptions> = {}) =>
    applyPlan(store, wanted, { record: async () => record, ...options })
  const both = ['value', 'label'] as const
  const state = () =>
    store.db.rows(`SELECT c.action, c.class, c.strategy, c.reason FROM viewcast.deployment_change c JOIN viewcast.asset a ON a.id = c.asset_id
                   WHERE a.name LIKE 's${schema}.%' ORDER BY c.id`)

  test('says what was done, and keeps it with the plan and the reason', async () => {
    const { changes, held } = await apply(await plan(), { reason: 'first' })
    expect(changes).toEqual([
      {
        name: 'v',
        object: { schema: `s${schema}`, name: 'v' },
        sqlName: `s${schema}.v`,
        as: 'view',
        class: 'add',
        strategy: 'create',
        outcome: 'done',
        version: 1,
        verification: expect.stringMatching(/^\d+ verification rows, 0 disagree$/),
        trial: '100 rows read',
      },
    ])
    expect(held).toBeNull()
    const [kept] = await store.db.rows(
      `SELECT v.verification, c.plan_digest IS NOT NULL AS plan FROM viewcast.deployment_change c
       JOIN viewcast.deployment_version v ON v.artifact_id = c.to_artifact JOIN viewcast.asset a ON a.id = c.asset_id
       WHERE a.name = 's${schema}.v'`,
    )
    expect(kept).toEqual({ verification: changes[0]?.verification, plan: true })
    const second = await apply(await plan(both))
    expect(second.changes[0]).toMatchObject({ outcome: 'done', version: 2, trial: '100 rows read' })
    expect(second.held).toBeGreaterThan(0)
    expect(await state()).toEqual([
      { action: 'apply', class: 'add', strategy: 'create', reason: 'first' },
      { action: 'apply', class: 'append', strategy: 'in place', reason: null },
    ])
  })

  test('the same plan again does nothing, and another plan that came to the same neither', async () => {
    const [one, other] = [await plan(), await plan()]
    await apply(one)
    for (const again of [one, other]) {
      expect((await apply(again)).changes.map((c) => c.outcome)).toEqual(['already'])
    }
    expect((await apply(await plan())).changes.map((c) => c.outcome)).toEqual(['none'])
    expect(await state()).toHaveLength(1)
  })

  test('the same plan again leaves no run, and one that was overtaken is refused', async () => {
    const runs = async () =>
      Number(
        (await store.db.rows<{ n: string }>(`SELECT count(*) AS n FROM viewcast.execution WHERE kind = 'apply'`))[0]?.n,
      )
    const before = await runs()
    const wanted = await plan()
    const options = { record: async () => record }
    const first = await applyPlanRecorded(store, wanted, options)
    expect([first.run !== undefined, await runs()]).toEqual([true, before + 1])
    const second = await applyPlanRecorded(store, wanted, options)
    expect([second.run, await runs()]).toEqual([undefined, before + 1])
    expect(second.changes).toMatchObject([{ name: 'v', outcome: 'already' }])
    const next = await plan(both)
    await applyPlanRecorded(store, next, options)
    // What it was made for is no more: that is a refusal, and a run that failed.
    expect(await codesOf(() => applyPlanRecorded(store, wanted, options))).toEqual(['deploy/moved'])
    expect(await runs()).toBe(before + 3)
    expect((await applyPlanRecorded(store, next, options)).run).toBeUndefined()
    expect(await runs()).toBe(before + 3)
    await store.db.execute(`DROP VIEW s${schema}.v`)
    expect(await codesOf(() => applyPlanRecorded(store, next, options))).toEqual(['deploy/moved'])
  })

  test('the same plan again after somebody edited what it made is refused', async () => {
    const wanted = await plan()
    await apply(wanted)
    await store.db.execute(
      `CREATE OR REPLACE VIEW s${schema}.v AS SELECT NULL::int AS customer, NULL::timestamptz AS as_of, 1::float8 AS probability`,
    )
    expect(await codesOf(() => apply(wanted))).toEqual(['deploy/moved'])
  })

  test('deploy/breaking: a column would go, so it has to be said that it may', async () => {
    await apply(await plan(both))
    const wanted = await plan()
    const [first] = await diagnosticsOf(() => apply(wanted))
    expect(first).toMatchObject({
      code: 'deploy/breaking',
      message: `Replacing "s${schema}.v" would change or remove columns: label`,
    })
    // That something else may be done says nothing of columns.
    expect(await codesOf(() => apply(wanted, { allowRemove: true, overwriteEdited: true }))).toEqual([
      'deploy/breaking',
    ])
    expect(await state()).toHaveLength(1)
    expect((await apply(wanted, { allowBreaking: true })).changes[0]).toMatchObject({
      outcome: 'done',
      class: 'breaking',
    })
  })

  test('deploy/removal: an object would be put aside, so it has to be said that it may', async () => {
    const made = await plan()
    await apply(made)
    const again = await plan(both)
    const gone = again.changes.map((c) => ({ ...c, class: 'remove' as const }))
    expect(await codesOf(() => apply({ ...again, changes: gone }))).toEqual(['deploy/removal'])
    const others = { allowBreaking: true, overwriteEdited: true }
    expect(await codesOf(() => apply({ ...again, changes: gone }, others))).toEqual(['deploy/removal'])
  })

  test('a column that is called otherwise, or is of another type, is named as one that goes', async () => {
    await apply(await plan())
    const again = await plan(both)
    const columns = [
      { name: 'same', type: 'text', change: 'kept' },
      { name: 'renamed', type: 'text', was: 'old', change: 'renamed' },
      { name: 'retyped', type: 'text', was: 'int', change: 'retyped' },
      { name: 'removed', type: 'text', change: 'removed' },
    ] as const
    const changes = again.changes.map((c) => ({ ...c, class: 'breaking' as const, columns }))
    const [first] = await diagnosticsOf(() => apply({ ...again, changes }))
    expect(first?.message).toMatch(/: renamed, retyped, removed$/)
  })

  test('who may read it, given by one plan, is not given again by the same plan', async () => {
    await apply(await plan())
    const def = p.deployment('v', { model, schema: `s${schema}`, readers: ['public'] })
    const wanted = await planDeployments(store, [{ def, record, isDeclared: true }])
    expect(wanted.changes[0]?.class).toBe('metadata')
    const outcomes = async () => (await apply(wanted)).changes.map((c) => c.outcome)
    expect([await outcomes(), await outcomes()]).toEqual([['done'], ['already']])
    // Taken back by somebody since, it is not as it was planned, and not as it was left.
    await store.db.execute(`REVOKE SELECT ON s${schema}.v FROM PUBLIC; COMMENT ON VIEW s${schema}.v IS 'theirs'`)
    const other = await planDeployments(store, [{ def, record, isDeclared: true }])
    expect(other.changes[0]?.class).toBe('metadata')
  })

  test('blockers refuse, all of them, whatever is allowed', async () => {
    const wanted = await plan()
    const blocker = { code: 'deploy/conflict', message: 'theirs', severity: 'error' } as const
    const changes = wanted.changes.map((c) => ({ ...c, blockers: [blocker as never] }))
    const all = { allowBreaking: true, allowRemove: true, overwriteEdited: true }
    expect(await codesOf(() => apply({ ...wanted, changes: [...changes, ...changes] }, all))).toEqual([
      'deploy/conflict',
      'deploy/conflict',
    ])
    // Of what belongs to somebody else it is of no interest what else stands in the way.
    const edited = { code: 'deploy/edited', message: 'by hand', severity: 'error' } as const
    const several = wanted.changes.map((c) => ({ ...c, blockers: [edited as never, blocker as never] }))
    expect(await codesOf(() => apply({ ...wanted, changes: several }))).toEqual(['deploy/conflict'])
    expect(await state()).toEqual([])
  })

  test('deploy/verification: other numbers on this engine, so nothing is made', async () => {
    const wrong = record.verification.map((row) => ({ ...row, outputs: { probability: 2 } }))
    const options = { record: async () => ({ ...record, verification: wrong }) }
    expect(await codesOf(async () => apply(await plan(), options))).toEqual(['deploy/verification'])
    expect(await state()).toEqual([])
  })

  test('deploy/fails: what fails when it is run fails before anybody can read it, new or replaced', async () => {
    await store.db.execute(
      `CREATE SCHEMA IF NOT EXISTS faults; CREATE OR REPLACE FUNCTION faults.odd(a int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / (a - a)'`,
    )
    const failing = (wanted: Plan): Plan => ({
      ...wanted,
      changes: wanted.changes.map((c) => {
        const broken = (sql: string) =>
          sql.replace(c.query, `SELECT q.*, faults.odd(q.customer) AS odd FROM (${c.query}) AS q`)
        return { ...c, query: broken(c.query), statements: c.statements.map(broken) }
      }),
    })
    const create = failing(await plan())
    const [first] = await diagnosticsOf(() => apply(create))
    expect(first).toMatchObject({ code: 'deploy/fails', message: expect.stringContaining('division by zero') })
    expect(await store.db.rows(`SELECT FROM pg_class WHERE relnamespace = 's${schema}'::regnamespace`)).toEqual([])
    await apply(await plan())
    const replace = failing(await plan(both))
    expect(await codesOf(() => apply(replace))).toEqual(['deploy/fails'])
    expect(await store.db.rows(`SELECT FROM s${schema}.v LIMIT 1`)).toHaveLength(1)
    expect(await state()).toHaveLength(1)
  })

  test('deploy/moved: a schema that was dropped since, and another project', async () => {
    const wanted = await plan()
    await store.db.execute(`DROP SCHEMA s${schema}`)
    const [first] = await diagnosticsOf(() => apply(wanted))
    expect(first?.message).toBe(`"s${schema}.v" is no longer what was planned for: schema`)
    expect(await codesOf(() => apply({ ...wanted, project: 'other' }))).toEqual(['deploy/moved'])
  })

  test('a statement that fails among several changes undoes all of them', async () => {
    const wanted = await planDeployments(
      store,
      ['one', 'two', 'three'].map((name) => ({
        def: p.deployment(name, { model, schema: `s${schema}` }),
        record,
        isDeclared: true,
      })),
    )
    const before = await store.db.rows('SELECT count(*) FROM viewcast.artifact')
    const changes = wanted.changes.map((c, i) =>
      i === 1 ? { ...c, statements: [...c.statements, 'SELECT 1 / 0'] } : c,
    )
    await expect(apply({ ...wanted, changes })).rejects.toThrow('division by zero')
    expect(await store.db.rows(`SELECT FROM pg_class WHERE relnamespace = 's${schema}'::regnamespace`)).toEqual([])
    expect(await state()).toEqual([])
    expect(await store.db.rows('SELECT count(*) FROM viewcast.artifact')).toEqual(before)
  })

  test('what its caller does in the transaction is undone with it', async () => {
    const wanted = await plan()
    const onChange = async (inside: Store) => {
      await inside.db.execute(`CREATE TABLE s${schema}.note (a int)`)
    }
    const onDone = async () => Promise.reject(new Error('no'))
    await expect(apply(wanted, { onChange, onDone })).rejects.toThrow('no')
    expect(await store.db.rows(`SELECT FROM pg_class WHERE relnamespace = 's${schema}'::regnamespace`)).toEqual([])
  })

  test('an aborted signal changes nothing', async () => {
    const wanted = await plan()
    expect(await codesOf(() => apply(wanted, { signal: AbortSignal.abort() }))).toEqual(['engine/interrupted'])
    expect(await state()).toEqual([])
  })
})

/** What a plan says: classes, metadata, removals, and everything that stands in the way. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applyPlan,
  collectProject,
  type DeploymentDef,
  type ModelRecord,
  openStore,
  type PlanProjectOptions,
  planProject,
  readPlan,
  type Store,
  trainRecorded,
  writePlan,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('the plan of a project', (engine) => {
  let store: Store
  let record: ModelRecord
  let schema = ''
  let count = 0
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
    await engine.db.execute('CREATE ROLE plan_etl; CREATE ROLE plan_bi; CREATE ROLE plan_boss; CREATE ROLE plan_scorer')
  })
  // Deployments are declared in an environment of their own, so that tests do not see each other's.
  beforeEach(async () => {
    schema = `scoring${++count}`
    await engine.db.execute(`CREATE SCHEMA ${schema}`)
  })
  const projectOf = (deployments: readonly DeploymentDef[]) =>
    collectProject(Object.fromEntries(deployments.map((d, i) => [String(i), d])), {
      directory: '.',
      file: 'project.ts',
      name: 'shop',
    })
  const declared = (name = 'scores', options: object = {}) => p.deployment(name, { model, ...options })
  const plan = (deployments: readonly DeploymentDef[], options: PlanProjectOptions = {}) =>
    planProject(store, projectOf(deployments), { schema, environment: schema, ...options })
  const apply = async (deployments: readonly DeploymentDef[], options: PlanProjectOptions = {}) => {
    const made = await plan(deployments, options)
    expect(made.changes.flatMap((c) => c.blockers)).toEqual([])
    await applyPlan(store, made, { record: async () => record, allowBreaking: true, allowRemove: true })
    return made
  }
  const only = async (...args: Parameters<typeof plan>) => {
    const { changes } = await plan(...args)
    expect(changes).toHaveLength(1)
    return changes[0] as (typeof changes)[number]
  }
  const blockersOf = async (...args: Parameters<typeof plan>) =>
    (await plan(...args)).changes.flatMap((c) => c.blockers.map((b) => b.code))
  const mayRead = async (role: string, name = 'scores') =>
    (
      await engine.db.rows<{ may: boolean }>(`SELECT has_table_privilege($1, $2, 'SELECT') AS may`, [
        role,
        `${schema}.${name}`,
      ])
    )[0]?.may

  test('is all that is declared, and nothing once that is applied', async () => {
    const made = await apply([declared(), declared('labels', { outputs: ['label'] })])
    expect(made.changes.map((c) => [c.class, c.name, c.object.schema])).toEqual([
      ['add', 'scores', schema],
      ['add', 'labels', schema],
    ])
    const again = await plan([declared(), declared('labels', { outputs: ['label'] })])
    expect(again.changes.map((c) => [c.class, c.statements])).toEqual([
      ['none', []],
      ['none', []],
    ])
  })

  test('changed readers alone are metadata, and only what viewcast granted is taken back', async () => {
    await apply([declared('scores', { readers: ['plan_etl', 'plan_bi'] })])
    await engine.db.execute(`GRANT SELECT ON ${schema}.scores TO plan_boss`)
    const change = await only([declared('scores', { readers: ['plan_bi', 'plan_boss', 'plan_scorer'] })])
    expect(change).toMatchObject({
      class: 'metadata',
      strategy: 'in place',
      metadata: ['grant SELECT to plan_scorer', 'revoke SELECT from plan_etl'],
      granted: ['plan_bi', 'plan_scorer'],
    })
    await apply([declared('scores', { readers: ['plan_bi', 'plan_boss', 'plan_scorer'] })])
    expect(await Promise.all(['plan_etl', 'plan_bi', 'plan_boss', 'plan_scorer'].map((role) => mayRead(role)))).toEqual(
      [false, true, true, true],
    )
    // Nobody is declared any more: the grant that somebody else gave stays.
    await apply([declared()])
    expect(await Promise.all(['plan_bi', 'plan_boss', 'plan_scorer'].map((role) => mayRead(role)))).toEqual([
      false,
      true,
      false,
    ])
    const [live] = await engine.db.rows(`SELECT version FROM viewcast.deployments WHERE environment = $1`, [schema])
    expect(live).toEqual({ version: 1 })
  })

  test('owner, options and comment are metadata, and what somebody set beside stays', async () => {
    await apply([declared()])
    await engine.db.execute(
      `ALTER VIEW ${schema}.scores SET (security_barrier = true); GRANT USAGE, CREATE ON SCHEMA ${schema} TO plan_scorer`,
    )
    expect((await only([declared()])).class).toBe('none')
    const change = await only([declared('scores', { owner: 'plan_scorer', security: 'owner' })])
    expect(change).toMatchObject({
      class: 'metadata',
      metadata: ['reads with the privileges of its owner', 'owner becomes plan_scorer'],
    })
    await apply([declared('scores', { owner: 'plan_scorer', security: 'owner' })])
    const options = async () =>
      (
        await engine.db.rows<{ o: string }>(
          `SELECT (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(reloptions) o) AS o FROM pg_class WHERE oid = '${schema}.scores'::regclass`,
        )
      )[0]?.o
    expect(await options()).toBe('security_barrier=true,security_invoker=false')
    // The same query again, with another: the barrier is still somebody's.
    await apply([declared('scores', { owner: 'plan_scorer', outputs: ['value', 'label'] })])
    expect(await options()).toBe('security_barrier=true,security_invoker=true')
    await engine.db.execute(`COMMENT ON VIEW ${schema}.scores IS 'mine'`)
    expect(await only([declared('scores', { owner: 'plan_scorer', outputs: ['value', 'label'] })])).toMatchObject({
      class: 'metadata',
      metadata: ['comment'],
      blockers: [],
    })
  })

  test('what is declared no more is removed, and nothing else', async () => {
    await apply([declared(), declared('labels')])
    await engine.db.execute(`CREATE VIEW ${schema}.theirs AS SELECT 1 AS one`)
    const made = await plan([declared('labels')])
    expect(made.changes.map((c) => [c.class, c.name])).toEqual([
      ['none', 'labels'],
      ['remove', 'scores'],
    ])
    expect((await plan([declared('labels')], { names: ['labels'] })).changes.map((c) => c.class)).toEqual(['none'])
    expect((await plan([declared('labels')], { names: ['scores'] })).changes.map((c) => c.class)).toEqual(['remove'])
    // Another environment, and another project, do not see it.
    expect((await plan([], { environment: 'other' })).changes).toEqual([])
    const stranger = await openStore(engine.db, { project: 'other', actor: 'me' })
    expect((await planProject(stranger, projectOf([]), { environment: schema })).changes).toEqual([])
  })

  test('a declaration that moves to another schema removes the object it had', async () => {
    await apply([declared()])
    await engine.db.execute(`CREATE SCHEMA ${schema}_next`)
    const made = await plan([declared('scores', { schema: `${schema}_next` })])
    expect(made.changes.map((c) => [c.class, c.object.schema])).toEqual([
      ['add', `${schema}_next`],
      ['remove', schema],
    ])
  })

  test('dependents block a removal, each with its columns', async () => {
    await apply([declared()])
    await engine.db.execute(`CREATE VIEW ${schema}.report AS SELECT customer FROM ${schema}.scores`)
    const [blocker] = (await only([])).blockers
    expect(blocker?.code).toBe('deploy/dependents')
    expect(blocker?.message).toContain(`view ${schema}.report (customer)`)
  })

  test('an object of somebody else is never touched: deploy/conflict', async () => {
    await engine.db.execute(`CREATE TABLE ${schema}.scores (a int)`)
    expect(await blockersOf([declared()])).toEqual(['deploy/conflict'])
    await engine.db.execute(`DROP TABLE ${schema}.scores; CREATE SEQUENCE ${schema}.scores`)
    expect(await blockersOf([declared()])).toEqual(['deploy/conflict'])
    // A function of that name is no obstacle for a view.
    await engine.db.execute(`DROP SEQUENCE ${schema}.scores;
      CREATE FUNCTION ${schema}.scores() RETURNS int LANGUAGE sql AS 'SELECT 1'`)
    expect(await blockersOf([declared()])).toEqual([])
  })

  test('a view under the name of one that was deployed, made by somebody else, is theirs', async () => {
    await apply([declared()])
    await engine.db.execute(`DROP VIEW ${schema}.scores; CREATE TABLE ${schema}.scores (a int)`)
    expect(await blockersOf([declared()])).toEqual(['deploy/conflict'])
  })

  test('a hand edit is noticed and shown: deploy/edited', async () => {
    await apply([declared()])
    await engine.db.execute(`CREATE OR REPLACE VIEW ${schema}.scores WITH (security_invoker = true) AS
      SELECT customer, as_of, probability / 2 AS probability FROM (${(await only([declared()])).query}) q`)
    const change = await only([declared()])
    expect([change.class, change.blockers.map((b) => b.code)]).toEqual(['body', ['deploy/edited']])
    expect(change.edited).toMatch(/^--- as viewcast left it/)
    expect(change.edited).toMatch(/^\+.*\/ \(2\)/m)
  })

  test('no wolf is cried: another search path, grants, comments and options of a column are no edits', async () => {
    await apply([declared()])
    await engine.db.execute(`GRANT SELECT ON ${schema}.scores TO plan_boss; COMMENT ON COLUMN ${schema}.scores.customer IS 'who';
      ALTER VIEW ${schema}.scores ALTER COLUMN probability SET DEFAULT 0.5`)
    const change = await engine.db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL search_path = pg_catalog, ${schema}, public`)
      return planProject({ ...store, db: tx }, projectOf([declared()]), { schema, environment: schema })
    })
    expect(change.changes.map((c) => [c.class, c.blockers])).toEqual([['none', []]])
  })

  test('a text that an older server printed is printed anew before it is called an edit', async () => {
    await apply([declared()])
    const left = `UPDATE viewcast.deployment SET left_server = 9, left_hash = 'of another printer'`
    await engine.db.execute(`${left} WHERE environment = '${schema}'`)
    expect((await only([declared()])).class).toBe('none')
    // One that cannot be read any more says nothing.
    await engine.db.execute(`${left}, left_definition = 'SELECT gone FROM nowhere' WHERE environment = '${schema}'`)
    expect((await only([declared()])).class).toBe('none')
    // One that reads otherwise was edited.
    await engine.db.execute(`${left}, left_definition = 'SELECT 1 AS customer' WHERE environment = '${schema}'`)
    expect((await only([declared()])).blockers.map((b) => b.code)).toEqual(['deploy/edited'])
  })

  test('an object belongs to one environment: deploy/claimed', async () => {
    await apply([declared()])
    const other = await plan([declared()], { environment: 'other' })
    expect(other.changes[0]?.blockers.map((b) => b.message)).toEqual([
      `"${schema}.scores" is deployed by environment "${schema}"`,
    ])
    const stranger = await openStore(engine.db, { project: 'other', actor: 'me' })
    await trainRecorded(stranger, model)
    const theirs = await planProject(stranger, projectOf([declared()]), { schema, environment: schema })
    expect(theirs.changes[0]?.blockers.map((b) => b.code)).toEqual(['deploy/claimed'])
  })

  test('what was deployed without an environment is taken over by the first that has a name', async () => {
    await apply([declared()], { environment: '' })
    expect(await blockersOf([declared()])).toEqual([])
    await engine.db.execute(`UPDATE viewcast.deployment SET environment = 'gone' WHERE environment = ''`)
  })

  test('one that was dropped is made again, and that is told: deploy/missing', async () => {
    await apply([declared()])
    await engine.db.execute(`DROP VIEW ${schema}.scores`)
    const change = await only([declared()])
    expect([change.class, change.warnings.map((w) => w.code)]).toEqual(['add', ['deploy/missing']])
    await apply([declared()])
    expect((await only([declared()])).class).toBe('none')
  })

  test('a schema that is not there blocks, or is made: deploy/no-schema', async () => {
    const away = declared('scores', { schema: `${schema}s` })
    const [blocker] = (await only([away])).blockers
    expect([blocker?.code, blocker?.hint]).toEqual(['deploy/no-schema', `Did you mean "${schema}"?`])
    await apply([away], { createSchema: true })
    expect(await engine.db.rows(`SELECT FROM ${schema}s.scores LIMIT 1`)).toHaveLength(1)
  })

  test('roles that nobody has, two declarations of one object, and a conflict are told at once', async () => {
    await engine.db.execute(`CREATE TABLE ${schema}.scores (a int)`)
    const first = declared('scores', { readers: ['plan_elt', 'plan_bi'], owner: 'plan_scorrer' })
    const second = declared(`${schema}.scores`)
    const made = await plan([first, second], { schema: undefined as never })
    // Without a schema of the environment the first is in that of the search path.
    expect(made.changes.map((c) => c.blockers.map((b) => b.code))).toEqual([
      ['deploy/unknown-role', 'deploy/unknown-role'],
      ['deploy/conflict'],
    ])
    expect(made.changes[0]?.blockers.map((b) => b.hint)).toEqual([
      'Did you mean "plan_etl"?',
      'Did you mean "plan_scorer"?',
    ])
    const twice = await plan([declared('scores', { schema }), declared('labels'), second], {
      schema: undefined as never,
    })
    expect(twice.changes.map((c) => c.blockers.map((b) => b.code))).toEqual([
      ['deploy/conflict', 'deploy/same-object'],
      [],
      ['deploy/conflict', 'deploy/same-object'],
    ])
  })

  test('a column that is only called otherwise is renamed, and who reads it goes on', async () => {
    await apply([declared()])
    await engine.db.execute(`ALTER VIEW ${schema}.scores RENAME COLUMN probability TO p;
      CREATE VIEW ${schema}.report AS SELECT p FROM ${schema}.scores;
      UPDATE viewcast.deployment SET left_hash = NULL WHERE environment = '${schema}'`)
    const renamed = declared('scores', { renamed: { probability: 'p' } })
    const change = await only([renamed])
    expect([change.class, change.strategy]).toEqual(['breaking', 'in place'])
    expect(change.columns.filter((c) => c.change !== 'kept')).toEqual([
      { name: 'probability', was: 'p', type: 'double precision', change: 'renamed' },
    ])
    await apply([renamed])
    expect(await engine.db.rows(`SELECT p FROM ${schema}.report LIMIT 1`)).toEqual([{ p: expect.any(Number) }])
    expect((await only([renamed])).class).toBe('none')
  })

  test('readers who are declared no more do not come along to the object that takes the place', async () => {
    await apply([declared('scores', { outputs: ['value', 'label'], readers: ['plan_etl'] })])
    await engine.db.execute(`GRANT SELECT ON ${schema}.scores TO plan_boss`)
    const bi = declared('scores', { readers: ['plan_bi'] })
    const change = await only([bi], { isExact: true })
    expect([change.class, change.strategy, change.metadata]).toEqual([
      ...['breaking', 'swap'],
      ['grant SELECT to plan_bi', 'revoke SELECT from plan_etl'],
    ])
    await apply([bi], { isExact: true })
    expect(await Promise.all(['plan_etl', 'plan_bi', 'plan_boss'].map((role) => mayRead(role)))).toEqual([
      false,
      true,
      true,
    ])
    expect((await only([bi])).class).toBe('none')
    expect((await engine.db.describe(`SELECT * FROM ${schema}.scores`)).map((c) => c.name)).not.toContain('label')
  })

  test('a tombstone keeps its date through other versions, and is revived', async () => {
    await apply([declared('scores', { outputs: ['value', 'label'] })])
    const dated = (await apply([declared()])).changes[0]?.columns.find((c) => c.change === 'removed')?.tombstone
    await apply([declared('scores', { at: '2024-03-01T00:00Z' })])
    const kept = await only([declared()])
    expect(kept.columns.find((c) => c.name === 'label')).toMatchObject({ change: 'removed', tombstone: dated })
    expect(kept.class).toBe('body')
    const back = await only([declared('scores', { outputs: ['value', 'label'] })])
    expect([back.class, back.columns.find((c) => c.name === 'label')?.change]).toEqual(['append', 'revived'])
    await apply([declared('scores', { outputs: ['value', 'label'] })])
    const [row] = await engine.db.rows(`SELECT label FROM ${schema}.scores LIMIT 1`)
    expect(row).toEqual({ label: expect.any(Boolean) })
  })

  test('a name that nobody knows, and a model that was never trained, are refused: deploy/unknown', async () => {
    const found = await diagnosticsOf(() => plan([declared()], { names: ['score'] }))
    expect(found.map((d) => [d.code, d.hint])).toEqual([['deploy/unknown', 'Did you mean "scores"?']])
    const hints = async (name: string) =>
      (await diagnosticsOf(() => plan([declared(), declared('labels')], { names: [name] }))).map((d) => d.hint)
    expect(await hints('something_else')).toEqual(['There are: scores, labels.'])
    const missing = [
      declared('a', { version: 7 }),
      declared('b', { version: 'production' }),
      declared('c', { version: 7 }),
    ]
    expect((await diagnosticsOf(() => plan(missing))).map((d) => d.code)).toEqual([
      'model/not-trained',
      'model/no-alias',
    ])
  })

  test('is a file for one place only: deploy/plan-elsewhere', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'viewcast-plan-')), 'plan.json')
    const made = await plan([declared()])
    await writePlan(file, made)
    expect(await readPlan(store, file, schema)).toEqual(made)
    const elsewhere = async (of: Store, environment: string) =>
      (await diagnosticsOf(() => readPlan(of, file, environment))).map((d) => [d.code, d.parameters['what']])
    expect(await elsewhere(store, 'other')).toEqual([['deploy/plan-elsewhere', 'environment']])
    expect(await elsewhere({ ...store, project: 'other' }, schema)).toEqual([['deploy/plan-elsewhere', 'project']])
    const db = { ...store.db, description: 'postgres://elsewhere' }
    expect(await elsewhere({ ...store, db }, schema)).toEqual([['deploy/plan-elsewhere', 'database']])
    const place = 'postgres://reviewer@db.example.org:5432/shop'
    await writePlan(file, { ...made, database: place })
    const by = { ...store, db: { ...store.db, description: place.replace('reviewer', 'deployer') } }
    expect((await readPlan(by, file, schema)).database).toBe(place)
    const [told] = await diagnosticsOf(() => readPlan(by, file))
    expect([told?.message, told?.hint]).toEqual([
      `${file} is a plan of environment "${schema}", and this is no environment`,
      `Apply it there: viewcast apply ${file} --env ${schema}. Or plan for where it is to be applied.`,
    ])
    expect((await diagnosticsOf(() => readPlan(store, `${file}.gone`))).map((d) => d.code)).toEqual([
      'deploy/plan-file',
    ])
  })
})

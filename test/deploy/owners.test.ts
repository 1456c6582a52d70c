/** What belongs to a version is kept with it: grants that are viewcast's, and whose it is. */
import {
  applyPlan,
  collectKept,
  deploymentVersions,
  findDeployment,
  keptVersions,
  listDeployments,
  type ModelRecord,
  openStore,
  type PlanOptions,
  planDeployments,
  planRollback,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, p, tables } from '../scenarios/shop.ts'

const both = ['value', 'label'] as const

describeEachEngine('what belongs to a version', (engine) => {
  let store: Store
  let stranger: Store
  const records = new Map<string, ModelRecord>()
  const recordOf = (by: Store) => async () => records.get(by.project) as ModelRecord
  const role = (name: string) => `${name}_${engine.name}_${process.pid}`
  const dashboard = role('dashboard')
  const analyst = role('analyst')
  const guest = role('guest')
  let schema = ''
  let count = 0
  const object = () => ({ schema, name: 'scores' })

  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    stranger = await openStore(engine.db, { project: 'store', actor: 'them' })
    for (const by of [store, stranger]) records.set(by.project, (await trainRecorded(by, model)).record)
    await engine.db.execute(`CREATE ROLE ${dashboard}; CREATE ROLE ${analyst}; CREATE ROLE ${guest}`)
  })
  beforeEach(async () => {
    schema = `owned${++count}`
    await engine.db.execute(`CREATE SCHEMA ${schema}`)
  })

  const planned = async (options: object, by = store, plan: PlanOptions = {}) => {
    const def = p.deployment('scores', { model, schema, ...options } as never)
    const record = await recordOf(by)()
    return planDeployments(by, [{ def, record, isDeclared: true }], { isExact: true, ...plan })
  }
  const allowed = (by: Store) => ({ record: recordOf(by), allowBreaking: true, allowRemove: true })
  const deploy = async (options: object, by = store, plan: PlanOptions = {}) => {
    const made = await planned(options, by, plan)
    await applyPlan(by, made, allowed(by))
    return made.changes[0]
  }
  const remove = async (by = store, environment?: string) => {
    const unlessWanted = (await listDeployments(by, environment)).filter((d) => d.object.schema === schema)
    const plan = await planDeployments(by, [], { unlessWanted, ...(environment ? { environment } : {}) })
    await applyPlan(by, plan, allowed(by))
  }
  const back = (options: object = {}, by = store) => rollback(by, object(), { record: recordOf(by), ...options })
  const may = async (name: string, privilege = 'SELECT') =>
    (
      await engine.db.rows<{ may: boolean }>(
        `SELECT has_table_privilege($1, '${schema}.scores'::regclass, $2) AS may`,
        [name, privilege],
      )
    )[0]?.may
  const versions = async (by = store) => (await deploymentVersions(by, object()))?.versions.map((v) => v.version)

  test('a grant that came back with a version is known as ours, and goes with its reader', async () => {
    await deploy({ outputs: both, readers: [dashboard, analyst] })
    await deploy({ outputs: ['value'], readers: [analyst] })
    expect([await may(dashboard), await may(analyst)]).toEqual([false, true])
    await back()
    expect([await may(dashboard), await may(analyst)]).toEqual([true, true])
    const change = await deploy({ outputs: both, readers: [analyst] })
    expect(change).toMatchObject({ class: 'metadata', metadata: [`revoke SELECT from ${dashboard}`] })
    expect([await may(dashboard), await may(analyst)]).toEqual([false, true])
  })

  test("a grant of somebody's own that came back stays, whatever was ours since", async () => {
    await deploy({ outputs: both })
    await engine.db.execute(`GRANT SELECT ON ${schema}.scores TO ${dashboard}`)
    await deploy({ outputs: ['value'], readers: [dashboard] })
    await engine.db.execute(`REVOKE SELECT ON ${schema}.scores FROM ${dashboard}`)
    expect((await deploy({ outputs: ['value'], readers: [dashboard] }))?.metadata).toEqual([
      `grant SELECT to ${dashboard}`,
    ])
    // By now it is ours on the second version; that of the first is still somebody's own.
    await back({ to: 1 })
    expect((await deploy({ outputs: both }))?.class).toBe('none')
    expect(await may(dashboard)).toBe(true)
  })

  test('a version that was removed comes back with its readers, kept or made again', async () => {
    await deploy({ outputs: both, readers: [dashboard] })
    await remove()
    await back({ to: 1 })
    expect(await may(dashboard)).toBe(true)
    expect((await deploy({ outputs: both }))?.metadata).toEqual([`revoke SELECT from ${dashboard}`])
    await deploy({ outputs: both, readers: [dashboard] })
    await remove()
    await collectKept(store, { keep: 0 })
    await back({ to: 1 })
    expect(await may(dashboard)).toBe(true)
    expect((await deploy({ outputs: both }))?.metadata).toEqual([`revoke SELECT from ${dashboard}`])
  })

  test('a reader that goes while another kind of object comes has nothing left, and calling is not reading', async () => {
    const mayCall = async (name: string) =>
      (
        await engine.db.rows<{ may: boolean }>(
          `SELECT has_function_privilege($1, p.oid, 'EXECUTE') AS may FROM pg_proc p WHERE p.pronamespace = $2::regnamespace`,
          [name, schema],
        )
      )[0]?.may
    await deploy({ as: 'table', readers: [dashboard, analyst] })
    await engine.db.execute(`GRANT SELECT ON ${schema}.scores TO ${guest}`)
    await deploy({ as: 'function', readers: [analyst] })
    expect([await mayCall(dashboard), await mayCall(analyst), await mayCall(guest)]).toEqual([false, true, true])
    await deploy({ as: 'table', readers: [] })
    expect([await may(dashboard), await may(analyst), await may(guest)]).toEqual([false, false, true])
    // Everybody may call a function without readers; nobody may read a table for that.
    await deploy({ as: 'function', readers: [], outputs: ['value'] })
    expect(await mayCall(dashboard)).toBe(true)
    await deploy({ as: 'table', readers: [] })
    expect([await may(dashboard), await may(guest)]).toEqual([false, true])
  })

  test('deploy/earlier-owner: a name that another project left is told, and its versions stay its own', async () => {
    await deploy({ as: 'table', outputs: both })
    await engine.db.execute(`UPDATE ${schema}.scores SET probability = 0.25 WHERE customer = 7`)
    await deploy({ as: 'table', outputs: ['value'] })
    await remove()
    const plan = await planned({ outputs: ['value'] }, stranger)
    expect(plan.changes[0]?.warnings).toMatchObject([
      {
        code: 'deploy/earlier-owner',
        message: `"${schema}.scores" was deployed by project "shop" before: its versions stay its own (1, 2)`,
      },
    ])
    await applyPlan(stranger, plan, allowed(stranger))
    expect((await planned({ outputs: ['value'] }, stranger)).changes[0]?.warnings).toEqual([])
    // Neither sees, goes back to, or collects what is the other's.
    expect([await versions(), await versions(stranger)]).toEqual([[1, 2], [3]])
    await expect(back({ to: 1 }, stranger)).rejects.toThrow('no version 1; there are 3')
    expect((await keptVersions(stranger, { keep: 0 })).versions).toEqual([])
    expect((await collectKept(stranger, { keep: 0 })).versions).toEqual([])
    await expect(back({ to: 1 })).rejects.toThrow(`"${schema}.scores" is deployed by project "store"`)
    const ours = async () => {
      const { versions: all, schemas } = await keptVersions(store, { keep: 0 })
      return [
        all.filter((v) => v.object.schema === schema).map((v) => `${v.name} ${v.version} ${v.status}`),
        schemas.filter((s) => s.name.startsWith(`${schema}__`) && s.foreign.length > 0),
      ]
    }
    expect(await ours()).toEqual([['scores 2 collectable', 'scores 1 collectable'], []])
    // The other's are not foreign to the schema that both are kept in.
    expect((await keptVersions(stranger)).schemas.flatMap((s) => s.foreign)).toEqual([])
    expect(await findDeployment(store, `${schema}.scores`)).toMatchObject({ object: object(), isLive: false })
    // When the name is free again, the first comes back with its rows, and the second may as well.
    await remove(stranger)
    await back({ to: 1 })
    expect(await engine.db.rows(`SELECT probability FROM ${schema}.scores WHERE customer = 7`)).toEqual([
      { probability: 0.25 },
    ])
    expect((await listDeployments(store)).filter((d) => d.object.schema === schema)).toMatchObject([
      { name: 'scores', version: 1, isDeclared: true },
    ])
    await expect(back({}, stranger)).rejects.toThrow('is deployed by project "shop"')
    await remove()
    await back({}, stranger)
    expect(await listDeployments(stranger)).toMatchObject([{ version: 3 }])
  })

  test('what is kept of a version belongs to the environment that put it aside, though another has the same version', async () => {
    const deployIn = (environment: string, outputs: readonly string[]) =>
      deploy({ as: 'table', outputs }, store, { environment })
    await deployIn('staging', both)
    await engine.db.execute(`UPDATE ${schema}.scores SET probability = 0.25 WHERE customer = 7`)
    await deployIn('staging', ['value'])
    await remove(store, 'staging')
    await deployIn('production', both)
    expect((await deploymentVersions(store, object()))?.versions).toMatchObject([{ version: 1, kept: null }])
    await deployIn('production', ['value'])
    await back({ to: 1 })
    expect(await engine.db.rows(`SELECT probability FROM ${schema}.scores WHERE customer = 7`)).not.toEqual([
      { probability: 0.25 },
    ])
  })

  test('of one that never deployed there is nothing to go back to, and it is told who did', async () => {
    await deploy({ outputs: both })
    expect(await deploymentVersions(stranger, object())).toBeUndefined()
    await expect(planRollback(stranger, object(), { record: recordOf(stranger) })).rejects.toMatchObject({
      diagnostics: [{ code: 'deploy/claimed' }],
    })
  })

  test('versions of another environment are its own, and one without a name is taken over with its versions', async () => {
    const inEnvironment = (environment: string) => ({ environment })
    await deploy({ outputs: both })
    await deploy({ outputs: ['value'] }, store, inEnvironment('production'))
    expect(await versions()).toEqual([1, 2])
    await remove(store, 'production')
    const change = await deploy({ outputs: ['label'] }, store, inEnvironment('staging'))
    expect(change?.warnings.map((w) => w.message)).toEqual([
      `"${schema}.scores" was deployed by environment "production" before: its versions stay its own (2)`,
    ])
    expect(await versions()).toEqual([1, 3])
    const listed = async (environment?: string) =>
      (await keptVersions(store, { keep: 0, ...(environment ? { environment } : {}) })).versions
        .filter((v) => v.object.schema === schema)
        .map((v) => [v.version, v.environment])
    expect(await listed('staging')).toEqual([])
    expect(await listed()).toEqual([
      [2, 'production'],
      [1, ''],
    ])
    await back({ to: 1 })
    expect(await may(dashboard)).toBe(false)
    expect((await listDeployments(store)).filter((d) => d.object.schema === schema)).toMatchObject([
      { environment: 'staging', version: 1 },
    ])
  })
})

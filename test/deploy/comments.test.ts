/** What somebody wrote into the comments of a deployed object stays theirs, whatever is done to the object in its place. */
import {
  applyPlan,
  applyView,
  type DeploymentDef,
  deploymentMigration,
  type ModelRecord,
  openStore,
  planDeployments,
  planRollback,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { modelOf, p, profile, spending, tables } from '../scenarios/shop.ts'

const model = modelOf([profile, spending])

describeEachEngine('comments of somebody else', (engine) => {
  let store: Store
  let records: readonly ModelRecord[]
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    const one = await trainRecorded(store, model)
    await engine.db.execute('UPDATE asked SET answer = 1 - answer WHERE customer % 5 = 0')
    const two = await trainRecorded(store, model)
    records = [one.record, two.record]
    expect(records.map((r) => r.version)).toEqual([1, 2])
  })
  const record = async (_: string, version: number) => records[version - 1] as ModelRecord
  const plan = async (def: DeploymentDef, version: number) =>
    planDeployments(store, [{ def, record: await record('', version), isDeclared: true }], { sample: 0 })
  const apply = async (def: DeploymentDef, version: number) => {
    const wanted = await plan(def, version)
    await applyPlan(store, wanted, { record, allowBreaking: true })
    return wanted.changes.map((c) => [c.class, c.strategy])
  }
  const theirs = "Scores of the CRM; it's Ada's.\nNightly."
  const ours = (version: number) =>
    expect.stringMatching(new RegExp(`^viewcast: model replies version ${version}\\b.*$`))
  /** Our line and what is below it. */
  const parts = (comment: string | undefined | null) => {
    const [line, ...rest] = (comment ?? '').split('\n')
    return [line, rest.join('\n').trim()]
  }

  describe.each(['view', 'table', 'function'] as const)('on a %s', (as) => {
    const name = `noted_${as}`
    const def = (outputs: readonly ('value' | 'label')[]) => p.deployment(name, { model, as, outputs } as never)
    const target = async () => {
      const [row] = await engine.db.rows<{ target: string }>(
        as === 'function'
          ? `SELECT 'FUNCTION ' || oid::regprocedure AS target FROM pg_proc WHERE proname = '${name}' AND pronamespace = 'public'::regnamespace`
          : `SELECT '${as} ${name}' AS target`,
      )
      return row?.target ?? ''
    }
    const said = async () => {
      const [row] = await engine.db.rows<{ whole: string; column: string | null }>(
        as === 'function'
          ? `SELECT obj_description(oid, 'pg_proc') AS whole, 'Share' AS "column" FROM pg_proc WHERE proname = '${name}' AND pronamespace = 'public'::regnamespace`
          : `SELECT obj_description('${name}'::regclass) AS whole, col_description('${name}'::regclass, 3) AS "column"`,
      )
      return row
    }
    const note = async () => {
      const whole = `${(await said())?.whole}\n\n${theirs}`.replaceAll("'", "''")
      await engine.db.execute(`COMMENT ON ${await target()} IS '${whole}'`)
      if (as !== 'function') await engine.db.execute(`COMMENT ON COLUMN ${name}.probability IS 'Share'`)
    }

    test('stay below our line through changes in place, and change nothing by themselves', async () => {
      await apply(def(['value']), 1)
      await note()
      expect((await plan(def(['value']), 1)).changes.map((c) => c.class)).toEqual(['none'])
      const steps = [
        [['value'], 2],
        [['value', 'label'], 2],
        [['value', 'label'], 1],
        [['value'], 2],
      ] as const
      for (const [outputs, version] of steps) {
        await apply(def(outputs), version)
        const now = await said()
        expect(parts(now?.whole)).toEqual([ours(version), theirs])
        expect(now?.column).toBe('Share')
        expect((await plan(def(outputs), version)).changes.map((c) => c.class)).toEqual(['none'])
      }
    })

    test('stay through a rollback that makes the version again', async () => {
      const object = { schema: 'public', name }
      const back = await planRollback(store, object, { record, to: 1 })
      await rollback(store, object, { record, to: 1 })
      expect(back.changes).toHaveLength(1)
      expect(parts((await said())?.whole)).toEqual([ours(1), theirs])
      expect((await said())?.column).toBe('Share')
    })

    test('stay through the files of a migration, there and back', async () => {
      const before = await said()
      const { changes } = await plan(def(['value', 'label']), 2)
      const [only] = changes
      if (!only) throw new Error('nothing is planned')
      const [up, down] = await deploymentMigration(store, only)
      await engine.db.execute(up?.content ?? '')
      expect(parts((await said())?.whole)).toEqual([ours(2), theirs])
      await engine.db.execute(down?.content ?? '')
      expect(await said()).toEqual(before)
    })
  })

  test('a comment that was written over is below our line from then on', async () => {
    const def = p.deployment('rewritten', { model })
    await apply(def, 1)
    await engine.db.execute(`COMMENT ON VIEW rewritten IS 'mine'`)
    expect(await apply(def, 1)).toEqual([['metadata', 'in place']])
    const [row] = await engine.db.rows<{ said: string }>(`SELECT obj_description('rewritten'::regclass) AS said`)
    expect(parts(row?.said)).toEqual([ours(1), 'mine'])
    expect(await apply(def, 1)).toEqual([['none', 'none']])
  })

  test('stay on a view that is applied without a store', async () => {
    await applyView(engine.db, model, await record('', 1), { name: 'alone' })
    await engine.db.execute(
      `DO $$ BEGIN EXECUTE format('COMMENT ON VIEW alone IS %L', obj_description('alone'::regclass) || E'\\n\\nmine'); END $$`,
    )
    await applyView(engine.db, model, await record('', 2), { name: 'alone' })
    const [row] = await engine.db.rows<{ said: string }>(`SELECT obj_description('alone'::regclass) AS said`)
    expect(parts(row?.said)).toEqual([ours(2), 'mine'])
  })
})

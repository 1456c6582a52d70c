/** A plan is applied to the database it was made for, or not at all. */
import { applyPlan, type ModelRecord, openStore, planDeployments, type Store, trainRecorded } from '@viewcast/sdk'
import { beforeEach, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'
import { model, p, tables } from '../scenarios/shop.ts'

describeEachEngine('a plan of a database that moved', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeEach(async () => {
    const db = await engine.open()
    await db.execute(tables)
    store = await openStore(db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  const plan = (...names: string[]) =>
    planDeployments(
      store,
      names.map((name) => ({ def: p.deployment(name, { model }), record, isDeclared: true })),
    )
  const apply = (wanted: Awaited<ReturnType<typeof plan>>) => applyPlan(store, wanted, { record: async () => record })
  const movedAfter = async (sql: string) => {
    await apply(await plan('answers_now'))
    const outcome = p.deployment('answers_now', { model, outputs: ['value', 'label'] })
    const wanted = await planDeployments(store, [{ def: outcome, record, isDeclared: true }])
    await store.db.execute(sql)
    const found = await diagnosticsOf(() => apply(wanted))
    expect(found.map((d) => d.code)).toEqual(['deploy/moved'])
    expect((await store.db.describe('SELECT * FROM answers_now')).map((c) => c.name)).not.toContain('label')
    return found[0]?.message
  }

  test.each([
    ['GRANT SELECT ON answers_now TO PUBLIC', 'grants'],
    [`COMMENT ON VIEW answers_now IS 'mine'`, 'comment'],
    ['CREATE VIEW report AS SELECT customer FROM answers_now', 'dependents'],
    ['ALTER VIEW answers_now SET (security_barrier = true)', 'options'],
    ['ALTER VIEW answers_now RENAME COLUMN probability TO p', 'definition, columns'],
  ])('%s', async (sql, what) => {
    expect(await movedAfter(sql)).toBe(`"public.answers_now" is no longer what was planned for: ${what}`)
  })

  test('every object is named, and the one that did not move is not changed either', async () => {
    const wanted = await plan('one', 'two', 'three')
    await store.db.execute('CREATE TABLE one (a int); CREATE VIEW three AS SELECT 1 AS theirs')
    const found = await diagnosticsOf(() => apply(wanted))
    expect(found.map((d) => `${d.code} ${d.message.slice(0, 20)}`)).toEqual([
      'deploy/moved "public.one" is no l',
      'deploy/moved "public.three" is no',
    ])
    expect(await store.db.rows(`SELECT FROM pg_class WHERE relname = 'two'`)).toEqual([])
    expect(await store.db.rows('SELECT FROM viewcast.deployment')).toEqual([])
  })
})

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
  const movedAfter = async (sql: string, before = '') => {
    await apply(await plan('answers_now'))
    await store.db.execute(before)
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
    ['ALTER VIEW answers_now OWNER TO pg_read_all_data', 'owner'],
    [
      'CREATE OR REPLACE VIEW report AS SELECT customer, probability FROM answers_now',
      'dependents',
      'CREATE VIEW report AS SELECT customer FROM answers_now',
    ],
    // The same once more is not the same: whoever was granted the old one has no grant on this one.
    [
      `DO $$ DECLARE is_so text := pg_get_viewdef('answers_now'::regclass); said text := obj_description('answers_now'::regclass); BEGIN
         DROP VIEW answers_now;
         EXECUTE 'CREATE VIEW answers_now WITH (security_invoker = true) AS ' || is_so;
         EXECUTE format('COMMENT ON VIEW answers_now IS %L', said);
       END $$`,
      'definition',
    ],
    ['UPDATE viewcast.deployment SET artifact_id = NULL', 'version'],
    [
      `UPDATE viewcast.artifact a SET digest = repeat('f', 64) FROM viewcast.asset o WHERE o.id = a.asset_id AND o.kind = 'model'`,
      'model',
    ],
  ])('%s', async (sql, what, before?: string) => {
    expect(await movedAfter(sql, before)).toBe(`"public.answers_now" is no longer what was planned for: ${what}`)
  })

  test('a column that it reads has another type, or is gone', async () => {
    for (const [name, sql] of [
      ['typed', 'ALTER TABLE orders ALTER COLUMN amount TYPE numeric'],
      ['gone', 'ALTER TABLE orders DROP COLUMN amount'],
    ] as const) {
      const wanted = await plan(name)
      await store.db.execute(sql)
      const found = await diagnosticsOf(() => apply(wanted))
      expect(found.map((d) => d.message)).toEqual([`"public.${name}" is no longer what was planned for: sources`])
    }
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

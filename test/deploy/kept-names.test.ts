/** Schemas that viewcast makes beside those of a deployment have names that nothing else has. */
import {
  applyPlan,
  type DeploymentDef,
  type ModelRecord,
  openStore,
  planDeployments,
  rollback,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, p, tables } from '../scenarios/shop.ts'

interface ObjectName {
  readonly schema: string
  readonly name: string
}

describeEachEngine('names beside a deployment', (engine) => {
  let store: Store
  let made: ModelRecord
  const record = async () => made

  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    made = (await trainRecorded(store, model)).record
  })

  /** All of them in one plan: with a label, and without, which takes an exchange. */
  const deploy = async (
    objects: readonly ObjectName[],
    outputs: readonly string[],
    as: DeploymentDef['as'] = 'view',
  ) => {
    const wanted = objects.map(({ schema, name }) => ({
      def: p.deployment(name, { model, schema, outputs, as } as never),
      record: made,
      isDeclared: true,
    }))
    const plan = await planDeployments(store, wanted, { isExact: true })
    await applyPlan(store, plan, { record, allowBreaking: true })
    return plan.changes
  }
  const make = async (objects: readonly ObjectName[]) => {
    for (const schema of new Set(objects.map((o) => o.schema))) await engine.db.execute(`CREATE SCHEMA "${schema}"`)
    await deploy(objects, ['value', 'label'])
  }
  const width = async ({ schema, name }: ObjectName) =>
    (await engine.db.describe(`SELECT * FROM "${schema}"."${name}"`)).length

  test('two exchanges of one plan whose schema and name join to one text', async () => {
    const objects = [
      { schema: 'a', name: 'b__c' },
      { schema: 'a__b', name: 'c' },
    ]
    await make(objects)
    const changes = await deploy(objects, ['value'])
    expect(changes.map((c) => c.strategy)).toEqual(['swap', 'swap'])
    for (const object of objects) {
      expect(await width(object)).toBe(3)
      await rollback(store, object, { record })
      expect(await width(object)).toBe(4)
    }
  })

  test('at the longest names that there are', async () => {
    const objects = ['s'.repeat(63), `${'s'.repeat(62)}t`, `${'é'.repeat(31)}s`].flatMap((schema) =>
      ['n'.repeat(50), `${'n'.repeat(49)}o`].map((name) => ({ schema, name })),
    )
    await make(objects)
    const kept = (await deploy(objects, ['value'])).map((c) => c.exchange?.keptAt)
    expect(new Set(kept.map((k) => `${k?.schema}.${k?.name}`)).size).toBe(objects.length)
    for (const object of objects) {
      await rollback(store, object, { record })
      expect(await width(object)).toBe(4)
    }
  })

  test('somebody has a schema of the name that would be built in', async () => {
    const object = { schema: 'taken', name: 'now' }
    await engine.db.execute('CREATE SCHEMA taken__now__next; CREATE TABLE taken__now__next.now (mine int)')
    await make([object])
    await deploy([object], ['value'])
    expect(await width(object)).toBe(3)
    expect(await engine.db.rows('SELECT * FROM taken__now__next.now')).toEqual([])
    expect(await engine.db.rows(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^taken__now__next_'`)).toEqual([])
  })

  test('an index of a table has the name of one that is kept already', async () => {
    await engine.db.execute('CREATE SCHEMA indexed')
    const [first, second] = [
      { schema: 'indexed', name: 'first' },
      { schema: 'indexed', name: 'second' },
    ]
    for (const object of [first, second]) {
      await deploy([object], ['value', 'label'], 'table')
      await engine.db.execute(`CREATE INDEX by_label ON indexed."${object.name}" (label)`)
      await deploy([object], ['value'], 'table')
      await engine.db.execute('DROP INDEX IF EXISTS indexed.by_label')
    }
    for (const object of [first, second]) {
      await rollback(store, object, { record })
      expect(await width(object)).toBeGreaterThan(4)
      await rollback(store, object, { record })
    }
  })
})

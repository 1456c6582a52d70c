/** What is live in one environment, planned and applied in another. */
import {
  applyPlan,
  collectProject,
  type Database,
  type ModelRecord,
  modelVersion,
  openStore,
  planProject,
  planPromotion,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, modelOf, p, profile, tables } from '../scenarios/shop.ts'

describeEachEngine('a promotion', (engine) => {
  let staging: Store
  let production: Store
  const project = collectProject(
    {
      a: p.deployment('scores', { model, readers: ['promotion_etl'] }),
      b: p.deployment('labels', { model, outputs: ['label'] }),
    },
    { directory: '.', file: 'project.ts', name: 'shop' },
  )
  const apply = async (store: Store, plan: Awaited<ReturnType<typeof planProject>>) => {
    const records = new Map<string, ModelRecord>()
    for (const { to } of plan.changes) {
      if (to) records.set(`${to.model}@${to.version}`, (await modelVersion(store, to.model, to.version)).record)
    }
    await applyPlan(store, plan, { record: async (name, version) => records.get(`${name}@${version}`) as ModelRecord })
  }
  const storeOf = (db: Database) => openStore(db, { project: 'shop', actor: 'me' })
  beforeAll(async () => {
    const other = await engine.open()
    await engine.db.execute(`${tables}; CREATE SCHEMA scoring; CREATE SCHEMA live`)
    await other.execute(`${tables}; CREATE SCHEMA live`)
    // Roles are of the server, which both may be on.
    for (const db of [engine.db, other]) {
      const known = await db.rows(`SELECT FROM pg_roles WHERE rolname = 'promotion_etl'`)
      if (known.length === 0) await db.execute('CREATE ROLE promotion_etl')
    }
    staging = await storeOf(engine.db)
    production = await storeOf(other)
    await trainRecorded(staging, model)
    // Numbers of the registries differ: this one has had a version of its own.
    await trainRecorded(production, modelOf([profile], {}, { penalty: 7 }))
    await apply(
      staging,
      await planProject(staging, project, { environment: 'staging', schema: 'scoring', names: ['scores'] }),
    )
    // Trained since, and not deployed: a promotion is of what is live.
    await trainRecorded(staging, modelOf([profile], {}, { penalty: 3 }))
  })

  test('brings the version that is live there, registered by what it says, under its own number', async () => {
    const from = { store: staging, environment: 'staging' }
    const target = { environment: 'production', schema: 'live' }
    const plan = await planPromotion(production, project, { from, ...target })
    expect(plan.changes).toMatchObject([
      {
        class: 'add',
        name: 'scores',
        object: { schema: 'live', name: 'scores' },
        to: { model: 'replies', version: 2 },
        origin: { environment: 'staging', version: 1 },
      },
    ])
    const there = await modelVersion(staging, 'replies', 1)
    const here = await modelVersion(production, 'replies', 2)
    expect(here.record).toEqual({ ...there.record, version: 2 })
    expect(here.tags).toEqual({ 'promoted.from': 'staging', 'promoted.version': '1' })
    await apply(production, plan)
    const scores = (db: Database, schema: string) =>
      db.rows(`SELECT customer, probability FROM ${schema}.scores ORDER BY customer LIMIT 50`)
    expect(await scores(production.db, 'live')).toEqual(await scores(staging.db, 'scoring'))
    // Again it is the same version, and nothing is left to do.
    const again = await planPromotion(production, project, { from, ...target })
    expect(again.changes.map((c) => [c.class, c.to?.version])).toEqual([['none', 2]])
  })

  test('within one database the version is the same, and the environments do not touch each other', async () => {
    const from = { store: staging, environment: 'staging' }
    const plan = await planPromotion(staging, project, { from, environment: 'production', schema: 'live' })
    expect(plan.changes).toMatchObject([{ class: 'add', to: { version: 1 }, origin: { version: 1 } }])
    await apply(staging, plan)
    const live = await staging.db.rows('SELECT environment, object FROM viewcast.deployments ORDER BY 1')
    expect(live).toEqual([
      { environment: 'production', object: 'live.scores' },
      { environment: 'staging', object: 'scoring.scores' },
    ])
    const none = await planProject(staging, { ...project, deployments: new Map() }, { environment: 'staging' })
    expect(none.changes.map((c) => [c.class, c.object.schema])).toEqual([['remove', 'scoring']])
  })

  test('what is declared and not live there is left as it is', async () => {
    const target = { environment: 'production', schema: 'live' }
    await apply(production, await planProject(production, project, { ...target, names: ['labels'] }))
    const from = { store: staging, environment: 'staging' }
    const plan = await planPromotion(production, project, { from, ...target })
    expect(plan.changes.map((c) => [c.name, c.class])).toEqual([['scores', 'none']])
  })
})

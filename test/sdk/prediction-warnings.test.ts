/** What a prediction warns of: the views it asks, and nothing of the target, which it does not. */
import { explain, predictionQuery, project, trainingQuery } from '@viewcast/sdk'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  homes: { home_id: number; area: number; built: Date; price: number }
}

const p = project<DB>('homes')
const home = p.entity('home', { home_id: 'int4' }, { from: 'homes' })
const later = sql<Date>`built + interval '1 month'`
const size = p
  .featureView('size', { entity: home })
  .query(({ db }) => db.selectFrom('homes').select(['home_id', 'area', sql<number>`extract(day from built)`.as('day')]))
const sold = p
  .sample('sold', { entity: home })
  .query(({ db }) => db.selectFrom('homes').select(['home_id', later.as('as_of')]))
const price = p
  .target('price', { entity: home })
  .query(({ db }) =>
    db.selectFrom('homes').where(later, '>', sql<Date>`timestamptz '2000-01-01Z'`).select(['home_id', 'price']),
  )
const sales = p.dataset('sales', { sample: sold, target: price, features: [size] })
const worth = p.model('worth', { dataset: sales, family: 'linear', label: 'price' }).inputs({ area: 'auto' })
const record = linearRecord('worth', ['area'])

describeEachEngine('warnings', (engine) => {
  it('of a prediction are those of its views, of training all', async () => {
    const db = await engine.open()
    await db.execute('create table homes (home_id int4 primary key, area float8, built timestamptz, price float8)')
    const told = (of: { warnings: readonly { message: string }[] }) =>
      of.warnings.map((w) => /^(view|sample|target)/.exec(w.message)?.[1])
    expect(told(await trainingQuery(db, sales)).sort()).toEqual(['sample', 'target', 'view'])
    expect(told(await predictionQuery(db, worth, record))).toEqual(['view'])
    expect(told(await explain(db, worth, { record }))).toEqual(['view'])
    expect(told(await explain(db, worth)).sort()).toEqual(['sample', 'target', 'view'])
  })
})

/** A shop with a view of the database between its tables and its feature views. */
import { collectProject, type Database, type ModelRecord, project, projectLineage, trainModel } from '@viewcast/sdk'

interface ShopDB {
  customers: { customer: number; country: string }
  long_visits: { customer: number; ended_at: Date; seconds: number }
  asked: { question: number; customer: number; as_of: Date }
  bought: { question: number; bought: boolean }
}

const p = project<ShopDB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const question = p.entity('question', { question: 'int4' })
const country = p
  .featureView('country', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
const activity = p.aggregates('activity', {
  entity: customer,
  source: 'long_visits',
  time: 'ended_at',
  windows: { '5d': '5 days' },
  features: (a) => ({ n: a.count(), seconds: a.avg('seconds') }),
})
const sample = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['question', 'customer', 'as_of']))
const target = p
  .target('bought', { entity: question })
  .query(({ db }) => db.selectFrom('bought').select(['question', 'bought']))
const dataset = p.dataset('purchases', { sample, target, features: [country, activity] })

export const buys = p.model('buys', { dataset, family: 'logistic', label: 'bought', penalty: { l2: 1 } })
const definitions = { country, activity, sample, target, dataset, buys }
export const shop = collectProject(definitions, { directory: '.', file: 'project.ts' })

export const setup = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text NOT NULL, phone text);
  CREATE TABLE visits (visit int4 PRIMARY KEY, customer int4 NOT NULL, ended_at timestamptz NOT NULL, seconds int4 NOT NULL, robot boolean NOT NULL);
  CREATE VIEW long_visits AS SELECT customer, ended_at, seconds FROM visits WHERE NOT robot;
  CREATE TABLE asked (question int4 PRIMARY KEY, customer int4 NOT NULL, as_of timestamptz NOT NULL);
  CREATE TABLE bought (question int4 PRIMARY KEY, bought boolean NOT NULL);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3] FROM generate_series(1, 30) i;
  INSERT INTO visits SELECT i, 1 + (i * 37) % 30, timestamptz '2024-01-01Z' + (i * 104729 % 2592000) * interval '1 second', 30 + (i * 7919) % 600, i % 9 = 0
    FROM generate_series(1, 900) i;
  INSERT INTO asked SELECT i, 1 + (i * 41) % 30, timestamptz '2024-01-06Z' + (i * 15485863::int8 % 2160000) * interval '1 second' FROM generate_series(1, 400) i;
  INSERT INTO bought SELECT q.question, (q.customer % 3 + ('x' || left(md5(q.question::text), 4))::bit(16)::int4 % 5) > 3 FROM asked q;`

export const trainBuys = async (db: Database): Promise<ModelRecord> =>
  (await trainModel(db, buys, { trainedAt: '2024-02-01T00:00:00.000Z' })).record

export const lineageOfShop = (db: Database, record?: ModelRecord) =>
  projectLineage(db, shop, { records: new Map(record === undefined ? [] : [['buys', record]]) })

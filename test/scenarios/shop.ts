/** A small shop that works. The scenarios break one thing in it and look at what the user is told, and at what stays. */
import { type Database, project } from '@viewcast/sdk'
import { filesOf } from './files.ts'

export interface ShopDB {
  customers: { customer: number; country: string; joined: Date }
  orders: { order: number; customer: number; at: Date; amount: number }
  asked: { customer: number; as_of: Date; answer: number }
}

export const p = project<ShopDB>('shop')
export const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const asked = p
  .sample('asked', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'as_of']))
export const profile = p
  .featureView('profile', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer', 'country']))
export const spending = p.aggregates('spending', {
  entity: customer,
  source: 'orders',
  time: 'at',
  windows: { '7d': '7 days' },
  features: (a) => ({ n: a.count(), amount: a.avg('amount') }),
})
const answer = p
  .target('answer', { entity: customer })
  .query(({ db }) => db.selectFrom('asked').select(['customer', 'answer']))

/** A dataset and a logistic model of it. Declared loosely: much of what goes wrong here would not compile for a user. */
export const datasetOf = (features: object[], more: object = {}) =>
  p.dataset('answers', { sample: asked, target: answer, features, ...more } as never)
export const modelOf = (features: object[], more: object = {}, options: object = {}) =>
  p.model('replies', {
    dataset: datasetOf(features, more),
    family: 'logistic',
    label: 'answer',
    penalty: 1,
    ...options,
  } as never)
export const model = modelOf([profile, spending])

export const tables = `
  CREATE TABLE customers (customer int4 PRIMARY KEY, country text, joined timestamptz NOT NULL);
  CREATE TABLE orders ("order" int4 PRIMARY KEY, customer int4 NOT NULL, at timestamptz NOT NULL, amount float8);
  CREATE TABLE asked (customer int4 PRIMARY KEY, as_of timestamptz NOT NULL, answer float8);
  INSERT INTO customers SELECT i, (ARRAY['de', 'fr', 'it'])[1 + i % 3], timestamptz '2024-01-01Z' FROM generate_series(1, 200) i;
  INSERT INTO orders SELECT i, 1 + i % 200, timestamptz '2024-02-01Z' + i * interval '10 minutes', i % 37 FROM generate_series(1, 4000) i;
  INSERT INTO asked SELECT i, timestamptz '2024-02-20Z' + i * interval '1 hour', (i * 7 % 10 > 4)::int FROM generate_series(1, 200) i;
`

/** Everything there is to lose: rows of each table, other relations, and files of a directory. */
export async function holdings(db: Database, directory?: string): Promise<Record<string, unknown>> {
  const { relations } = await db.introspect()
  const held: Record<string, unknown> = {}
  for (const { name, kind } of relations) {
    const [count] = kind === 'table' ? await db.rows<{ n: string }>(`SELECT count(*) AS n FROM "${name}"`) : []
    held[name] = count?.n ?? kind
  }
  return directory === undefined ? held : { ...held, files: filesOf(directory) }
}

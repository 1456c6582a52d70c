// A shop that asks, once a month and for every customer: will they order within the next 30 days?
import { log1p, oneHot, project, standardize } from '@viewcast/sdk'
import { sql } from 'kysely'
import type { DB } from './db.gen.ts'
import type { SqlFiles } from './sql.gen.ts'

const p = project<DB, SqlFiles>('shop')

// What predictions are about. `from` lists them all, for predictions without keys.
export const customer = p.entity('customer', { customer_id: 'int4' }, { from: 'customers' })

// A static view: one row per customer, whatever the instant.
export const profile = p
  .featureView('profile', { entity: customer })
  .query(({ db }) => db.selectFrom('customers').select(['customer_id', 'country', 'plan']))
  .features({
    country: { kind: 'category' },
    plan: { kind: 'category', description: 'Tariff the customer signed up for' },
  })

// Declared windows: viewcast writes the SQL. Columns n_7d, n_30d, … spend_90d count events strictly before as_of.
export const recent = p.aggregates('recent', {
  entity: customer,
  source: 'orders',
  time: 'ordered_at',
  windows: { '7d': '7 days', '30d': '30 days', '90d': '90 days' },
  features: (a) => ({ n: a.count(), spend: a.sum('amount', { fill: 0 }) }),
})

// A view of your own over `spine`, the relation of questions (customer_id, as_of): views/recency.sql.
export const recency = p.sqlView('recency', { entity: customer, kind: 'window', file: 'views/recency.sql' }).features({
  days_since_order: { kind: 'numeric', fill: 999, unit: 'days' },
  days_since_signup: { kind: 'numeric', unit: 'days' },
})

// The questions to learn from: one row per customer and month. The last three months are for testing.
export const questions = p
  .sample('questions', { entity: customer, split: p.split.time({ test: '2025-09-01T00:00Z', gap: '30 days' }) })
  .file('views/questions.sql')

// The answers: known only 30 days later, which is the horizon.
export const reordered = p.target('reordered', { entity: customer, horizon: '30 days' }).query(({ db }) =>
  db
    .selectFrom('spine')
    .leftJoin('orders', (join) =>
      join
        .onRef('orders.customer_id', '=', 'spine.customer_id')
        .onRef('orders.ordered_at', '>=', 'spine.as_of')
        .on(sql<boolean>`orders.ordered_at < spine.as_of + interval '720 hours'`),
    )
    .groupBy(['spine.customer_id', 'spine.as_of'])
    .select(['spine.customer_id', 'spine.as_of', sql<boolean>`count(orders.order_id) > 0`.as('reordered')]),
)

// What the training query returns, a row per question.
export const history = p.dataset('history', {
  sample: questions,
  target: reordered,
  features: [profile, recent, recency],
})

// Inputs left out here leave no trace in the prediction query.
export const reorder = p.model('reorder', { dataset: history, family: 'logistic', label: 'reordered' }).inputs({
  plan: oneHot(),
  country: oneHot(),
  n_30d: log1p(),
  n_90d: log1p(),
  spend_90d: log1p(),
  days_since_order: log1p(),
  days_since_signup: standardize(),
})

/** Materialised views: inlined by default, so that only tables are needed; read as they are stored when that is meant. */
import { trainingQuery } from '@viewcast/compiler'
import { prepareDataset, project } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  customers: { customer: number }
  totals: { customer: number; total: number; day: Date }
  big: { customer: number; total: number }
}
const p = project<DB>('shop')
const customer = p.entity('customer', { customer: 'int4' }, { from: 'customers' })
const sample = p.sample('all', { entity: customer }).query(({ db }) => db.selectFrom('customers').select('customer'))
const stored = p.existingView('totals', { entity: customer })
const above = p
  .featureView('above', { entity: customer })
  .query(({ db }) => db.selectFrom('big').select(['customer', 'total as big_total']))

const setup = `
  CREATE TABLE customers (customer int4 PRIMARY KEY);
  CREATE TABLE orders (customer int4, amount float8, at timestamptz);
  INSERT INTO customers VALUES (1), (2);
  INSERT INTO orders VALUES (1, 10, '2024-01-01Z'), (2, 20, '2024-01-01Z');
  CREATE MATERIALIZED VIEW totals AS
    SELECT customer, sum(amount) AS total, max(at)::date AS day FROM orders GROUP BY customer;
  CREATE UNIQUE INDEX ON totals (customer);
  CREATE VIEW big AS SELECT customer, total FROM totals WHERE total > 5 AND current_user <> 'nobody';
  INSERT INTO orders VALUES (1, 5, '2024-01-02Z');
`

describeEachEngine('a materialised view', (engine) => {
  beforeAll(() => engine.db.execute(setup))
  const rowsOf = async (materialised: 'inline' | 'read') => {
    const declared = p.dataset('d', { sample, features: [stored.pick('total' as never), above], materialised } as never)
    const { dataset, facts, warnings } = await prepareDataset(engine.db, declared)
    const { sql } = trainingQuery(dataset, facts)
    const rows = await engine.db.rows(`SELECT * FROM (\n${sql}\n) AS q ORDER BY customer`)
    return { sql, rows, warnings }
  }

  test('is inlined down to tables, by itself and below a view, once, and said so', async () => {
    const { sql, rows, warnings } = await rowsOf('inline')
    expect(rows).toEqual([
      { customer: 1, total: 15, big_total: 15 },
      { customer: 2, total: 20, big_total: 20 },
    ])
    expect(sql.match(/sum\(/g)).toHaveLength(1)
    expect(warnings.filter((w) => w.code === 'view/materialised').map((w) => w.message)).toEqual([
      'The definition of the materialised view public.totals is inlined: its stored rows are not read',
    ])
  })

  test('is read as it is stored when the dataset says so', async () => {
    const { sql, rows, warnings } = await rowsOf('read')
    expect(rows).toEqual([
      { customer: 1, total: 10, big_total: 10 },
      { customer: 2, total: 20, big_total: 20 },
    ])
    expect(sql).not.toContain('sum(')
    expect(warnings.map((w) => w.code)).not.toContain('view/materialised')
  })

  test('what the views below a definition depend on is named where it stands', async () => {
    const { warnings } = await rowsOf('inline')
    const below = warnings.filter((w) => w.code !== 'view/materialised').map((w) => `${w.code} in ${w.location?.file}`)
    expect(below.sort()).toEqual(['sql/session in view "big"', 'sql/time-zone in view "totals"'])
  })
})

/** Training in the database over so many rows that a first guess comes from some of them. */
import { project, trainModel } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface DB {
  meters: { meter: number; a: number; b: number; c: number; n: number; level: number }
}

const p = project<DB>('meters')
const meter = p.entity('meter', { meter: 'int4' })
const facts = p
  .featureView('facts', { entity: meter })
  .query(({ db }) => db.selectFrom('meters').select(['meter', 'a', 'b', 'c']))
const outcomes = p
  .target('outcomes', { entity: meter })
  .query(({ db }) => db.selectFrom('meters').select(['meter', 'n', 'level']))
const sample = p.sample('every_meter', { entity: meter }).query(({ db }) => db.selectFrom('meters').select('meter'))
const dataset = p.dataset('all_meters', { sample, target: outcomes, features: [facts] })

describeEachEngine('training in the database over many rows', (engine) => {
  beforeAll(async () => {
    // What fits the other rows gives the last one, which is not in the sample, a mean below 0 by the link inverse.
    await engine.db.execute(`
      CREATE TABLE meters AS SELECT i AS meter, a, b, c, floor(exp(0.5 + a - 0.3 * b) + u)::int4 AS n,
          CASE i WHEN 100001 THEN 20 ELSE (0.9 + 0.2 * u) / (0.5 + 0.3 * a - 0.05 * b) END AS level
        FROM generate_series(1, 100001) AS i, LATERAL (SELECT i * 7919::int8 % 1009 / 1009.0::float8 AS a,
          CASE i WHEN 100001 THEN 16 ELSE i * 104729::int8 % 2003 / 2003.0::float8 END AS b,
          i * 1299709::int8 % 307 / 307.0::float8 AS c, i * 15485863::int8 % 4001 / 4001.0::float8 AS u) AS x;
      ALTER TABLE meters ADD PRIMARY KEY (meter);
      ANALYZE meters`)
  })

  test('the row that is far from the others is not in the sample', async () => {
    const [row] = await engine.db.rows(`SELECT hashtext('100001') % 16 AS place`)
    expect(row?.place).not.toBe(0)
  })

  test.each([
    ['poisson', 'log', 'n'],
    ['gamma', 'inverse', 'level'],
  ] as const)('%s (%s): the model that rows give', async (family, link, label) => {
    const model = p.model('many', { dataset, family, link, label } as never)
    const a = (await trainModel(engine.db, model, { where: 'process' })).record
    const b = (await trainModel(engine.db, model, { where: 'database' })).record
    expect(b.fit.where).toBe('database')
    a.coefficients.forEach((c, i) => {
      const own = b.coefficients[i]
      expect(Math.abs((own?.estimate ?? Number.NaN) / c.estimate - 1)).toBeLessThan(1e-9)
      expect(Math.abs((own?.standardError ?? Number.NaN) / (c.standardError ?? Number.NaN) - 1)).toBeLessThan(1e-9)
    })
    expect(Math.abs((b.fit.deviance ?? Number.NaN) / (a.fit.deviance ?? Number.NaN) - 1)).toBeLessThan(1e-9)
  })
})

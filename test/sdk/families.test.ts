/** Each family from its rows to its predictions: trained, predicted by the database, and held to what the process says. */
import { predict, project, trainModel, verifyModel } from '@viewcast/sdk'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface ClaimsDB {
  policies: { policy: number; region: string; age: number | null; power: number }
  claims: {
    policy: number
    n: number
    log_years: number | null
    cost: number
    late: boolean
    grade: number
    kind: string
  }
  asked: { policy: number; as_of: Date }
}

const p = project<ClaimsDB>('claims')
const policy = p.entity('policy', { policy: 'int4' }, { from: 'policies' })
const facts = p
  .featureView('facts', { entity: policy })
  .query(({ db }) => db.selectFrom('policies').select(['policy', 'region', 'age', 'power']))
const exposure = p
  .featureView('exposure', { entity: policy })
  .query(({ db }) => db.selectFrom('claims').select(['policy', 'log_years']))
const asked = p
  .sample('asked', { entity: policy, split: p.split.hash({ test: 0.2, seed: 'one' }) })
  .query(({ db }) => db.selectFrom('asked').select(['policy', 'as_of']))
const outcome = p
  .target('outcome', { entity: policy })
  .query(({ db }) => db.selectFrom('claims').select(['policy', 'n', 'cost', 'late', 'grade', 'kind']))
const dataset = p.dataset('claims', { sample: asked, target: outcome, features: [facts, exposure] })

/** The noise is a fixed mix of the row's number; a few rows lack the age, one the exposure. */
const setup = `
  CREATE TABLE policies AS SELECT i AS policy, (ARRAY['north', 'south', 'o''hare "q"'])[1 + i % 3] AS region,
    CASE WHEN i % 17 <> 0 THEN 20 + i * 7 % 50 END::float8 AS age, (60 + i * 31 % 90)::float8 AS power FROM generate_series(1, 600) i;
  ALTER TABLE policies ADD PRIMARY KEY (policy);
  CREATE TABLE claims AS SELECT policy, floor(years * exp(0.02 * (power - 100)) * (1 + u) + 0.5 * u)::int4 AS n,
      CASE WHEN policy <> 5 THEN ln(years) END AS log_years, (40 + power * (0.4 + u))::float8 AS cost,
      0.03 * (power - 100) + 3 * (u - 0.5) > 0 AS late, (1 + floor(u * 2 + (power > 100)::int))::int4 AS grade,
      (ARRAY['fire', 'glass', 'theft'])[1 + floor(u * 2 + (power > 110)::int)::int] AS kind
    FROM (SELECT policy, power, 0.25 + policy * 13 % 8 / 4.0 AS years, (policy * 7919::int8 % 997) / 997.0 AS u FROM policies) q;
  ALTER TABLE claims ADD PRIMARY KEY (policy);
  CREATE TABLE asked AS SELECT policy, timestamptz '2024-01-01Z' AS as_of FROM policies;
  ALTER TABLE asked ADD PRIMARY KEY (policy);
`

const models = [
  p.model('cost', { dataset, family: 'linear', label: 'cost' }),
  p.model('cost_log', { dataset, family: 'gaussian', link: 'log', label: 'cost' }),
  p.model('cost_inverse', { dataset, family: 'gaussian', link: 'inverse', label: 'cost' }),
  p.model('late', { dataset, family: 'logistic', label: 'late' }),
  p.model('late_probit', { dataset, family: 'binomial', link: 'probit', label: 'late' }),
  p.model('late_cloglog', { dataset, family: 'binomial', link: 'cloglog', label: 'late' }),
  p.model('count', { dataset, family: 'poisson', label: 'n', offset: 'log_years' }),
  p.model('count_sqrt', { dataset, family: 'poisson', link: 'sqrt', label: 'n' }).inputs({ power: 'auto' }),
  p.model('amount', { dataset, family: 'gamma', label: 'cost' }),
  p.model('amount_log', { dataset, family: 'gamma', link: 'log', label: 'cost' }),
  p.model('amount_identity', { dataset, family: 'gamma', link: 'identity', label: 'cost' }),
  p.model('amount_ig', { dataset, family: 'inverse-gaussian', label: 'cost' }),
  p.model('amount_ig_log', { dataset, family: 'inverse-gaussian', link: 'log', label: 'cost' }),
  p.model('kind', { dataset, family: 'multinomial', label: 'kind' }),
  p.model('grade', { dataset, family: 'multinomial', label: 'grade', penalty: 1 }),
]

describeEachEngine('a family', (engine) => {
  test.for(models.map((m) => [m.name, m] as const))(
    '%s: the database predicts what the process does',
    async ([, model]) => {
      if ((await engine.db.rows("SELECT to_regclass('policies') AS t"))[0]?.t === null) await engine.db.execute(setup)
      const { record } = await trainModel(engine.db, model)
      const report = await verifyModel(engine.db, model, record)
      expect(report.checks.filter((c) => !c.ok)).toEqual([])

      const { columns, rows: batches } = await predict(engine.db, model, record)
      const rows: unknown[][] = []
      for await (const batch of batches) for (const row of batch) rows.push([...row])
      expect(rows).toHaveLength(600)
      const { metrics, fit, coefficients } = record
      expect(fit.converged).toBe(true)
      if (model.penalty.l2 === 0) {
        expect(fit.aic).toBeGreaterThan(0)
        expect(coefficients.filter((c) => c.name !== 'log_years').every((c) => c.standardError !== null)).toBe(true)
        expect(record.covariance).toHaveLength((coefficients.length * (coefficients.length + 1)) / 2)
      }
      // Better than what knows no inputs, on rows it was not fitted on.
      const measure =
        metrics.test.deviance === undefined ? (metrics.test.rmse === undefined ? 'logLoss' : 'rmse') : 'deviance'
      expect(metrics.test[measure]).toBeLessThan(metrics.baseline[measure] as number)
      const answer = columns.findIndex((c) => c.name === Object.keys(record.verification[0]?.outputs ?? {})[0])
      const unanswered = rows.filter((row) => row[answer] === null).map((row) => row[0])
      expect(unanswered).toEqual(record.offset === undefined ? [] : [5])
    },
  )
})

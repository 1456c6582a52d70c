/** Inverse links: as accurate as a statistics package, the same on every engine, and never an error or NaN. */
import {
  type Family,
  type Link,
  links,
  type ModelRecord,
  outputs,
  rowScorer,
  ulpDistance,
  verificationQuery,
} from '@viewcast/compiler'
import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { asIs, coefficient, record, verifiedBy } from './scored-records.ts'

const families = (Object.keys(links) as Family[]).filter((f) => f !== 'multinomial')
const every = families.flatMap((family) => links[family].map((link): [Family, Link] => [family, link]))

const magnitudes = [
  0, 1e-160, 1e-149, 1e-21, 1e-19, 1e-9, 0.1, 0.5, 0.67448975, 0.68, 1, 2.5, 4, 4.0001, 5.656854249492381, 5.7, 6.5,
  6.6, 36, 37.5, 37.6, 699, 701, 707.9, 708, 708.1, 709, 709.1, 745.2, 1e10, 1e149, 9e149,
]
const predictors = magnitudes.flatMap((z) => (z === 0 ? [0] : [z, -z]))
const rows = [...predictors.map((x) => ({ x })), { x: null }]

const choices = (family: Family): NonNullable<ModelRecord['outputs']> =>
  family === 'binomial'
    ? ['value', 'probabilities', 'label', 'linear']
    : family === 'svm'
      ? ['value', 'label', 'linear']
      : ['value', 'linear']

describeEachEngine('the inverse link', (engine) => {
  test.each(every)('of %s, %s, agrees with the interpreter on predictors of every size', async (family, link) => {
    const verified = verifiedBy(record(family, { link, outputs: choices(family) }), rows)
    const { sql, expected } = verificationQuery(verified)
    const names = outputs(verified).map((o) => o.name)
    const { rows: found } = await engine.db.query(sql)
    expect(found).toHaveLength(rows.length)
    found.forEach((row, i) => {
      const [, score, ...values] = row
      expect(ulpDistance(score as number | null, expected[i]?.scores[0] ?? null)).toBe(0)
      names.forEach((name, k) => {
        const mine = expected[i]?.outputs[name] ?? null
        const about = `${name} at ${rows[i]?.x}`
        expect(values[k] === null, about).toBe(mine === null)
        if (typeof mine === 'boolean') expect(values[k], about).toBe(mine)
        else {
          expect(Number.isNaN(values[k]), about).toBe(false)
          expect(ulpDistance(values[k] as number | null, mine as number | null), about).toBeLessThanOrEqual(4)
        }
      })
    })
  })

  test.each([null, Number.NaN])('takes %s as an input for what is missing, on every family', async (x) => {
    for (const [family, link] of every) {
      const inputs = [asIs('x', { impute: 2 })]
      const verified = verifiedBy(record(family, { link, inputs, outputs: ['linear'] }), [{ x }])
      const { rows: found } = await engine.db.query(verificationQuery(verified).sql)
      expect(found).toEqual([[1, 2, 2]])
    }
  })
})

/** [η, Φ(η)] in 60 digits, rounded: mpmath.ncdf. */
const normal: readonly (readonly [number, number])[] = [
  [-37.5, 4.605353009581955e-308],
  [-37.0, 5.725571222524577e-300],
  [-30.0, 4.906713927148187e-198],
  [-20.1, 3.6896808637213897e-90],
  [-12.3, 4.5287069561587846e-35],
  [-8.29, 5.662423419408443e-17],
  [-6.0, 9.86587645037698e-10],
  [-5.657, 7.702088172177601e-9],
  [-5.6568, 7.711064856975553e-9],
  [-5.0, 2.866515718791939e-7],
  [-4.0, 3.1671241833119924e-5],
  [-3.3, 0.0004834241423837775],
  [-2.0, 0.02275013194817921],
  [-1.5, 0.06680720126885807],
  [-1.0, 0.15865525393145705],
  [-0.68, 0.2482522304535705],
  [-0.6744, 0.2500285213729406],
  [-0.5, 0.3085375387259869],
  [-0.1, 0.460172162722971],
  [-1e-5, 0.49999601057719606],
  [0.0, 0.5],
  [1e-9, 0.5000000003989423],
  [0.3, 0.6179114221889527],
  [0.6745, 0.7500032571363008],
  [0.9, 0.8159398746532405],
  [1.7, 0.955434537241457],
  [2.6, 0.9953388119762813],
  [4.4, 0.9999945874560923],
  [5.7, 0.9999999940096286],
  [7.0, 0.9999999999987201],
  [8.2, 0.9999999999999999],
]

const meanOf = (family: Family, link: Link, z: number, name = 'prediction'): number => {
  const coefficients = [coefficient('(intercept)', null, z), coefficient('x', 'x', 0)]
  const scored = rowScorer(
    record(family, { link, coefficients, outputs: [name.startsWith('probability_') ? 'probabilities' : 'value'] }),
  )
  return scored.score({ x: 0 }).outputs[name] as number
}

test.each(normal)('the probit of %d is %d to 12 units in the last place', (z, p) => {
  expect(ulpDistance(meanOf('binomial', 'probit', z, 'probability'), p)).toBeLessThanOrEqual(12)
  expect(ulpDistance(meanOf('binomial', 'probit', -z, 'probability_false'), p)).toBeLessThanOrEqual(12)
})

test('the other links are right to 8 units in the last place, where digits cancel too', () => {
  for (let z = -600; z <= 600; z += 0.37) {
    const t = Math.exp(z)
    if (z < 700 && z > -700) {
      const cloglog = meanOf('binomial', 'cloglog', z, 'probability')
      expect(ulpDistance(cloglog, -Math.expm1(-t)), `cloglog ${z}`).toBeLessThanOrEqual(8)
      const logit = meanOf('binomial', 'logit', z, 'probability_false')
      expect(ulpDistance(logit, 1 / (1 + t)), `logit ${z}`).toBeLessThanOrEqual(8)
    }
    expect(ulpDistance(meanOf('poisson', 'log', z), t)).toBeLessThanOrEqual(1)
    if (z > 0) expect(ulpDistance(meanOf('inverse-gaussian', 'inverse-square', z), z ** -0.5)).toBeLessThanOrEqual(2)
  }
})

test.each([
  ['poisson', 'identity', -1],
  ['poisson', 'sqrt', -1],
  ['gamma', 'inverse', -1],
  ['gamma', 'inverse', 0],
  ['gamma', 'identity', 0],
  ['inverse-gaussian', 'inverse-square', -2],
] as const)('a mean that no %s (%s) has, at %d, is NULL', (family, link, z) => {
  expect(meanOf(family, link, z)).toBeNull()
})

test('the ends of the links are their limits', () => {
  expect(meanOf('binomial', 'cloglog', 1e9, 'probability')).toBe(1)
  expect(meanOf('binomial', 'cloglog', -1e9, 'probability')).toBe(0)
  expect(meanOf('binomial', 'probit', 1e9, 'probability')).toBe(1)
  expect(meanOf('binomial', 'probit', -1e9, 'probability')).toBe(0)
  expect(meanOf('poisson', 'log', -1e9)).toBe(0)
  expect(meanOf('poisson', 'log', 1e9)).toBe(Math.exp(709))
  expect(meanOf('gamma', 'inverse', 1e305)).toBe(0)
})

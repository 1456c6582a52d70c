import { isViewcastError } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { fitLogistic } from './logistic.ts'
import { multinomialSolver } from './multinomial.ts'
import { arrayDesign } from './passes.ts'
import { designOf, digits, type Reference, references } from './reference/references.ts'

const classes = ['bus', 'car', 'train']
const flat = (scores: readonly (Float64Array | null)[]): number[] => scores.flatMap((s) => (s === null ? [] : [...s]))

const some = (count: number, seed: number): number[] => {
  let s = seed
  return Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 2 ** 32
  })
}
const a = some(90, 5)
const b = some(90, 17)
const u = some(90, 23)
const places = a.map((v, r) => {
  const e = [1, Math.exp(2 * v - 1), Math.exp((b[r] as number) - 0.3)]
  const t = (u[r] as number) * e.reduce((s, w) => s + w, 0)
  return t < 1 ? 0 : t < 1 + (e[1] as number) ? 1 : 2
})
const design = (columns: Record<string, readonly number[]>, y: readonly number[], weight?: readonly number[]) => {
  const names = Object.keys(columns)
  const x = y.flatMap((_, r) => names.map((n) => columns[n]?.[r] as number))
  return arrayDesign(names, Float64Array.from(x), Float64Array.from(y), weight && Float64Array.from(weight), 11)
}
const failureOf = async (fit: Promise<unknown>) => {
  const failure = await fit.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was fitted')
  return failure.diagnostics
}

describe('a multinomial model', () => {
  test.for(references.filter((r) => r.family === 'multinomial').map((r): [string, Reference] => [r.problem, r]))(
    'agrees with reference values, %s',
    async ([, r]) => {
      const fit = await multinomialSolver(classes)(designOf(r), { penalty: 0 })
      expect(fit.scores[0]).toBeNull()
      expect(digits(flat(fit.scores), r.estimates)).toBeGreaterThan(12)
      expect(digits(fit.standardErrors as Float64Array, r.standardErrors)).toBeGreaterThan(13)
      const facts = [fit.deviance, fit.nullDeviance, fit.logLikelihood as number]
      expect(digits(facts, [r.deviance, r.nullDeviance, r.logLikelihood as string])).toBeGreaterThan(13)
      expect([fit.nullDegrees, fit.residualDegrees]).toEqual([158, 152])
    },
  )

  test('of two classes is a logistic one', async () => {
    const y = places.map((p) => Number(p > 0))
    const two = await multinomialSolver(['no', 'yes'])(design({ a, b }, y), { penalty: 0 })
    const one = await fitLogistic(design({ a, b }, y), { penalty: 0 })
    flat(two.scores).forEach((v, i) => {
      expect(v).toBeCloseTo([one.intercept, ...one.coefficients][i] as number, 12)
    })
    two.covariance?.forEach((v, i) => {
      expect(v).toBeCloseTo(one.covariance?.[i] as number, 12)
    })
    expect(two.deviance).toBeCloseTo(one.deviance, 11)
  })

  test('with a penalty treats all classes alike: in another order they get the same scores', async () => {
    const fit = await multinomialSolver(classes)(design({ a, b }, places), { penalty: 2 })
    const turned = places.map((p) => (p + 1) % 3)
    const other = await multinomialSolver(['train', 'bus', 'car'])(design({ a, b }, turned), { penalty: 2 })
    for (const [c, score] of fit.scores.entries()) {
      score?.forEach((v, i) => {
        expect(v).toBeCloseTo(other.scores[(c + 1) % 3]?.[i] as number, 12)
      })
    }
    for (let i = 0; i < 3; i++) {
      expect(fit.scores.reduce((s, score) => s + (score?.[i] as number), 0)).toBeCloseTo(0, 12)
    }
    // At the least penalised loss: Σ ([y = c] − p) x = λ β.
    const b0 = fit.scores as readonly Float64Array[]
    const score = places.reduce<number>((s, y, r) => {
      const e = b0.map((t) =>
        Math.exp((t[0] as number) + (t[1] as number) * (a[r] as number) + (t[2] as number) * (b[r] as number)),
      )
      const p = (e[1] as number) / e.reduce((t, v) => t + v, 0)
      return s + (Number(y === 1) - p) * (a[r] as number)
    }, 0)
    expect(score).toBeCloseTo(2 * (b0[1]?.[1] as number), 11)
    expect([fit.standardErrors, fit.covariance, fit.logLikelihood]).toEqual([null, null, null])
  })

  test('does not depend on where its columns lie, nor on columns that do not vary', async () => {
    const near = await multinomialSolver(classes)(design({ a, b }, places), { penalty: 0 })
    const moved = { a: a.map((v) => v - 512), five: a.map(() => 5), b }
    const far = await multinomialSolver(classes)(design(moved, places), { penalty: 0 })
    expect(far.scores[2]?.[1]).toBeCloseTo(near.scores[2]?.[1] as number, 10)
    expect(far.scores[2]?.[2]).toBe(0)
    expect(far.standardErrors?.[5]).toBeCloseTo(near.standardErrors?.[4] as number, 10)
    expect(far.residualDegrees).toBe(near.residualDegrees)
    // The intercepts' covariance of the moved columns, from that of the near ones.
    const c = near.covariance as Float64Array
    const at = (i: number, j: number): number =>
      c[(Math.max(i, j) * (Math.max(i, j) + 1)) / 2 + Math.min(i, j)] as number
    const mixed = at(0, 3) + 512 * (at(1, 3) + at(0, 4)) + 512 ** 2 * at(1, 4)
    expect((far.covariance?.[10] as number) / mixed).toBeCloseTo(1, 8)
  })

  test('counts a row of weight 2 as two rows', async () => {
    const weight = a.map((_, r) => 1 + (r % 2))
    const rows = weight.flatMap((w, r) => Array.from({ length: w }, () => r))
    const pick = (v: readonly number[]): number[] => rows.map((r) => v[r] as number)
    const weighted = await multinomialSolver(classes)(design({ a, b }, places, weight), { penalty: 0 })
    const repeated = await multinomialSolver(classes)(design({ a: pick(a), b: pick(b) }, pick(places)), { penalty: 0 })
    flat(weighted.scores).forEach((v, i) => {
      expect(v).toBeCloseTo(flat(repeated.scores)[i] as number, 11)
    })
    expect(weighted.nullDeviance).toBeCloseTo(repeated.nullDeviance, 10)
  })

  test('refuses a class that a column tells from the others, and says which', async () => {
    const told = a.map((_, r) => Number(places[r] === 2))
    const [found] = await failureOf(multinomialSolver(classes)(design({ b, told }, places), { penalty: 0 }))
    expect(found?.code).toBe('train/separation')
    expect(found?.parameters).toMatchObject({ columns: '"told"' })
    expect(found?.message).toMatch(/separated perfectly by "told"/)
    // Quasi: the level holds one class only, and the others have that class as well.
    const level = a.map((v, r) => Number(places[r] === 1 && v > 0.6))
    const [quasi] = await failureOf(multinomialSolver(classes)(design({ b, level }, places), { penalty: 0 }))
    expect(quasi?.parameters).toMatchObject({ columns: '"level"', classes: '"bus", "train"' })
    expect((await multinomialSolver(classes)(design({ b, level }, places), { penalty: 0.1 })).converged).toBe(true)
  })

  test('refuses a class without rows', async () => {
    const [found] = await failureOf(
      multinomialSolver(classes)(
        design(
          { a },
          places.map((p) => p % 2),
        ),
        { penalty: 1 },
      ),
    )
    expect(found?.message).toMatch(/^The classes "train" are separated perfectly by the intercept/)
  })

  test('refuses columns that follow from others, and more coefficients than it can look at in pairs', async () => {
    const sum = a.map((v, r) => v + (b[r] as number))
    const dependent = await failureOf(multinomialSolver(classes)(design({ a, b, sum }, places), { penalty: 0 }))
    expect(dependent.map((d) => [d.code, d.parameters.columns])).toEqual([['train/collinear', '"a", "b", "sum"']])
    const many = Array.from({ length: 1502 }, (_, c) => String(c))
    const [large] = await failureOf(multinomialSolver(many)(design({ a }, places), { penalty: 0 }))
    expect(large?.code).toBe('train/many-estimates')
    expect(large?.message).toBe('1501 scores of 2 columns each are more than 3000 coefficients')
  })
})

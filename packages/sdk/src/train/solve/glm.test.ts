import { type Family, isViewcastError, type Link, type Solver } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import type { Design } from './fit.ts'
import { glmSolver } from './glm.ts'
import { arrayDesign } from './passes.ts'
import { designOf, digits, type Reference, references, typed } from './reference/references.ts'
import { solverOf } from './solvers.ts'

describe('agrees with reference values', () => {
  test.for(
    references
      .filter((r) => r.family !== 'multinomial')
      .map((r) => [`${r.family} ${r.link}, ${r.problem}`, r] as const),
  )('%s', async ([, r]) => {
    const fit = await glmSolver(r.family, r.link)(designOf(r), { penalty: 0 })
    expect(fit.converged).toBe(true)
    expect(digits([fit.intercept, ...fit.coefficients], r.estimates)).toBeGreaterThan(12)
    expect(digits(fit.standardErrors as Float64Array, r.standardErrors)).toBeGreaterThan(13)
    const { deviance, nullDeviance, dispersion } = fit
    const sums = [r.deviance, r.nullDeviance, r.dispersion]
    expect(digits([deviance, nullDeviance, dispersion as number], sums)).toBeGreaterThan(13)
    if (r.logLikelihood !== undefined) {
      expect(digits([fit.logLikelihood as number], [r.logLikelihood])).toBeGreaterThan(13)
    }
  })
})

const some = (count: number, seed: number): number[] => {
  let s = seed
  return Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 2 ** 32
  })
}
const codeOf = async (fit: Promise<unknown>) => {
  const failure = await fit.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!isViewcastError(failure)) throw failure ?? new Error('it was fitted')
  return failure.diagnostics.map((d) => [d.code, d.parameters.columns])
}
const simple = (
  columns: Record<string, readonly number[]>,
  y: readonly number[],
  more: Partial<Reference> = {},
): Design => {
  const names = Object.keys(columns)
  const x = y.flatMap((_, r) => names.map((n) => columns[n]?.[r] as number))
  const { weight, offset } = more
  return arrayDesign(names, Float64Array.from(x), Float64Array.from(y), typed(weight), 9, typed(offset))
}
const a = some(40, 7)
const b = some(40, 11)
const counts = some(40, 3).map((u, r) => Math.floor(u * 4 * Math.exp(a[r] as number)))

describe('a generalised linear model', () => {
  test('counts a row of weight 3 as three rows', async () => {
    const weights = a.map((_, r) => 1 + (r % 3))
    const repeated = weights.flatMap((w, r) => Array.from({ length: w }, () => r))
    const at = (v: readonly number[]): number[] => repeated.map((r) => v[r] as number)
    for (const [family, link] of [
      ['poisson', 'log'],
      ['poisson', 'sqrt'],
      ['gamma', 'log'],
    ] as const) {
      const y = family === 'gamma' ? counts.map((c) => c + 0.5) : counts
      const weighted = await glmSolver(family, link)(simple({ a, b }, y, { weight: weights }), { penalty: 0 })
      const long = await glmSolver(family, link)(simple({ a: at(a), b: at(b) }, at(y)), { penalty: 0 })
      expect(weighted.intercept).toBeCloseTo(long.intercept, 11)
      expect(weighted.coefficients[1]).toBeCloseTo(long.coefficients[1] as number, 11)
      expect(weighted.deviance).toBeCloseTo(long.deviance, 10)
      expect(weighted.nullDeviance).toBeCloseTo(long.nullDeviance, 10)
      expect(weighted.residualDegrees).toBe(37)
    }
  })

  test('takes the logarithm of an exposure as an offset: the coefficients are of rates', async () => {
    const exposure = a.map((_, r) => 1 + (r % 4))
    const offset = exposure.map(Math.log)
    const solve = glmSolver('gamma', 'log')
    const y = counts.map((c) => c + 0.5)
    const rates = y.map((v, r) => v / (exposure[r] as number))
    const withOffset = await solve(simple({ a, b }, y, { offset }), { penalty: 0 })
    const ofRates = await solve(simple({ a, b }, rates), { penalty: 0 })
    expect(withOffset.coefficients[0]).toBeCloseTo(ofRates.coefficients[0] as number, 12)
    expect(withOffset.nullDeviance).toBeCloseTo(ofRates.nullDeviance, 11)
  })

  test('does not depend on where its columns lie', async () => {
    const solve = glmSolver('poisson', 'log')
    const near = await solve(simple({ a, b }, counts), { penalty: 0 })
    const far = await solve(simple({ a: a.map((v) => v + 4096), b }, counts), { penalty: 0 })
    expect(far.coefficients[0]).toBeCloseTo(near.coefficients[0] as number, 9)
    expect(far.standardErrors?.[1]).toBeCloseTo(near.standardErrors?.[1] as number, 9)
    // Var(intercept) of the far columns, from the covariance of the near ones.
    const c = near.covariance as Float64Array
    const variance = (c[0] as number) - 2 * 4096 * (c[1] as number) + 4096 ** 2 * (c[2] as number)
    expect(far.standardErrors?.[0]).toBeCloseTo(Math.sqrt(variance), 5)
    expect(far.covariance?.[0]).toBeCloseTo(variance, 3)
  })

  test('is pulled to zero by a penalty, which leaves inference out', async () => {
    const free = await glmSolver('poisson', 'log')(simple({ a, b }, counts), { penalty: 0 })
    const held = await glmSolver('poisson', 'log')(simple({ a, b }, counts), { penalty: 5 })
    expect(Math.abs(held.coefficients[0] as number)).toBeLessThan(Math.abs(free.coefficients[0] as number))
    expect([held.standardErrors, held.covariance, held.logLikelihood]).toEqual([null, null, null])
    // At the least penalised deviance: Xᵀ (y − μ) = λ β.
    for (const [j, column] of [a, b].entries()) {
      const score = counts.reduce((s, y, r) => {
        const eta =
          held.intercept +
          (held.coefficients[0] as number) * (a[r] as number) +
          (held.coefficients[1] as number) * (b[r] as number)
        return s + (y - Math.exp(eta)) * (column[r] as number)
      }, 0)
      expect(score).toBeCloseTo(5 * (held.coefficients[j] as number), 10)
    }
  })

  test('keeps a column that does not vary at 0', async () => {
    const fit = await glmSolver('gamma', 'inverse')(
      simple(
        { a, five: a.map(() => 5) },
        counts.map((c) => c + 1),
      ),
      { penalty: 0 },
    )
    expect(fit.coefficients[1]).toBe(0)
    expect(fit.standardErrors?.[2]).toBeNaN()
    expect(fit.residualDegrees).toBe(38)
    expect([...(fit.covariance as Float64Array)].slice(3)).toEqual([0, 0, 0])
  })

  test('finds its way from afar: labels of ten orders of magnitude', async () => {
    const y = a.map((v, r) => Math.exp(23 * v - 8 + (b[r] as number)))
    const fit = await glmSolver('gamma', 'log')(simple({ a }, y), { penalty: 0 })
    expect(fit.converged).toBe(true)
    expect(fit.coefficients[0]).toBeGreaterThan(20)
    expect(fit.coefficients[0]).toBeLessThan(26)
  })

  test('says how far it is, and stops when it should', async () => {
    const seen: number[] = []
    await glmSolver('poisson', 'log')(simple({ a, b }, counts), { penalty: 0, onIteration: (i) => seen.push(i) })
    expect(seen.length).toBeGreaterThan(2)
    const short = await glmSolver('poisson', 'log')(simple({ a, b }, counts), { penalty: 0, maxIterations: 2 })
    expect(short.converged).toBe(false)
    const signal = AbortSignal.abort()
    expect(await codeOf(glmSolver('poisson', 'log')(simple({ a, b }, counts), { penalty: 0, signal }))).toEqual([
      ['engine/interrupted', undefined],
    ])
  })
})

describe('a generalised linear model refuses', () => {
  const group = a.map((_, r) => Number(r % 4 === 0))

  test.each(['probit', 'cloglog', 'logit'] as const)('outcomes that a column separates, %s', async (link) => {
    const solve = glmSolver('binomial', link)
    const outcome = a.map((v) => Number(v > 0.5))
    expect(await codeOf(solve(simple({ b, a }, outcome), { penalty: 0 }))).toEqual([
      ['train/separation', expect.stringMatching(/"a"/)],
    ])
    const quasi = a.map((v, r) => (group[r] === 1 ? 1 : Number(v > 0.4)))
    const noisy = quasi.map((y, r) => (group[r] === 1 ? y : Number(r % 3 === 0 ? 1 - y : y)))
    expect(await codeOf(solve(simple({ b, group }, noisy), { penalty: 0 }))).toEqual([['train/separation', '"group"']])
    const held = await solve(simple({ b, group }, noisy), { penalty: 0.1 })
    expect(held.converged).toBe(true)
  })

  test('a level whose counts are all 0', async () => {
    const y = counts.map((c, r) => (group[r] === 1 ? 0 : c + 1))
    const solve = glmSolver('poisson', 'log')
    expect(await codeOf(solve(simple({ a, group }, y), { penalty: 0 }))).toEqual([['train/separation', '"group"']])
    expect((await solve(simple({ a, group }, y), { penalty: 0.01 })).converged).toBe(true)
    const amounts = y.map((v) => v - 1e-3 * Number(v === 0))
    expect(await codeOf(glmSolver('gaussian', 'log')(simple({ a, group }, amounts), { penalty: 0 }))).toEqual([
      ['train/separation', '"group"'],
    ])
  })

  test('columns that follow from others, each dependence by itself', async () => {
    const sum = a.map((v, r) => v + (b[r] as number))
    const other = a.map((_, r) => 1 - (group[r] as number))
    const solve = glmSolver('poisson', 'log')
    expect(await codeOf(solve(simple({ a, b, sum, group, other }, counts), { penalty: 0 }))).toEqual([
      ['train/collinear', '"a", "b", "sum"'],
      ['train/collinear', '"group", "other"'],
    ])
  })

  test('a best fit at the edge of what the link can give', async () => {
    // A group without any count: its mean wants to be 0, which sqrt and identity have at the edge of their domain.
    const y = counts.map((c, r) => (group[r] === 1 ? 0 : c + 1))
    for (const link of ['identity', 'sqrt'] as const) {
      const failure = await glmSolver('poisson', link)(simple({ a, group }, y), { penalty: 0 }).catch((e: unknown) => e)
      expect(isViewcastError(failure) && failure.diagnostics.map((d) => [d.code, d.hint])).toEqual([
        ['train/not-converged', expect.stringMatching(/at the edge of what the link .* can give: use the link "log"/)],
      ])
    }
  })

  test('an offset that takes every start out of the domain', async () => {
    const offset = a.map((_, r) => (r === 5 ? Number.NEGATIVE_INFINITY : 0))
    expect(await codeOf(glmSolver('poisson', 'identity')(simple({ a }, counts, { offset }), { penalty: 0 }))).toEqual([
      ['train/no-start', undefined],
    ])
  })
})

test('a solver takes the families it is for', () => {
  const penalty = { l1: 0, l2: 0 }
  const code = (family: Family, link: Link, solver: Solver): string | undefined => {
    try {
      solverOf({ family, link, solver, penalty })
      return undefined
    } catch (e) {
      return isViewcastError(e) ? e.diagnostics[0]?.message : String(e)
    }
  }
  expect(code('poisson', 'log', 'irls')).toBeUndefined()
  expect(code('gaussian', 'identity', 'irls')).toBeUndefined()
  expect(code('poisson', 'log', 'cholesky')).toBe('Solver "cholesky" cannot fit a poisson model')
  expect(code('binomial', 'probit', 'ml-logistic-regression')).toMatch(/cannot fit a binomial \(probit\) model/)
})

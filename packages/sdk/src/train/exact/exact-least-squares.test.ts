import { readFileSync } from 'node:fs'
import { isViewcastError } from '@viewcast/compiler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decimal, decimalOf, tenTo } from './decimal.ts'
import { exactLeastSquares } from './exact-least-squares.ts'
import { createExactSums, exactSumsOf } from './exact-sums.ts'
import { nearest, nearestRoot } from './ratio.ts'

interface ReferenceProblem {
  readonly name: string
  readonly x: readonly (readonly number[])[]
  readonly y: readonly number[]
  /** The columns are the powers of the one in `x` up to this. */
  readonly degree?: number
  readonly coefficients: readonly number[]
  readonly standardErrors: readonly number[]
}

const { problems: referenceProblems } = JSON.parse(readFileSync('test/fixtures/nist-linear.json', 'utf8')) as {
  readonly problems: readonly ReferenceProblem[]
}

const one: Decimal = { digits: 1n, places: 0 }
const power = ({ digits, places }: Decimal, k: number): Decimal => ({ digits: digits ** BigInt(k), places: places * k })

describe('exact least squares', () => {
  test.each(referenceProblems)(
    'has all certified digits of $name',
    ({ x, y, degree, coefficients, standardErrors }) => {
      const width = degree ?? (x[0]?.length as number)
      const sums = createExactSums(width)
      x.forEach((row, r) => {
        const own = row.map((v) => decimalOf(String(v)))
        const columns =
          degree === undefined ? own : Array.from({ length: degree }, (_, k) => power(own[0] as Decimal, k + 1))
        sums.add(columns, decimalOf(String(y[r])), one)
      })
      const names = Array.from({ length: width }, (_, j) => `x${j + 1}`)
      const fit = exactLeastSquares(sums.read(), names, new Array<Decimal>(width).fill(one))
      coefficients.forEach((c, i) => {
        expect(Math.abs((fit.coefficients[i] as number) / c - 1)).toBeLessThan(2e-15 * 10 ** 0.5)
      })
      standardErrors.forEach((e, i) => {
        expect(Math.abs((fit.standardErrors?.[i] as number) - e)).toBeLessThanOrEqual(4e-15 * e)
      })
    },
  )

  test('names columns that depend on each other exactly, and takes those that nearly do', () => {
    const solved = (last: (x: number) => string) => {
      const sums = createExactSums(2)
      for (let i = 0; i < 6; i++) sums.add([decimalOf(`${i}.5`), decimalOf(last(i))], decimalOf(String(i * i)), one)
      return () => exactLeastSquares(sums.read(), ['a', 'b'], [one, one])
    }
    try {
      solved((i) => `${2 * i + 1}`)()
      expect.unreachable()
    } catch (e) {
      expect(isViewcastError(e) && e.diagnostics[0]?.message).toContain('"a", "b"')
    }
    const near = solved((i) => `${2 * i + 1}.000000000000000000000000000000${i % 2}`)()
    expect(near.residualDegrees).toBe(3)
    expect(near.coefficients.every(Number.isFinite)).toBe(true)
  })

  test('leaves a constant column out, with the coefficient 0', () => {
    const sums = createExactSums(2)
    for (let i = 0; i < 5; i++) sums.add([decimalOf('0.1'), decimalOf(String(i))], decimalOf(String(3 * i + 1)), one)
    const fit = exactLeastSquares(sums.read(), ['c', 'x'], [one, one])
    expect([...fit.coefficients]).toEqual([1, 0, 3])
    expect(fit.standardErrors?.[1]).toBeNaN()
    expect(fit.residualDegrees).toBe(3)
    expect(fit.deviance).toBe(0)
  })

  test('weights, divisors and sums made elsewhere mean what they say', () => {
    const rows = [
      [1, 2, 3],
      [2, 5, 1],
      [4, 1, 2],
      [7, 3, 2],
    ] as const
    const weighted = createExactSums(1)
    const repeated = createExactSums(1)
    for (const [x, y, w] of rows) {
      weighted.add([decimalOf(String(x))], decimalOf(String(y)), decimalOf(`0.${w}`))
      for (let k = 0; k < w; k++) repeated.add([decimalOf(String(x))], decimalOf(String(y)), one)
    }
    const a = exactLeastSquares(weighted.read(), ['x'], [one])
    const b = exactLeastSquares(repeated.read(), ['x'], [one])
    expect([...a.coefficients]).toEqual([...b.coefficients])
    const scaled = exactLeastSquares(weighted.read(), ['x'], [decimalOf('2.5')])
    expect(scaled.coefficients[1]).toBeCloseTo(2.5 * (a.coefficients[1] as number), 14)
    const sums = weighted.read()
    const again = exactSumsOf(
      1,
      4,
      sums.products.map((digits) => ({ digits, places: sums.places })),
    )
    expect(exactLeastSquares(again, ['x'], [one])).toEqual(a)
  })
})

describe('decimals', () => {
  test('a number is the decimal that is written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const { digits, places } = decimalOf(String(x))
        expect(nearest({ top: digits, bottom: tenTo(places) })).toBe(x === 0 ? 0 : x)
      }),
      { seed: 7, numRuns: 2000 },
    )
  })

  test('reads what PostgreSQL writes', () => {
    expect(decimalOf('1e-07')).toEqual({ digits: 1n, places: 7 })
    expect(decimalOf('-0.00120')).toEqual({ digits: -120n, places: 5 })
    expect(decimalOf('1.5e+22')).toEqual({ digits: 15_000_000_000_000_000_000_000n, places: 0 })
    expect(() => decimalOf('NaN')).toThrow(SyntaxError)
  })

  test('quotients and roots are those nearest', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), fc.bigInt({ min: 1n, max: 10n ** 40n }), (a, b) => {
        const q = nearest({ top: a, bottom: b })
        // A neighbour is never nearer: |q·b − a| against half a unit in the last place.
        expect(Math.abs(Number(a) / Number(b) / q - 1)).toBeLessThan(5e-16)
        expect(nearestRoot({ top: a * a, bottom: b * b })).toBe(q)
      }),
      { seed: 11, numRuns: 500 },
    )
    expect(nearest({ top: 1n, bottom: 3n })).toBe(1 / 3)
    expect(nearest({ top: 2n ** 53n + 1n, bottom: 1n })).toBe(2 ** 53)
    expect(nearestRoot({ top: 2n, bottom: 1n })).toBe(Math.SQRT2)
  })
})

import { describe, expect, test } from 'vitest'
import type { LearnedBasis } from '../../ir/learned-encoder.ts'
import { basisPieces, basisWidth } from './basis.ts'
import { piecewise } from './pieces.ts'

const columns = (basis: LearnedBasis): ((z: number) => number)[] =>
  Array.from({ length: basisWidth(basis) }, (_, own) => {
    const weights = Array.from({ length: basisWidth(basis) }, (_, j) => (j === own ? 1 : 0))
    return piecewise(basisPieces(basis), weights).at
  })

/** The definition: B(i, p) from B(i, p − 1) and B(i + 1, p − 1), computed for one number. */
function recursion(t: readonly number[], i: number, p: number, z: number, isLast: boolean): number {
  const [start, end] = [t[i] as number, t[i + p + 1] as number]
  if (p === 0) return (z >= start && z < end) || (isLast && z === end && start < end) ? 1 : 0
  const before = t[i + p] as number
  const after = t[i + 1] as number
  const rise = before > start ? ((z - start) / (before - start)) * recursion(t, i, p - 1, z, isLast) : 0
  const fall = end > after ? ((end - z) / (end - after)) * recursion(t, i + 1, p - 1, z, isLast) : 0
  return rise + fall
}

describe.each([1, 2, 3, 4, 5])('B-splines of degree %i', (degree) => {
  const knots = [-2, -0.5, 0.25, 1, 4]
  const spline: LearnedBasis = { kind: 'bspline', degree, knots, beyond: 'constant' }
  const own = columns(spline)
  const t = [...Array<number>(degree).fill(-2), ...knots, ...Array<number>(degree).fill(4)]

  test('are those of the recursion', () => {
    for (let z = -2; z < 4; z += 0.0625) {
      own.forEach((column, j) => {
        expect(column(z)).toBeCloseTo(recursion(t, j + 1, degree, z, z === 4), 12)
      })
    }
  })

  test('and the first one they leave out add up to 1, everywhere', () => {
    for (let z = -5; z <= 7; z += 0.1) {
      const inside = Math.min(Math.max(z, -2), 3.999999999)
      const sum = recursion(t, 0, degree, inside, false) + own.reduce((s, column) => s + column(z), 0)
      expect(sum).toBeCloseTo(1, 7)
    }
  })

  test('go on straight where asked to', () => {
    for (const column of columns({ ...spline, beyond: 'linear' })) {
      expect(column(8) - column(7)).toBeCloseTo(column(7) - column(6), 10)
      expect(column(7) - column(6)).toBeCloseTo((column(4) - column(4 - 1e-6)) / 1e-6, 3)
      expect(column(-4) - column(-5)).toBeCloseTo((column(-2 + 1e-6) - column(-2)) / 1e-6, 3)
    }
  })
})

test('natural splines are smooth, and straight beyond their ends', () => {
  const knots = [-1, 0, 0.5, 2, 3]
  const own = columns({ kind: 'natural', knots })
  expect(own).toHaveLength(4)
  expect(own[0]?.(1.234)).toBe(1.234)
  const cube = (x: number): number => Math.max(0, x) ** 3
  const d = (k: number, z: number): number =>
    (cube(z - (knots[k] as number)) - cube(z - 3)) / (3 - (knots[k] as number))
  for (let z = -4; z <= 6; z += 0.125) {
    for (let k = 0; k < 3; k++) expect(own[k + 1]?.(z)).toBeCloseTo((d(k, z) - d(3, z)) / 16, 9)
  }
  for (const column of own) {
    expect(column(10) - column(9)).toBeCloseTo(column(5) - column(4), 10)
    expect(column(-10) - column(-9)).toBeCloseTo(column(-5) - column(-4), 10)
  }
})

test('bins say which end belongs to them', () => {
  const bins = (closed: 'left' | 'right'): LearnedBasis => ({ kind: 'bins', edges: [0, 1], closed })
  const at = (closed: 'left' | 'right', z: number): number[] => columns(bins(closed)).map((c) => c(z))
  expect([-1, 0, 0.5, 1, 2].map((z) => at('left', z).join(''))).toEqual(['00', '10', '10', '01', '01'])
  expect([-1, 0, 0.5, 1, 2].map((z) => at('right', z).join(''))).toEqual(['00', '00', '10', '10', '01'])
})

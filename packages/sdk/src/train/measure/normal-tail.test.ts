import { describe, expect, test } from 'vitest'
import { hazard, logUpperTail, normalDensity, upperTail } from './normal-tail.ts'

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1)

describe('the normal tail', () => {
  // mpmath, 60 digits: t = erfc(z / sqrt(2)) / 2, log(t), exp(-z*z/2) / sqrt(2*pi) / t
  test.each([
    [-30, 1, 0, 1.4736461348785476e-196],
    [-5, 0.9999997133484281, -2.866516129637636e-7, 1.4867199409049056e-6],
    [-0.6, 0.7257468822499265, -0.3205539719875189, 0.45914713661428674],
    [0.1, 0.460172162722971, -0.7761545927302733, 0.8626174715309362],
    [0.66, 0.25462691467133614, -1.3679558848901994, 1.2601331017395891],
    [0.67, 0.2514288950953101, -1.380595052695189, 1.2677028960994186],
    [2, 0.02275013194817921, -3.783184333682032, 2.373215532822841],
    [6, 9.86587645037698e-10, -20.736768949974707, 6.158482604544599],
    [20, 2.7536241186062337e-89, -203.91715537109727, 20.049753068527853],
    [36, 4.182624065797283e-284, -652.5032275937984, 36.02773507528106],
    [1e6, 0, -500000000014.73444, 1000000.000001],
  ])('at %d', (z, tail, log, ratio) => {
    if (tail === 0) expect(upperTail(z)).toBe(0)
    else expect(relative(upperTail(z), tail)).toBeLessThan(2e-15)
    if (log === 0) expect(Math.abs(logUpperTail(z))).toBeLessThan(1e-190)
    else expect(relative(logUpperTail(z), log)).toBeLessThan(2e-15)
    expect(relative(hazard(z), ratio)).toBeLessThan(2e-15)
  })

  test('has its ends', () => {
    const far = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    expect(far.map(upperTail)).toEqual([1, 0])
    expect(far.map(hazard)).toEqual([0, Number.POSITIVE_INFINITY])
    expect(far.map(normalDensity)).toEqual([0, 0])
    expect([upperTail, logUpperTail, hazard].map((f) => f(Number.NaN))).toEqual([Number.NaN, Number.NaN, Number.NaN])
  })
})

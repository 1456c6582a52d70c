import { logGamma } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { fisherPValue, normalPValue, stirlingGap, studentPValue, studentQuantile } from './distributions.ts'

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1)

describe('normal', () => {
  // mpmath, 40 digits: erfc(z / sqrt(2))
  test.each([
    [1e-10, 0.9999999999202115],
    [0.1, 0.920344325445942],
    [0.5, 0.6170750774519738],
    [0.66, 0.5092538293426723],
    [0.67, 0.5028577901906202],
    [1, 0.3173105078629141],
    [1.959963984540054, 0.050000000000000024],
    [3, 0.002699796063260189],
    [5, 5.733031437583878e-7],
    [5.6, 2.143518051662186e-8],
    [5.7, 1.1980742802127056e-8],
    [8, 1.2441921148543568e-15],
    [15, 7.341932398625502e-51],
    [37, 1.1451142445049154e-299],
  ])('P(|Z| ≥ %d) = %d', (z, p) => {
    expect(relative(normalPValue(z), p)).toBeLessThan(1e-14)
    expect(normalPValue(-z)).toBe(normalPValue(z))
  })

  test('has its ends', () => {
    expect(normalPValue(0)).toBe(1)
    expect(normalPValue(Number.POSITIVE_INFINITY)).toBe(0)
    expect(normalPValue(Number.NaN)).toBeNaN()
  })
})

describe('Student t', () => {
  // mpmath, 40 digits: betainc(v / 2, 1 / 2, 0, v / (v + t**2), regularized=True)
  test.each([
    [0.01, 1, 0.9936340144701835],
    [1, 1, 0.5],
    [2, 1, 0.2951672353008665],
    [10, 1, 0.06345103486110713],
    [30, 1, 0.021212804811070848],
    [0.01, 2, 0.992929108958201],
    [1, 2, 0.4226497308103742],
    [2, 2, 0.18350341907227397],
    [10, 2, 0.00985245702332569],
    [30, 2, 0.0011092626819596588],
    [0.01, 3, 0.992649111412852],
    [1, 3, 0.39100221895577064],
    [2, 3, 0.1393259685588432],
    [10, 3, 0.0021283990584141503],
    [30, 3, 8.135280427163959e-5],
    [0.01, 10, 0.9922179749909714],
    [1, 10, 0.34089313230205986],
    [2, 10, 0.07338803477074037],
    [10, 10, 1.5895531755964119e-6],
    [30, 10, 3.961792342031324e-11],
    [0.01, 29, 0.992089764803225],
    [1, 29, 0.32558198801619354],
    [2, 29, 0.05494363718296719],
    [10, 29, 6.599862576433512e-11],
    [30, 29, 2.197744845098805e-23],
    [0.01, 100, 0.9920412102344285],
    [1, 100, 0.3197241557841234],
    [2, 100, 0.04821217873113368],
    [10, 100, 9.901688984594139e-17],
    [30, 100, 8.380332558688292e-52],
    [0.01, 1000, 0.9920232819321873],
    [1, 1000, 0.3175524180846723],
    [2, 1000, 0.04577034649325164],
    [10, 1000, 1.6670702958600067e-22],
    [30, 1000, 1.5374687444043482e-141],
    [0.01, 4000, 0.9920217860579289],
    [1, 4000, 0.31737099676309377],
    [2, 4000, 0.04556776061152014],
    [10, 4000, 2.8530323975435387e-23],
    [30, 4000, 1.5710909586642483e-178],
    [0.01, 200000, 0.9920212973447862],
    [1, 200000, 0.31731171771502437],
    [2, 200000, 0.0455016136737269],
    [10, 200000, 1.5435173167371263e-23],
    [30, 200000, 2.699004422186522e-197],
  ])('P(|T| ≥ %d) with %d degrees = %d', (t, degrees, p) => {
    expect(relative(studentPValue(t, degrees), p)).toBeLessThan(p < 1e-150 ? 1e-10 : 3e-13)
    expect(studentPValue(-t, degrees)).toBe(studentPValue(t, degrees))
  })

  test('has its ends', () => {
    expect(studentPValue(0, 3)).toBe(1)
    expect(studentPValue(Number.NEGATIVE_INFINITY, 3)).toBe(0)
    expect(studentPValue(Number.NaN, 3)).toBeNaN()
  })
})

describe('quantiles', () => {
  // mpmath, 60 digits: the root of I(d / (d + t t); d/2, 1/2) = 0.05
  test.each([
    [1, 12.706204736174705],
    [2, 4.302652729749464],
    [5, 2.5705818356363155],
    [29, 2.0452296421327043],
    [1000, 1.9623390808264085],
    [5000, 1.960438551706508],
    [Number.POSITIVE_INFINITY, 1.9599639845400543],
  ])('of Student with %d degrees of freedom', (degrees, t) => {
    expect(relative(studentQuantile(0.975, degrees), t)).toBeLessThan(1e-13)
  })
})

describe('Fisher', () => {
  // mpmath, 60 digits: I(b / (b + a f); b/2, a/2)
  test.each([
    [1, 1, 1, 0.5],
    [3.5, 2, 10, 0.07042962777237426],
    [20, 5, 40, 6.013361424903307e-10],
    [0.2, 7, 300, 0.9853141503031628],
    [150, 3, 20, 7.06271208068892e-14],
    [1.1, 40, 2000, 0.30842253627865546],
  ])('P(F ≥ %d) with %d and %d degrees of freedom', (f, a, b, p) => {
    expect(relative(fisherPValue(f, a, b), p)).toBeLessThan(1e-11)
  })

  test('has its ends', () => {
    expect([fisherPValue(0, 2, 3), fisherPValue(Number.POSITIVE_INFINITY, 2, 3)]).toEqual([1, 0])
    expect(fisherPValue(Number.NaN, 2, 3)).toBeNaN()
  })
})

describe('the gamma function', () => {
  // mpmath, 60 digits: loggamma(x), x log(x) - x - loggamma(x)
  test.each([
    [0.1, 2.252712651734206, -2.5829711610336106],
    [2.5, 0.2846828704729192, -0.4939560407875315],
    [11.9, 17.25847745059552, 0.3123295108025349],
    [12.1, 17.74700727079874, 0.3207787056938742],
    [100, 359.1342053695754, 1.382813229233738],
    [1e6, 12815504.569147613, 5.988816662444131],
  ])('at %d', (x, log, gap) => {
    expect(relative(logGamma(x), log)).toBeLessThan(1e-14)
    expect(relative(stirlingGap(x), gap)).toBeLessThan(x < 12 ? 1e-13 : 1e-14)
  })
})

/**
 * Reference values: scikit-learn 1.2.1, LinearSVC(C = 1/λ, loss = 'squared_hinge', dual = False, tol = 1e-14,
 * intercept_scaling = 1000), which leaves about 1e-8 of a penalty on the intercept.
 */
import { describe, expect, test } from 'vitest'
import { cars, designOf, farthest } from './mtcars.ts'
import { arrayDesign } from './passes.ts'
import { fitPenalised } from './penalised.ts'
import { squaredHinge } from './squared-hinge.ts'

const svm = fitPenalised('svm', 'identity')
const thrifty = cars.mpg.map((v) => (v > 19 ? 1 : 0))

const cases = [
  [
    'am',
    designOf(cars.am, ['drat', 'wt', 'qsec']),
    1,
    [-0.658720997833, 0.864732379746, -1.4243742614, -0.851591240439],
  ],
  [
    'am',
    designOf(cars.am, ['drat', 'wt', 'qsec']),
    0.1,
    [-1.3947130157, 1.49166682125, -3.21908775832, -1.83619785466],
  ],
  [
    'am',
    designOf(cars.am, ['drat', 'wt', 'qsec']),
    10,
    [-0.28087019441, 0.446928261782, -0.623078392926, -0.343165555268],
  ],
  [
    'mpg',
    designOf(thrifty, ['disp', 'hp', 'wt']),
    1,
    [0.0855266240824, -0.149383410343, -0.462279606297, -0.886558698937],
  ],
  [
    'mpg',
    designOf(thrifty, ['disp', 'hp', 'wt']),
    0.1,
    [0.11289768125, 0.0251933954628, -0.559389289496, -1.27629805655],
  ],
  [
    'mpg',
    designOf(thrifty, ['disp', 'hp', 'wt']),
    10,
    [0.0431332692157, -0.298286159534, -0.331243150113, -0.377676530884],
  ],
] as const

describe('a margin', () => {
  test.each(cases)('of %s agrees with LinearSVC, λ = %3$s', async (_, design, penalty, expected) => {
    const f = await svm(design, { penalty })
    expect(f).toMatchObject({ solver: 'newton', converged: true, standardErrors: null })
    expect(farthest([f.intercept, ...f.coefficients], expected)).toBeLessThan(1e-6)
    const { gradient } = await squaredHinge(
      design,
      new Float64Array(3),
      undefined,
    )(Float64Array.of(f.intercept, ...f.coefficients), false)
    expect(Math.abs(gradient[0] as number)).toBeLessThan(1e-10)
    f.coefficients.forEach((b, j) => {
      expect(Math.abs((gradient[j + 1] as number) - penalty * b)).toBeLessThan(1e-10)
    })
  })

  test('of classes that do not overlap is as wide as the penalty allows', async () => {
    const x = Float64Array.of(-3, -2, -1, 1, 2, 3)
    const y = Float64Array.of(0, 0, 0, 1, 1, 1)
    const f = await svm(arrayDesign(['x'], x, y), { penalty: 1e-6 })
    expect(f.intercept).toBeCloseTo(0, 12)
    // 4 (1 − β) = λ β
    expect(f.coefficients[0]).toBeCloseTo(4 / (4 + 1e-6), 12)
  })

  test('takes weights as repeated rows', async () => {
    const twice = (v: readonly number[]): Float64Array => Float64Array.from(v.flatMap((a) => [a, a]))
    const wt = cars.wt
    const repeated = await svm(arrayDesign(['wt'], twice(wt), twice(cars.am)), { penalty: 0.7 })
    const two = new Float64Array(32).fill(2)
    const design = arrayDesign(['wt'], Float64Array.from(wt), Float64Array.from(cars.am), two)
    const weighted = await svm(design, { penalty: 0.7 })
    expect(
      farthest([weighted.intercept, ...weighted.coefficients], [repeated.intercept, ...repeated.coefficients]),
    ).toBeLessThan(1e-11)
  })

  test('can leave columns out', async () => {
    const f = await svm(designOf(cars.am), { l1: 6, penalty: 0 })
    expect(f).toMatchObject({ solver: 'coordinate-descent', converged: true })
    expect(f.coefficients.filter((b) => b === 0).length).toBeGreaterThan(3)
  })
})

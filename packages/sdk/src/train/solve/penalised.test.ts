/**
 * Reference values: glmnet 4.1-6 on R 4.2.2, which divides by the weight of the rows, so that its lambda is λ / Σ w:
 * glmnet(x, y, family, alpha = l1Ratio, lambda = λ / sum(w), standardize = FALSE, thresh = 1e-22), fdev = 0, with x the
 * columns of mtcars less their mean over their population standard deviation.
 */
import type { Family, Link, Penalty } from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'
import { familyLoss } from './family-loss.ts'
import type { Design, Fit } from './fit.ts'
import { cars, designOf, farthest, names } from './mtcars.ts'
import { arrayDesign } from './passes.ts'
import { fitPenalised } from './penalised.ts'

const close = (actual: readonly number[], expected: readonly number[], tolerance: number): void =>
  expect(farthest(actual, expected)).toBeLessThan(tolerance)

const mixed = (lambda: number, l1Ratio: number): Penalty => ({ l1: lambda * l1Ratio, l2: lambda * (1 - l1Ratio) })
const fitted = (design: Design, family: Family, link: Link, { l1, l2 }: Penalty): Promise<Fit> =>
  fitPenalised(family, link)(design, { l1, penalty: l2 })

/** The largest amount by which a gradient, relative to the steepest at zero, is not what its coefficient allows. */
async function violation(design: Design, family: Family, link: Link, { l1, l2 }: Penalty, f: Fit): Promise<number> {
  const width = design.columns.length
  const loss = familyLoss(design, family, link, new Float64Array(width), undefined)
  const { gradient } = await loss(Float64Array.of(f.intercept, ...f.coefficients), false)
  const start = await loss(Float64Array.of(f.intercept, ...new Float64Array(width)), false)
  const steepest = Math.max(...start.gradient.map(Math.abs))
  let worst = Math.abs(gradient[0] as number)
  f.coefficients.forEach((b, j) => {
    const g = (gradient[j + 1] as number) - l2 * b
    worst = Math.max(worst, b === 0 ? Math.abs(g) - l1 : Math.abs(g - Math.sign(b) * l1))
  })
  return worst / steepest
}

interface Case {
  readonly family: Family
  readonly link: Link
  readonly l1Ratio: number
  readonly design: Design
  readonly expected: Readonly<Record<number, readonly number[]>>
}

const everyThird = cars.mpg.map((_, i) => ((i + 1) % 3) + 1)
const cases: readonly Case[] = [
  {
    family: 'gaussian',
    link: 'identity',
    l1Ratio: 1,
    design: designOf(cars.mpg),
    expected: {
      50: [20.090625, -1.458863035599, 0, -0.3852195294862, 0, -2.189164321564, 0, 0, 0],
      20: [20.090625, -1.576646887117, 0, -0.8844477261029, 0, -2.705633433272, 0, 0, 0],
      5: [
        20.090625, -1.063601105235, 0, -0.8811565690992, 0.4848505281184, -2.701930651061, 0.2047852256053,
        0.3665295931326, -0.6573308901649,
      ],
      1: [
        20.090625, -0.5424830675439, 0.2693673481796, -0.9652454800224, 0.6049008197469, -2.907340649483,
        0.6135280846378, 0.8258183588782, -0.8592044643225,
      ],
    },
  },
  {
    family: 'gaussian',
    link: 'identity',
    l1Ratio: 0.5,
    design: designOf(cars.mpg),
    expected: {
      50: [
        20.090625, -0.8460307174547, -0.7631781586494, -0.6948059668644, 0.5011892804243, -1.09152045385, 0,
        0.1500926805714, -0.4196415242275,
      ],
      20: [
        20.090625, -0.9505790224854, -0.7531326947843, -0.8148632511465, 0.6100482615982, -1.473353747647, 0,
        0.3512725668585, -0.7291950341413,
      ],
      5: [
        20.090625, -0.8615013635147, -0.3059610247936, -0.8737548439739, 0.6454247316308, -2.085548357677,
        0.2020140316035, 0.6589951329206, -0.9809884295083,
      ],
      1: [
        20.090625, -0.6118346670035, 0.2088820132309, -0.9617921457377, 0.635441243707, -2.710047719584,
        0.5415824980346, 0.8614313834172, -0.9408459776862,
      ],
    },
  },
  {
    family: 'gaussian',
    link: 'identity',
    l1Ratio: 0.5,
    design: designOf(cars.mpg, names, everyThird),
    expected: {
      50: [
        20.20033401329, -1.101195458409, -0.7096497557453, -0.723550325171, 0.5537988588064, -1.415034832617,
        0.06083506917617, 0.1725474135061, -0.6765299525315,
      ],
      20: [
        20.20926622436, -1.257945021994, -0.4405693903985, -0.6562205942011, 0.58298672583, -1.849635224561,
        0.2050193183812, 0.3252797732707, -0.8930450632404,
      ],
      5: [
        20.22019951417, -1.390483117696, 0, -0.4492530424479, 0.5327707393587, -2.473982461117, 0.5274238808545,
        0.4314920844793, -0.9445746233681,
      ],
      1: [
        20.22259805337, -1.774670836517, 1.676589326181, -0.7733771870128, 0.4516771002001, -3.747540966518,
        1.100512734213, 0.4348777027774, -0.3051206982376,
      ],
    },
  },
  {
    family: 'binomial',
    link: 'logit',
    l1Ratio: 1,
    design: designOf(cars.am),
    expected: {
      4: [-0.5429822020469, 0, 0, 0, 0.05862626056949, -0.5755880875355, 0, 0.9864945324661, 0],
      2: [-0.7644686583989, 0, 0, 0, 0, -1.418084257983, -0.2276397452034, 1.330103345827, 0],
      1: [-1.004503154638, 0, 0, 0, 0, -2.433062904905, -0.6339206490188, 1.656558441367, 0],
      0.5: [-1.26846000704, 0, 0, 0, 0.04458993645073, -3.513550893786, -1.06789919956, 2.062427653751, 0],
    },
  },
  {
    family: 'binomial',
    link: 'logit',
    l1Ratio: 0.5,
    design: designOf(cars.am),
    expected: {
      4: [
        -0.6105496817393, 0, -0.1251277532757, 0, 0.4268605942913, -0.6054297015589, -0.2133507529079, 0.7606729022289,
        0,
      ],
      2: [
        -0.806911978692, -0.06675793133566, -0.263601174032, 0, 0.5419564588325, -0.9731879428615, -0.5390852864867,
        0.9644005820799, 0,
      ],
      1: [
        -1.061692010652, -0.2074049024533, -0.385031325043, 0, 0.6381560690284, -1.435157306243, -0.9247564068398,
        1.182835110169, 0,
      ],
      0.5: [
        -1.377929004735, -0.3918798193038, -0.4989681246557, 0, 0.7481168647451, -1.983498360132, -1.376028736104,
        1.426640286078, 0,
      ],
    },
  },
  {
    family: 'poisson',
    link: 'log',
    l1Ratio: 0.7,
    design: designOf(cars.carb, names.slice(0, 7)),
    expected: {
      4: [0.953658138127, 0, 0, 0.09736670773694, 0, 0.2274229351303, -0.1724905293629, 0.1804608728483],
      2: [
        0.9373750099569, 0.08525989176626, -0.2628048856314, 0.0915028134747, 0.0212595458269, 0.4212124084082,
        -0.2321305602716, 0.1734285474261,
      ],
      1: [
        0.9236866251551, 0.1702377327348, -0.4252965705885, 0.08520599469873, 0.06227888644192, 0.5363779727739,
        -0.2545082755276, 0.1649088205418,
      ],
      0.5: [
        0.9148745580257, 0.215113123618, -0.5129000781546, 0.0823595174017, 0.08466115645102, 0.5986925258732,
        -0.2669686855341, 0.1596307285518,
      ],
    },
  },
  {
    family: 'gamma',
    link: 'log',
    l1Ratio: 0.7,
    design: designOf(cars.mpg),
    expected: {
      4: [2.967751452949, -0.04755705462939, -0.01471393901998, -0.02412676693356, 0, -0.1032531848704, 0, 0, 0],
      2: [2.96410795812, -0.05649109623481, -0.00415070661818, -0.04786660265467, 0, -0.134631508556, 0, 0, 0],
      1: [2.963177087141, -0.06029265647726, 0, -0.05912898751127, 0, -0.1503194968756, 0, 0, -0.0004873146238502],
      0.5: [
        2.962760596489, -0.04830093445349, 0, -0.0578260847955, 0.005772439301254, -0.1548322125858, 0.00751588436017,
        0.01022563216283, -0.0138141676543,
      ],
    },
  },
]

describe.each(cases)(
  '$family with $l1Ratio of the penalty on absolute values',
  ({ family, link, l1Ratio, design, expected }) => {
    test.each(Object.entries(expected))('λ = %s', async (text, [intercept, ...coefficients]) => {
      const penalty = mixed(Number(text), l1Ratio)
      const f = await fitted(design, family, link, penalty)
      expect(f.converged).toBe(true)
      close([f.intercept, ...f.coefficients], [intercept as number, ...coefficients], 1e-6)
      expect(f.coefficients.map((b) => (b === 0 ? 0 : 1))).toEqual(
        Float64Array.from(coefficients, (b) => (b === 0 ? 0 : 1)),
      )
      expect(await violation(design, family, link, penalty, f)).toBeLessThan(1e-10)
    })
  },
)

describe('an odd design', () => {
  const noise = (i: number): number =>
    Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453)

  test('with columns that repeat others or do not vary still has a solution', async () => {
    const rows = 60
    const x = new Float64Array(rows * 4)
    const y = new Float64Array(rows)
    for (let r = 0; r < rows; r++) {
      const a = noise(r)
      x.set([a, 2 * a, 1000, noise(r + 500)], r * 4)
      y[r] = 3 * a - noise(r + 500) + 0.1 * noise(r + 900)
    }
    const design = arrayDesign(['a', 'twice', 'constant', 'b'], x, y)
    const penalty = { l1: 0.5, l2: 0 }
    const f = await fitted(design, 'gaussian', 'identity', penalty)
    expect(f.converged).toBe(true)
    expect(f.coefficients[2]).toBe(0)
    // λ₁ prefers the column of larger scale, which needs the smaller coefficient.
    expect(f.coefficients[0]).toBe(0)
    expect(f.coefficients[1]).toBeGreaterThan(1)
    expect(await violation(design, 'gaussian', 'identity', penalty, f)).toBeLessThan(1e-10)
  })

  test.each(['gaussian', 'binomial'] as const)('with more columns than rows is solved (%s)', async (family) => {
    const rows = 40
    const width = 90
    const x = Float64Array.from({ length: rows * width }, (_, i) => noise(i) - 0.5)
    const y = Float64Array.from({ length: rows }, (_, r) => {
      const v = 4 * (x[r * width] as number) - 3 * (x[r * width + 1] as number) + noise(r + 1e5) - 0.5
      return family === 'gaussian' ? v : v > 0 ? 1 : 0
    })
    const columns = Array.from({ length: width }, (_, j) => `x${j}`)
    const design = arrayDesign(columns, x, y)
    const link = family === 'gaussian' ? 'identity' : 'logit'
    for (const l1 of [1, 0.1, 0.01]) {
      const penalty = { l1, l2: 0 }
      const f = await fitted(design, family, link, penalty)
      expect(f.converged).toBe(true)
      expect(f.coefficients.filter((b) => b !== 0).length).toBeLessThanOrEqual(rows)
      expect(await violation(design, family, link, penalty, f)).toBeLessThan(1e-10)
    }
  })

  test('far from zero loses no digits', async () => {
    const rows = 50
    const near = Float64Array.from({ length: rows * 2 }, (_, i) => noise(i))
    const far = near.map((v, i) => v + (i % 2 === 0 ? 1e6 : -3e5))
    const y = Float64Array.from({ length: rows }, (_, r) => 5 * (near[2 * r] as number) + noise(r + 700))
    const penalty = { l1: 0.3, l2: 0.2 }
    const a = await fitted(arrayDesign(['a', 'b'], near, y), 'gaussian', 'identity', penalty)
    const b = await fitted(arrayDesign(['a', 'b'], far, y), 'gaussian', 'identity', penalty)
    close([...b.coefficients], [...a.coefficients], 1e-9)
  })
})

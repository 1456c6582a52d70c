/**
 * λ of Box-Cox and Yeo-Johnson by maximum likelihood.
 *
 * Sources: Box and Cox, An analysis of transformations, JRSS B 26 (1964); Yeo and Johnson, A new family of power
 * transformations to improve normality or symmetry, Biometrika 87 (2000); Brent, Algorithms for Minimization without
 * Derivatives (1973), chapter 5, for the search.
 */
import { type LearnedEncoder, transformOf } from '@viewcast/compiler'
import { createMoments } from '../collect/statistics.ts'

type Numeric = Extract<LearnedEncoder, { kind: 'numeric' }>

/** Where λ is looked for. Beyond, the transform is close to a step. */
const range = [-5, 5] as const

/** λ that makes the values most nearly normal; 1 where they do not vary. `values` calls its argument with each of them. */
export function likeliestPower(
  transform: 'boxCox' | 'yeoJohnson',
  values: (visit: (x: number) => void) => void,
): number {
  let count = 0
  let logs = 0
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  values((x) => {
    count++
    logs += transform === 'boxCox' ? Math.log(x) : Math.sign(x) * Math.log1p(Math.abs(x))
    smallest = Math.min(smallest, x)
    largest = Math.max(largest, x)
  })
  if (!(smallest < largest)) return 1
  return minimum(
    (lambda) => {
      const encoder: Pick<Numeric, 'transform' | 'lambda'> = { transform, lambda }
      const apply = transformOf(encoder)
      const moments = createMoments()
      values((x) => moments.add(apply(x)))
      const { deviation } = moments.read()
      return count * Math.log(deviation) - (lambda - 1) * logs
    },
    ...range,
  )
}

const golden = (3 - Math.sqrt(5)) / 2
const precision = 1e-10

/** The minimum of a function between two ends: parabolas through the best three points, and the golden section where those fail. */
function minimum(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to]
  let best = low + golden * (high - low)
  let second = best
  let third = best
  let fBest = f(best)
  let fSecond = fBest
  let fThird = fBest
  let step = 0
  let lastStep = 0
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    const tolerance = precision * Math.abs(best) + precision
    if (Math.abs(best - middle) <= 2 * tolerance - (high - low) / 2) break
    const parabola = vertex(best, second, third, fBest, fSecond, fThird)
    const isUseful =
      Math.abs(lastStep) > tolerance &&
      Math.abs(parabola) < Math.abs(lastStep / 2) &&
      best + parabola > low &&
      best + parabola < high
    if (isUseful) [lastStep, step] = [step, parabola]
    else {
      lastStep = best < middle ? high - best : low - best
      step = golden * lastStep
    }
    const x = best + (Math.abs(step) >= tolerance ? step : Math.sign(step) * tolerance)
    const fx = f(x)
    if (fx <= fBest) {
      if (x < best) high = best
      else low = best
      ;[third, fThird, second, fSecond, best, fBest] = [second, fSecond, best, fBest, x, fx]
    } else {
      if (x < best) low = x
      else high = x
      if (fx <= fSecond || second === best) [third, fThird, second, fSecond] = [second, fSecond, x, fx]
      else if (fx <= fThird || third === best || third === second) [third, fThird] = [x, fx]
    }
  }
  return best
}

/** From `a`, the step to the vertex of the parabola through three points; NaN where they are on a line. */
function vertex(a: number, b: number, c: number, fa: number, fb: number, fc: number): number {
  const r = (a - b) * (fa - fc)
  const q = (a - c) * (fa - fb)
  const bottom = 2 * (q - r)
  return bottom === 0 ? Number.NaN : -((a - c) * q - (a - b) * r) / bottom
}

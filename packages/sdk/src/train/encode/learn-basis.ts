/** Places the breaks of a basis. */
import { type BasisSpec, type Breaks, type LearnedBasis, type LearnedEncoder, scaleOf } from '@viewcast/compiler'
import type { Sample } from './learn-numeric.ts'

type Numeric = Extract<LearnedEncoder, { kind: 'numeric' }>

/** Share of the training rows beyond each end of a natural spline: its straight ends need rows to have a slope. */
const beyondEnds = 0.05

/**
 * The basis with its breaks on the scale it is computed on, or undefined where the values are too few for one: fewer
 * than two different breaks of a spline. Breaks that coincide become one.
 */
export function learnBasis(spec: BasisSpec, encoder: Numeric, sample: Sample): LearnedBasis | undefined {
  const scaled = scaleOf(encoder)
  const { min, max } = sample.statistics
  const place = (breaks: Breaks, [from, to]: readonly [number, number], shares: readonly number[]): number[] => {
    const at =
      breaks.by === 'value'
        ? breaks.at.map((x) => x + (encoder.origin ?? 0))
        : breaks.by === 'quantile'
          ? sample.quantiles(shares)
          : shares.map((share) => from + (to - from) * share)
    return ascending(at.map(scaled))
  }
  switch (spec.kind) {
    case 'polynomial':
      return spec
    case 'bins': {
      const inner = place(spec.edges, [min, max], inside(countOf(spec.edges) - 1))
      return { kind: 'bins', edges: inner, closed: spec.closed }
    }
    case 'bspline': {
      const [low, high] = spec.ends === undefined ? [min, max] : spec.ends.map((x) => x + (encoder.origin ?? 0))
      const ends = [low as number, high as number] as const
      const [from, to] = [scaled(ends[0]), scaled(ends[1])]
      const inner = place(spec.knots, ends, inside(countOf(spec.knots))).filter((k) => k > from && k < to)
      if (!(from < to)) return undefined
      return { kind: 'bspline', degree: spec.degree, knots: [from, ...inner, to], beyond: spec.beyond }
    }
    case 'natural': {
      const count = countOf(spec.knots)
      const shares = Array.from(
        { length: count },
        (_, i) => beyondEnds + ((1 - 2 * beyondEnds) * i) / Math.max(count - 1, 1),
      )
      const knots = place(spec.knots, [min, max], shares)
      return knots.length < 3 ? undefined : { kind: 'natural', knots }
    }
  }
}

const countOf = (breaks: Breaks): number => (breaks.by === 'value' ? breaks.at.length : breaks.count)

/** `count` shares between 0 and 1, evenly spaced, without the ends. */
const inside = (count: number): number[] => Array.from({ length: Math.max(count, 0) }, (_, i) => (i + 1) / (count + 1))

const ascending = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b)

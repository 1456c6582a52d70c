/** Learns the encoder of a number, in the order in which it is applied: origin, clip, transform, scaling, basis. */
import {
  type Diagnostic,
  diagnostic,
  fail,
  type LearnedEncoder,
  largestUsable,
  type NumericSpec,
  smallestUsable,
  transformOf,
} from '@viewcast/compiler'
import type { Collected, CollectedInput } from '../collect/collect.ts'
import { eachValue } from '../collect/column-values.ts'
import { columnMedian, columnQuantiles } from '../collect/order-statistic.ts'
import { createMoments, type NumericStatistics } from '../collect/statistics.ts'
import { learnBasis } from './learn-basis.ts'
import { missingPolicy } from './learn-levels.ts'
import { countsOf } from './levels-of.ts'
import { likeliestPower } from './power.ts'

type Numeric = Extract<LearnedEncoder, { kind: 'numeric' }>

/** The training values of one input, of which there is at least one. */
export interface Sample {
  readonly feature: string
  readonly statistics: NumericStatistics
  readonly each: (visit: (x: number) => void) => void
  /** On the scale of the feature. */
  readonly quantiles: (shares: readonly number[]) => readonly number[]
}

/** Spread, relative to the mean, that rounding alone leaves in a column of equal values. */
const roundingSpread = 1e-14

/** Errors: `train/not-positive`, `train/many-levels`. Warning: `train/constant`. */
export function learnNumeric(
  spec: NumericSpec,
  { feature }: CollectedInput,
  statistics: NumericStatistics,
  column: number,
  store: Collected['store'],
  warnings: Diagnostic[],
): Numeric {
  const sample: Sample = {
    feature,
    statistics,
    each: (visit) => eachValue(store, column, 'train', visit),
    quantiles: (shares) => columnQuantiles(store, column, 'train', shares),
  }
  const { missing, min, max } = statistics
  const origin = originOf(spec.since)
  const impute = imputed()
  const policy = missingPolicy(spec.missing, missing)
  const indicator = (spec.indicator || spec.missing === 'level') && missing > 0
  if (min === max && !(missing > 0 && (indicator || impute !== min - origin))) {
    warnings.push(diagnostic('train/constant', { input: feature }))
  }
  const clip = clipOf(spec, sample, origin)
  const bent: Numeric = {
    kind: 'numeric',
    ...(spec.since === undefined ? {} : { origin }),
    ...(clip === undefined ? {} : { clip }),
    transform: spec.transform,
    impute,
    ...policy,
    indicator,
    center: 0,
    scale: 1,
  }
  const lambda = lambdaOf(spec, bent, sample)
  const powered = lambda === undefined ? bent : { ...bent, lambda }
  const scaled = { ...powered, ...scalingOf(spec, powered, sample) }
  const basis = spec.basis === undefined ? undefined : learnBasis(spec.basis, scaled, sample)
  return basis === undefined ? scaled : { ...scaled, basis }

  function imputed(): number {
    switch (spec.impute) {
      case 'mean':
        return statistics.mean - origin
      case 'median':
        return columnMedian(store, column, 'train') - origin
      case 'mostFrequent':
        return mostFrequent(countsOf(store, column, feature)) - origin
      default:
        return spec.impute
    }
  }
}

/** Days from 1970-01-01 to a day written as `YYYY-MM-DD`. */
const originOf = (since: string | undefined): number =>
  since === undefined ? 0 : Date.parse(`${since}T00:00Z`) / 864e5

/** Ties go to the smallest. */
function mostFrequent(counts: ReadonlyMap<number, number>): number {
  let best = Number.NaN
  let most = 0
  for (const [x, rows] of counts) {
    if (rows > most || (rows === most && x < best)) [best, most] = [x, rows]
  }
  return best
}

/** Box-Cox takes positive numbers only: values below the smallest positive one of the training rows count as that. */
function clipOf({ clip, transform }: NumericSpec, sample: Sample, origin: number): Numeric['clip'] {
  const given = clip === undefined ? undefined : clip.by === 'value' ? [clip.from, clip.to] : quantileClip()
  const [low, high] = [given?.[0] ?? -largestUsable, given?.[1] ?? largestUsable]
  const smallest = Math.min(Math.max(sample.statistics.min - origin, low), high)
  if (transform !== 'boxCox') return given === undefined ? undefined : [low, high]
  if (!(smallest > 0)) fail('train/not-positive', { input: sample.feature })
  return [smallest, high]

  function quantileClip(): readonly number[] {
    return clip === undefined ? [] : sample.quantiles([clip.from, clip.to]).map((x) => x - origin)
  }
}

function lambdaOf({ transform, lambda }: NumericSpec, encoder: Numeric, { each }: Sample): number | undefined {
  if (transform !== 'boxCox' && transform !== 'yeoJohnson') return undefined
  if (lambda !== undefined) return lambda
  const clipped = transformOf({ ...encoder, transform: 'identity' })
  return likeliestPower(transform, (visit) => each((x) => visit(clipped(x))))
}

/** Center and scale of the transformed values that are not missing; a scale that is rounding alone, or no number, is 1. */
function scalingOf(
  { scaling }: NumericSpec,
  encoder: Numeric,
  { statistics, each, quantiles }: Sample,
): { readonly center: number; readonly scale: number } {
  const apply = transformOf(encoder)
  switch (scaling) {
    case 'none':
      return { center: 0, scale: 1 }
    case 'standard': {
      const isPlain = encoder.transform === 'identity' && encoder.clip === undefined && encoder.origin === undefined
      const { mean, deviation } = isPlain ? statistics : momentsOf(each, apply)
      return safeScaling(mean, deviation)
    }
    case 'minMax': {
      const [low, high] = [apply(statistics.min), apply(statistics.max)]
      return safeScaling(low, high - low)
    }
    case 'maxAbs':
      return safeScaling(0, Math.max(Math.abs(apply(statistics.min)), Math.abs(apply(statistics.max))))
    case 'robust': {
      const [low = 0, middle = 0, high = 0] = quantiles([0.25, 0.5, 0.75]).map(apply)
      return safeScaling(middle, high - low)
    }
  }
}

/** A scale that is rounding alone, or no number, is 1. */
export function safeScaling(center: number, scale: number): { readonly center: number; readonly scale: number } {
  const isSpread = scale > roundingSpread * Math.abs(center) && scale >= smallestUsable && scale <= largestUsable
  return { center: Math.abs(center) < smallestUsable ? 0 : center, scale: isSpread ? scale : 1 }
}

function momentsOf(each: Sample['each'], apply: (x: number) => number): NumericStatistics {
  const moments = createMoments()
  each((x) => moments.add(apply(x)))
  return moments.read()
}

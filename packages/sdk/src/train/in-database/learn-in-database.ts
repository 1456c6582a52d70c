/** Learns encoders from aggregates: what a model record keeps of an input is all that leaves the database. */
import {
  type Diagnostic,
  diagnostic,
  type EncoderSpec,
  fail,
  type LearnedEncoder,
  type LearnedInput,
  levelsQuery,
  type ModelDef,
  type MomentRequest,
  momentsQuery,
  type QuantileRequest,
  quantilesQuery,
  type TrainingInput,
  type TrainingRows,
} from '@viewcast/compiler'
import type { CollectedInput } from '../collect/collect.ts'
import type { NumericStatistics } from '../collect/statistics.ts'
import { automatic } from '../encode/encoders.ts'
import { safeScaling } from '../encode/learn-numeric.ts'
import { type Ask, askNumbers } from './ask.ts'

interface Learnt {
  readonly inputs: readonly LearnedInput[]
  /** As the inputs of {@link CollectedInput}, with deviations. */
  readonly statistics: readonly CollectedInput[]
  readonly warnings: readonly Diagnostic[]
}

type NumericSpec = Extract<EncoderSpec, { kind: 'numeric' }>
type OneHotSpec = Extract<EncoderSpec, { kind: 'onehot' }>

/** A number of one column, scaled or not. */
interface PlainNumber extends NumericSpec {
  readonly impute: 'mean' | 'median' | number
  readonly transform: 'identity' | 'log1p'
  readonly scaling: 'none' | 'standard'
}

const isPlainNumber = (spec: EncoderSpec): spec is PlainNumber =>
  spec.kind === 'numeric' &&
  spec.impute !== 'mostFrequent' &&
  (spec.transform === 'identity' || spec.transform === 'log1p') &&
  (spec.scaling === 'none' || spec.scaling === 'standard') &&
  (spec.basis === undefined || spec.basis.kind === 'polynomial') &&
  [spec.since, spec.missing, spec.clip, spec.lambda].every((option) => option === undefined)

const isPlainOneHot = (spec: EncoderSpec): spec is OneHotSpec =>
  spec.kind === 'onehot' && [spec.base, spec.rare, spec.unseen, spec.missing].every((option) => option === undefined)

/** Whether aggregates can teach the encoder. */
export const isLearntInDatabase = (spec: EncoderSpec | 'auto'): boolean =>
  spec === 'auto' ||
  isPlainNumber(spec) ||
  isPlainOneHot(spec) ||
  (spec.kind === 'boolean' && spec.missing === undefined)

/**
 * The same encoders as from rows, to rounding. Two aggregates over all numeric inputs, one per category.
 *
 * Errors: `model/input-type`. Warnings: `train/constant`, `train/rare-levels`.
 */
export async function learnInDatabase(
  ask: Ask,
  specs: ModelDef['inputs'],
  rows: TrainingRows,
  surveyed: readonly CollectedInput[],
): Promise<Learnt> {
  const warnings: Diagnostic[] = []
  const chosen = surveyed.map((input, i) => {
    const given = specs[input.feature] ?? 'auto'
    const spec = given === 'auto' ? automatic[input.statistics.kind] : given
    return { input, spec, column: rows.inputs[i] as TrainingInput }
  })
  const moments = await momentsOf(
    ask,
    rows,
    chosen.flatMap(({ input, spec, column }) =>
      isPlainNumber(spec) && input.statistics.kind === 'numeric' && spec.scaling === 'standard'
        ? [{ column, transform: spec.transform, statistics: input.statistics }]
        : [],
    ),
  )
  const medians = await mediansOf(
    ask,
    rows,
    chosen.flatMap(({ spec, column }) => (isPlainNumber(spec) && spec.impute === 'median' ? [column] : [])),
  )
  const inputs: LearnedInput[] = []
  const statistics: CollectedInput[] = []
  for (const { input, spec, column } of chosen) {
    const { feature, type } = input
    const own = input.statistics
    let encoder: LearnedEncoder
    if (isPlainNumber(spec) && own.kind === 'numeric') {
      const spread = moments.get(column.column)
      encoder = learnNumeric(spec, feature, own, spread, medians.get(column.column) ?? Number.NaN, warnings)
    } else if (isPlainOneHot(spec) && own.kind === 'category') {
      encoder = await learnLevels(ask, spec, rows, column, warnings)
    } else if (spec.kind === 'boolean' && own.kind === 'boolean') {
      if (own.trues === 0 || (own.trues === own.count && own.missing === 0)) {
        warnings.push(diagnostic('train/constant', { input: feature }))
      }
      encoder = { kind: 'boolean' }
    } else return fail('model/input-type', { input: feature, type, encoder: `the ${spec.kind} encoder` })
    inputs.push({ feature, type, encoder })
    statistics.push(input)
  }
  return { inputs, statistics, warnings }
}

/** ln(1 + x), with amounts below 0 as 0. */
const log1pOf = (x: number): number => Math.log(1 + Math.max(0, x))

interface Moments {
  readonly mean: number
  readonly deviation: number
}

async function momentsOf(
  ask: Ask,
  rows: TrainingRows,
  wanted: readonly {
    readonly column: TrainingInput
    readonly transform: 'identity' | 'log1p'
    readonly statistics: NumericStatistics
  }[],
): Promise<ReadonlyMap<string, Moments>> {
  if (wanted.length === 0) return new Map()
  const requests = wanted.map(({ column, transform, statistics: s }): MomentRequest => {
    const of = transform === 'log1p' ? log1pOf : (x: number) => x
    const center = of(s.mean)
    const reach = Math.max(Math.abs(of(s.max) - center), Math.abs(of(s.min) - center))
    const range = reach > 0 ? 2 ** Math.ceil(Math.log2(reach)) : 1
    return { input: column, transform, center, range }
  })
  const sums = await askNumbers(ask, [momentsQuery(rows, requests)])
  return new Map(
    requests.map(({ input, center, range }, i) => {
      const count = (wanted[i] as (typeof wanted)[number]).statistics.count
      const { min, max } = (wanted[i] as (typeof wanted)[number]).statistics
      const d = (sums[2 * i] as number) / count
      const variance = (sums[2 * i + 1] as number) / count - d * d
      const deviation = min === max ? 0 : range * Math.sqrt(Math.max(0, variance))
      return [input.column, { mean: min === max ? center : center + range * d, deviation }]
    }),
  )
}

async function mediansOf(
  ask: Ask,
  rows: TrainingRows,
  wanted: readonly TrainingInput[],
): Promise<ReadonlyMap<string, number>> {
  if (wanted.length === 0) return new Map()
  const requests = wanted.map((input): QuantileRequest => ({ input, share: 0.5 }))
  const values = await askNumbers(ask, [quantilesQuery(rows, requests)])
  return new Map(wanted.map((input, i) => [input.column, values[i] as number]))
}

function learnNumeric(
  spec: PlainNumber,
  feature: string,
  { missing, mean, min, max }: NumericStatistics,
  moments: Moments | undefined,
  median: number,
  warnings: Diagnostic[],
): LearnedEncoder {
  const own = spec.transform === 'identity' ? (moments?.mean ?? mean) : mean
  const impute = spec.impute === 'mean' ? (min === max ? min : own) : spec.impute === 'median' ? median : spec.impute
  const indicator = spec.indicator && missing > 0
  if (min === max && !(missing > 0 && (indicator || impute !== min))) {
    warnings.push(diagnostic('train/constant', { input: feature }))
  }
  const plain = { kind: 'numeric', transform: spec.transform, impute, indicator } as const
  const basis = spec.basis?.kind === 'polynomial' ? { basis: spec.basis } : {}
  if (moments === undefined) return { ...plain, center: 0, scale: 1, ...basis }
  const { mean: center, deviation } = moments
  return { ...plain, ...safeScaling(center, deviation), ...basis }
}

async function learnLevels(
  ask: Ask,
  spec: OneHotSpec,
  rows: TrainingRows,
  input: TrainingInput,
  warnings: Diagnostic[],
): Promise<LearnedEncoder> {
  const seen = (await ask(levelsQuery(rows, input, Math.max(2, spec.maxCategories)))).map(([level, count]) => ({
    level: String(level),
    rows: Number(count),
  }))
  const kept = seen.filter((l) => l.rows >= spec.minCount).slice(1, spec.maxCategories)
  if (seen.length === 1) warnings.push(diagnostic('train/constant', { input: input.feature }))
  else if (kept.length === 0) {
    warnings.push(diagnostic('train/rare-levels', { input: input.feature, count: String(spec.minCount) }))
  }
  return { kind: 'onehot', levels: kept.map((l) => l.level), base: seen[0]?.level ?? '' }
}

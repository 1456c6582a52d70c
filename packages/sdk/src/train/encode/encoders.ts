/** Learns encoders from the training rows. What an encoder means is in the compiler's `model/encoders.ts`. */
import {
  type Diagnostic,
  diagnostic,
  type EncoderSpec,
  fail,
  InternalError,
  type LearnedEncoder,
  type LearnedInput,
  type ModelDef,
} from '@viewcast/compiler'
import { type Collected, type CollectedInput, parts } from '../collect/collect.ts'
import { columnMedian } from '../collect/order-statistic.ts'
import type { RowStore } from '../collect/row-store.ts'
import {
  type BooleanStatistics,
  type CategoryStatistics,
  createMoments,
  type InputStatistics,
  type NumericStatistics,
} from '../collect/statistics.ts'

/** What `'auto'` stands for, by what the column holds. */
const automatic: { readonly [K in InputStatistics['kind']]: EncoderSpec } = {
  numeric: { kind: 'numeric', scaling: 'standard', transform: 'identity', impute: 'mean', indicator: false },
  category: { kind: 'onehot', maxCategories: 20, minCount: 10 },
  boolean: { kind: 'boolean' },
}

/** Spread, relative to the mean, that rounding alone leaves in a column of equal values. */
const roundingSpread = 1e-14

/**
 * Learns the encoder of each input from the training rows.
 *
 * `numeric`: NULL and NaN become the mean, the median (exact) or a number, on the scale before the transform; center
 * and scale are mean and population standard deviation of the transformed values that are not missing (0 and 1 when not
 * standardised). A missing indicator is left out when nothing is missing. `onehot`: the base is the most frequent
 * level; levels follow by frequency, then by code point, `maxCategories` of them with the base, each with at least
 * `minCount` rows.
 *
 * The median and log1p read the store once more. Errors: `model/input-type`. Warnings: `train/constant`,
 * `train/rare-levels`.
 */
export function learnEncoders(
  specs: ModelDef['inputs'],
  collected: Pick<Collected, 'store' | 'inputs'>,
): { readonly inputs: readonly LearnedInput[]; readonly warnings: readonly Diagnostic[] } {
  const warnings: Diagnostic[] = []
  const inputs = collected.inputs.map((input, column): LearnedInput => {
    const given = specs[input.feature] ?? 'auto'
    const spec = given === 'auto' ? automatic[input.statistics.kind] : given
    const encoder = learn(spec, input, column, collected.store, warnings)
    return { feature: input.feature, type: input.type, encoder }
  })
  return { inputs, warnings }
}

function learn(
  spec: EncoderSpec,
  { feature, type, statistics }: CollectedInput,
  column: number,
  store: RowStore,
  warnings: Diagnostic[],
): LearnedEncoder {
  if (spec.kind === 'numeric' && statistics.kind === 'numeric') {
    return learnNumeric(spec, feature, statistics, column, store, warnings)
  }
  if (spec.kind === 'onehot' && statistics.kind === 'category') return learnLevels(spec, feature, statistics, warnings)
  if (spec.kind === 'boolean' && statistics.kind === 'boolean') return learnBoolean(feature, statistics, warnings)
  return fail('model/input-type', { input: feature, type, encoder: `the ${spec.kind} encoder` })
}

function learnNumeric(
  spec: Extract<EncoderSpec, { kind: 'numeric' }>,
  feature: string,
  statistics: NumericStatistics,
  column: number,
  store: RowStore,
  warnings: Diagnostic[],
): LearnedEncoder {
  const { transform } = spec
  if (transform === 'boxCox' || transform === 'yeoJohnson' || spec.impute === 'mostFrequent')
    throw new InternalError('not learned yet')
  const { missing, mean, min, max } = statistics
  const impute =
    spec.impute === 'mean' ? mean : spec.impute === 'median' ? columnMedian(store, column, 'train') : spec.impute
  const indicator = spec.indicator && missing > 0
  if (min === max && !(missing > 0 && (indicator || impute !== min))) {
    warnings.push(diagnostic('train/constant', { input: feature }))
  }
  const plain = { kind: 'numeric', transform, impute, indicator } as const
  if (spec.scaling === 'none') return { ...plain, center: 0, scale: 1 }
  const { mean: center, deviation } = transform === 'identity' ? statistics : transformedMoments(store, column)
  const scale = deviation > roundingSpread * Math.abs(center) ? deviation : 1
  return { ...plain, center, scale }
}

/** ln(1 + x), with amounts below 0 as 0: the same expression the compiler prints. */
const log1pOf = (x: number): number => Math.log(1 + Math.max(0, x))

function transformedMoments(store: RowStore, column: number): NumericStatistics {
  const { width } = store
  const moments = createMoments()
  for (const { rows, values } of store.blocks()) {
    for (let r = 0, at = 0; r < rows; r++, at += width) {
      if (values[at + width - 1] === parts.train) moments.add(log1pOf(values[at + column] as number))
    }
  }
  return moments.read()
}

function learnLevels(
  spec: Extract<EncoderSpec, { kind: 'onehot' }>,
  feature: string,
  { levels }: CategoryStatistics,
  warnings: Diagnostic[],
): LearnedEncoder {
  const seen = levels
    .filter((l) => l.rows > 0)
    .sort((a, b) => b.rows - a.rows || Buffer.compare(Buffer.from(a.level), Buffer.from(b.level)))
  const kept = seen.filter((l) => l.rows >= spec.minCount).slice(1, spec.maxCategories)
  if (seen.length === 1) warnings.push(diagnostic('train/constant', { input: feature }))
  else if (kept.length === 0) {
    warnings.push(diagnostic('train/rare-levels', { input: feature, count: String(spec.minCount) }))
  }
  return { kind: 'onehot', levels: kept.map((l) => l.level), base: seen[0]?.level ?? '' }
}

function learnBoolean(feature: string, statistics: BooleanStatistics, warnings: Diagnostic[]): LearnedEncoder {
  const { trues, count, missing } = statistics
  if (trues === 0 || (trues === count && missing === 0)) {
    warnings.push(diagnostic('train/constant', { input: feature }))
  }
  return { kind: 'boolean' }
}

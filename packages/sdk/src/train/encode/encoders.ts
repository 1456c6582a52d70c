/** Learns encoders from the training rows. What an encoder means is in the compiler's `model/encoders.ts`. */
import {
  type BooleanSpec,
  type Diagnostic,
  diagnostic,
  type EncoderSpec,
  fail,
  type LearnedEncoder,
  type LearnedInput,
  type ModelDef,
} from '@viewcast/compiler'
import type { Collected, CollectedInput } from '../collect/collect.ts'
import type { BooleanStatistics, InputStatistics } from '../collect/statistics.ts'
import { learnFrequency, learnOneHot, learnOrdinal, learnTarget, missingPolicy } from './learn-levels.ts'
import { learnNumeric } from './learn-numeric.ts'
import { levelsOf, type SeenLevels } from './levels-of.ts'

/** What `'auto'` stands for, by what the column holds. */
export const automatic: { readonly [K in InputStatistics['kind']]: EncoderSpec } = {
  numeric: { kind: 'numeric', scaling: 'standard', transform: 'identity', impute: 'mean', indicator: false },
  category: { kind: 'onehot', maxCategories: 20, minCount: 10 },
  boolean: { kind: 'boolean' },
}

/**
 * Learns the encoder of each input from the training rows.
 *
 * `numeric`: statistics are of the values that are not missing; center and scale of the clipped and transformed ones. A
 * missing indicator is left out when nothing is missing. `onehot`: the base is the most frequent level; levels follow by
 * frequency, then by code point, `maxCategories` of them with the base, each with at least `minCount` rows.
 *
 * Quantiles, transforms and levels of numbers read the store again. Errors: `model/input-type`, `train/not-positive`,
 * `train/many-levels`. Warnings: `train/constant`, `train/rare-levels`.
 */
export function learnEncoders(
  specs: ModelDef['inputs'],
  collected: Pick<Collected, 'store' | 'inputs'>,
): { readonly inputs: readonly LearnedInput[]; readonly warnings: readonly Diagnostic[] } {
  const warnings: Diagnostic[] = []
  const inputs = collected.inputs.map((input, column): LearnedInput => {
    const given = specs[input.feature] ?? 'auto'
    const spec = given === 'auto' ? automatic[input.statistics.kind] : given
    const encoder = learn(spec, collected, column, warnings)
    return { feature: input.feature, type: input.type, encoder }
  })
  return { inputs, warnings }
}

function learn(
  spec: EncoderSpec,
  collected: Pick<Collected, 'store' | 'inputs'>,
  column: number,
  warnings: Diagnostic[],
): LearnedEncoder {
  const input = collected.inputs[column] as CollectedInput
  const { feature, type, statistics } = input
  const levels = (): SeenLevels => levelsOf(input, column, collected.store)
  switch (spec.kind) {
    case 'numeric':
      if (statistics.kind !== 'numeric') break
      return learnNumeric(spec, input, statistics, column, collected.store, warnings)
    case 'boolean':
      if (statistics.kind !== 'boolean') break
      return learnBoolean(spec, feature, statistics, warnings)
    case 'onehot':
      return learnOneHot(spec, feature, levels(), warnings)
    case 'ordinal':
      return learnOrdinal(spec, input, levels())
    case 'frequency':
      return learnFrequency(spec, levels())
    case 'target':
      return learnTarget(spec, collected, column)
    case 'hashed':
      if (statistics.kind !== 'category') break
      return {
        kind: 'hashed',
        columns: spec.columns,
        signed: spec.signed,
        ...missingPolicy(spec.missing, statistics.missing),
      }
  }
  return fail('model/input-type', { input: feature, type, encoder: `the ${spec.kind} encoder` })
}

function learnBoolean(
  spec: BooleanSpec,
  feature: string,
  statistics: BooleanStatistics,
  warnings: Diagnostic[],
): LearnedEncoder {
  const { trues, count, missing } = statistics
  if (trues === 0 || (trues === count && missing === 0)) {
    warnings.push(diagnostic('train/constant', { input: feature }))
  }
  return { kind: 'boolean', ...missingPolicy(spec.missing, missing) }
}

/** Learns the encoders of categories. */
import {
  type Diagnostic,
  diagnostic,
  type FrequencySpec,
  type LearnedEncoder,
  type OneHotSpec,
  type OrdinalSpec,
  type TargetSpec,
} from '@viewcast/compiler'
import type { Collected, CollectedInput } from '../collect/collect.ts'
import { type FoldSums, inOrder, labelSums, levelsOf, type SeenLevels } from './levels-of.ts'

type Learned<K extends LearnedEncoder['kind']> = Extract<LearnedEncoder, { kind: K }>

/**
 * The base is the most frequent level; levels follow by frequency, then in order, `maxCategories` of them with the base,
 * each with at least `minCount` rows. A column for rare or missing values is left out when the training rows have none.
 */
export function learnOneHot(
  spec: OneHotSpec,
  feature: string,
  { seen, missing }: SeenLevels,
  warnings: Diagnostic[],
): Learned<'onehot'> {
  const base = spec.base === 'none' ? null : (seen[0]?.level ?? '')
  const kept = seen.filter((l) => l.rows >= spec.minCount).slice(base === null ? 0 : 1, spec.maxCategories)
  const levels = kept.map((l) => l.level)
  const known = new Set([...levels, base])
  const rare = spec.rare === 'level' ? seen.filter((l) => !known.has(l.level)).map((l) => l.level) : []
  const columns = levels.length + (rare.length > 0 ? 1 : 0) + (spec.missing === 'level' && missing > 0 ? 1 : 0)
  if (seen.length === 1 && columns === 0) warnings.push(diagnostic('train/constant', { input: feature }))
  else if (columns === 0) {
    warnings.push(diagnostic('train/rare-levels', { input: feature, count: String(spec.minCount) }))
  }
  const unseen = spec.unseen === 'rare'
  return {
    kind: 'onehot',
    levels,
    base,
    // Where every other value is rare, the levels that are need no list.
    ...(rare.length > 0 ? { rare: { levels: unseen ? [] : rare, unseen } } : {}),
    ...missingPolicy(spec.missing, missing),
  }
}

/** A column for missing values is of use only where there are some. */
export const missingPolicy = (
  policy: 'level' | 'null' | undefined,
  missing: number,
): { readonly missing?: 'level' | 'null' } =>
  policy === 'null' || (policy === 'level' && missing > 0) ? { missing: policy } : {}

/** The place of each level in the order that is declared, or of the levels seen. */
export function learnOrdinal(spec: OrdinalSpec, input: CollectedInput, { seen }: SeenLevels): Learned<'levels'> {
  const levels = spec.order ?? [...seen].sort(inOrder(input)).map((l) => l.level)
  const places = new Map(levels.map((level, i) => [level, i]))
  const mostFrequent = seen.find((l) => places.has(l.level))?.level
  const missing = spec.missing === 'mostFrequent' ? (places.get(mostFrequent ?? '') ?? 0) : spec.missing
  return {
    kind: 'levels',
    by: 'ordinal',
    levels: [...levels],
    values: levels.map((_, i) => i),
    missing,
    unseen: spec.unseen,
  }
}

/** The share of the training rows that have the level. */
export function learnFrequency(spec: FrequencySpec, { seen, missing, rows }: SeenLevels): Learned<'levels'> {
  const whereMissing = { level: missing / rows, zero: 0, null: null }[spec.missing]
  return {
    kind: 'levels',
    by: 'frequency',
    levels: seen.map((l) => l.level),
    values: seen.map((l) => l.rows / rows),
    missing: whereMissing,
    unseen: 0,
  }
}

/** The mean label of each level, drawn towards the prior. */
export function learnTarget(
  spec: TargetSpec,
  collected: Pick<Collected, 'store' | 'inputs'>,
  column: number,
): Learned<'levels'> {
  const { smoothing, folds } = spec
  const sums = labelSums(collected, column, folds)
  const prior = spec.prior ?? meanOf(sums.all)
  const input = collected.inputs[column] as CollectedInput
  const { seen } = levelsOf(input, column, collected.store)
  const kept = seen.filter((l) => l.rows >= spec.minCount).map((l) => l.level)
  const value = (own: FoldSums | undefined): number => (own === undefined ? prior : smoothed(own, smoothing, prior))
  return {
    kind: 'levels',
    by: 'target',
    levels: kept,
    values: kept.map((level) => value(sums.levels.get(level))),
    missing: { level: value(sums.missing), prior, null: null }[spec.missing],
    unseen: prior,
    outOfFold: { folds, smoothing, ...(spec.prior === undefined ? {} : { prior: spec.prior }) },
  }
}

/** Of the rows of all folds but one. */
export function meanOf({ labels, weights }: FoldSums, without = -1): number {
  const weight = total(weights, without)
  return weight === 0 ? 0 : total(labels, without) / weight
}

/** (Σ w y + m · prior) / (Σ w + m), of the rows of all folds but one; the prior without rows. */
export function smoothed({ labels, weights }: FoldSums, m: number, prior: number, without = -1): number {
  const weight = total(weights, without)
  return weight === 0 ? prior : (total(labels, without) + m * prior) / (weight + m)
}

const total = (values: Float64Array, without: number): number =>
  values.reduce((sum, v, fold) => (fold === without ? sum : sum + v), 0)

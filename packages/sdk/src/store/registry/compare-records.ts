/** What differs between two records of a model. */
import { type Coefficient, digest, type LearnedInput, type ModelRecord } from '@viewcast/compiler'

export type Change = 'same' | 'changed' | 'added' | 'removed'

export interface ComparedCoefficient {
  readonly name: string
  /** The class whose score it is part of, where there is a score per class. */
  readonly class?: string
  readonly change: Change
  readonly before: Estimate | null
  readonly after: Estimate | null
  /** After less before; null where one is missing. */
  readonly difference: number | null
  /**
   * The difference over its standard error, as if the versions were trained on rows that have nothing in common; where they
   * share rows it is nearer to 0 than it should be. Null without standard errors.
   */
  readonly z: number | null
}

export interface Estimate {
  readonly estimate: number
  readonly standardError: number | null
}

export interface ComparedInput {
  readonly feature: string
  readonly change: Change
  readonly before: Omit<LearnedInput, 'feature'> | null
  readonly after: Omit<LearnedInput, 'feature'> | null
}

export interface ComparedMetric {
  readonly part: string
  readonly metric: string
  readonly before: number | null
  readonly after: number | null
  readonly difference: number | null
}

export interface ComparedSetting {
  /** `family`, `threshold`, `penalty.l2`, `dataset.trainRows`, … */
  readonly name: string
  readonly before: unknown
  readonly after: unknown
}

export interface RecordComparison {
  /** Every coefficient, in the order of the later version, those it lost last; none for trees. */
  readonly coefficients: readonly ComparedCoefficient[]
  /** Every input with its encoder. */
  readonly inputs: readonly ComparedInput[]
  /** Every metric of every part. */
  readonly metrics: readonly ComparedMetric[]
  /** What else the records say, only where it differs. */
  readonly settings: readonly ComparedSetting[]
}

/**
 * Compares two records. Pure.
 *
 * @example
 * ```ts
 * compareRecords(v3, v4).coefficients.filter((c) => c.change !== 'same')
 * // [{ name: 'delay_7d', change: 'changed', before: { estimate: 0.31, … }, after: { … }, difference: 0.02, z: 0.4 }]
 * ```
 */
export const compareRecords = (before: ModelRecord, after: ModelRecord): RecordComparison => ({
  coefficients: aligned(before.coefficients, after.coefficients, keyOf).map(comparedCoefficient),
  inputs: aligned(before.inputs, after.inputs, (i) => i.feature).map(([b, a]) => ({
    feature: (a ?? b)?.feature ?? '',
    change: changeOf(b, a),
    before: b === undefined ? null : withoutFeature(b),
    after: a === undefined ? null : withoutFeature(a),
  })),
  metrics: aligned(metricsOf(before), metricsOf(after), (m) => `${m.part} ${m.metric}`).map(([b, a]) => {
    const [x, y] = [b?.value ?? null, a?.value ?? null]
    const { part = '', metric = '' } = a ?? b ?? {}
    return { part, metric, before: x, after: y, difference: x === null || y === null ? null : y - x }
  }),
  settings: aligned(settingsOf(before), settingsOf(after), (s) => s.name)
    .filter(([b, a]) => changeOf(b, a) !== 'same')
    .map(([b, a]) => ({ name: (a ?? b)?.name ?? '', before: b?.value ?? null, after: a?.value ?? null })),
})

/** Pairs of what has the same key, in the order of the second list. */
function aligned<T>(
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string,
): [T | undefined, T | undefined][] {
  const earlier = new Map(before.map((item) => [key(item), item]))
  const later = new Set(after.map(key))
  return [
    ...after.map((item): [T | undefined, T] => [earlier.get(key(item)), item]),
    ...before.filter((item) => !later.has(key(item))).map((item): [T, undefined] => [item, undefined]),
  ]
}

function changeOf(before: unknown, after: unknown): Change {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return digest(before) === digest(after) ? 'same' : 'changed'
}

/** A name is one of its class; JSON keeps the two apart whatever they hold. */
const keyOf = (c: Coefficient): string => JSON.stringify([c.class ?? null, c.name])

function comparedCoefficient([b, a]: [Coefficient | undefined, Coefficient | undefined]): ComparedCoefficient {
  const [before, after] = [estimateOf(b), estimateOf(a)]
  const difference = before && after ? after.estimate - before.estimate : null
  const error = Math.hypot(before?.standardError ?? Number.NaN, after?.standardError ?? Number.NaN)
  const named = a ?? b
  return {
    name: named?.name ?? '',
    ...(named?.class === undefined ? {} : { class: named.class }),
    change: before === null ? 'added' : after === null ? 'removed' : difference === 0 ? 'same' : 'changed',
    before,
    after,
    difference,
    z: difference !== null && error > 0 ? difference / error : null,
  }
}

const estimateOf = (c: Coefficient | undefined): Estimate | null =>
  c === undefined ? null : { estimate: c.estimate, standardError: c.standardError }

const withoutFeature = ({ feature: _, ...rest }: LearnedInput): Omit<LearnedInput, 'feature'> => rest

const metricsOf = ({ metrics }: ModelRecord): { part: string; metric: string; value: number | null }[] =>
  Object.entries(metrics).flatMap(([part, values]) =>
    Object.entries(values ?? {}).map(([metric, value]) => ({ part, metric, value })),
  )

/** What the other parts of the comparison tell, and what is never the same. */
const toldElsewhere: ReadonlySet<string> = new Set([
  ...['format', 'name', 'version', 'trainedAt', 'coefficients', 'inputs', 'metrics'],
  ...['means', 'covariance', 'verification', 'trees', 'path', 'contributions'],
])
/** One value each: what is inside is of more interest than that something is different. */
const opened: ReadonlySet<string> = new Set(['fit', 'dataset'])

function settingsOf(record: ModelRecord): { name: string; value: unknown }[] {
  const { penalty, ...fit } = record.fit
  const trees =
    record.trees === undefined ? {} : { 'trees.count': record.trees.trees.length, 'trees.digest': digest(record.trees) }
  const all = { ...record, fit: { ...fit, 'penalty.l1': penalty.l1, 'penalty.l2': penalty.l2 } }
  const entries = Object.entries(all).flatMap(([name, value]) =>
    toldElsewhere.has(name)
      ? []
      : opened.has(name)
        ? Object.entries(value as object).map(([part, of]) => [`${name}.${part}`, of as unknown] as const)
        : [[name, value as unknown] as const],
  )
  return [...entries, ...Object.entries(trees)].map(([name, value]) => ({
    name: name.replace('fit.penalty', 'penalty'),
    value,
  }))
}

/** A model fitted again from sums: partitions come and go, rows are not read. */
import {
  type Diagnostic,
  diagnostic,
  encodedColumns,
  fail,
  type LearnedInput,
  type ModelRecord,
  type PartitionSum,
  type PartitionSums,
  rowScorer,
} from '@viewcast/compiler'
import { coefficientsOf, factsOf } from '../measure/inference.ts'
import { fitFromSums } from './fit-from-sums.ts'
import { checkEncoders, refuse } from './partition-sums.ts'
import { added, type Sum } from './sum-of.ts'

export interface RefitOptions {
  /** Sums of the partitions to add, made with `like`. */
  readonly add?: PartitionSums
  /** Partitions to leave out; one that is also added is replaced. */
  readonly remove?: readonly (string | null)[]
  /** Version of the new record; default one more than that of the record. */
  readonly version?: number
  /** ISO instant written into the record; default now. */
  readonly trainedAt?: string
}

export interface Refitted {
  readonly record: ModelRecord
  /** Of all partitions the record is fitted to. */
  readonly sums: PartitionSums
  readonly warnings: readonly Diagnostic[]
}

/** Fewer digits than this are no fit. */
const enoughDigits = 8

/**
 * The least-squares model of the partitions that are left and added, with the encoders and the penalty of the record:
 * coefficients, standard errors, covariance, dispersion and deviances as a fit of all their rows gives.
 *
 * Nothing is subtracted: the sums of the partitions that stay are added up anew. Metrics are those that sums tell (RMSE and
 * R² of the training rows); test rows are not measured. Errors: `train/partition` for a partition that is there already, or
 * not; `train/refit` for sums of other encoders, of no partition, and when fewer than 8 digits are left; `train/collinear`.
 * Warnings: `train/refit-unseen`, `train/constant`.
 *
 * @example
 * ```ts
 * const june = await partitionSums(db, delay, record, { like: sums, only: ['2024-06-01'] })
 * const next = refit(record, sums, { add: june, remove: ['2023-06-01'] })
 * next.record.version // record.version + 1
 * ```
 */
export function refit(record: ModelRecord, sums: PartitionSums, options: RefitOptions = {}): Refitted {
  const { add, remove = [] } = options
  checkEncoders(sums, record)
  if (add !== undefined) checkAlike(sums, add, record)
  const partitions = changed(sums.partitions, add?.partitions ?? [], remove)
  if (partitions.length === 0) refuse(record, 'no partition is left')
  const encoded = encodedColumns(record.inputs)
  const frame = {
    columns: encoded.map((c) => c.name),
    isBinary: record.inputs.flatMap(binaryColumns),
    center: sums.center,
    shift: Float64Array.from(sums.shift),
    scale: Float64Array.from(sums.scale),
  }
  const sum = added(partitions, encoded.length)
  const { fit, digits, constant } = fitFromSums(sum, frame, record.fit.penalty.l2)
  if (digits < enoughDigits || !fit.coefficients.every(Number.isFinite)) {
    refuse(record, `its rows lie so that sums leave ${digits} digits of the result`)
  }
  const { name, family, link, inputs, fit: before } = record
  const { covariance: _, means: __, scorecard: ___, ...kept } = record
  const reason = `sums of ${partitions.length} partitions by ${byName(sums.by)}`
  const draft: ModelRecord = {
    ...kept,
    version: options.version ?? record.version + 1,
    trainedAt: options.trainedAt ?? new Date().toISOString(),
    coefficients: coefficientsOf({ family }, inputs, fit),
    means: meansOf(sum, frame),
    ...(fit.covariance === null ? {} : { covariance: [...fit.covariance] }),
    fit: { ...factsOf({ family, link, penalty: before.penalty }, fit), where: 'database', reason },
    dataset: { name: record.dataset.name, queryHash: sums.queryHash, trainRows: sum.rows, testRows: 0 },
    metrics: metricsOf(sum, frame.center, fit),
    verification: [],
  }
  const { score } = rowScorer(draft)
  const verification = record.verification.map(({ inputs }) => {
    const { scores, outputs } = score(inputs)
    return { inputs, scores: [...scores], outputs }
  })
  return {
    record: { ...draft, verification },
    sums: { ...sums, partitions },
    warnings: [
      ...unseen(sums, add, record),
      ...constant.map((input) => diagnostic('train/constant', { input, model: name })),
    ],
  }
}

const binaryColumns = (input: LearnedInput): boolean[] => {
  const { encoder } = input
  const columns = encodedColumns([input])
  const isIndicator = (at: number): boolean =>
    encoder.kind === 'numeric' && encoder.indicator && at === columns.length - 1
  return columns.map((_, at) => encoder.kind === 'onehot' || encoder.kind === 'boolean' || isIndicator(at))
}

function checkAlike(sums: PartitionSums, add: PartitionSums, record: ModelRecord): void {
  const frame = ({ by, center, shift, scale, queryHash }: PartitionSums): string =>
    JSON.stringify([by.column, by.every, center, shift, scale, queryHash])
  checkEncoders(add, record)
  if (frame(sums) !== frame(add)) refuse(record, 'the added sums were not made like those there are')
}

/** In the order of the partitions there are, the added ones last. */
function changed(
  before: readonly PartitionSum[],
  add: readonly PartitionSum[],
  remove: readonly (string | null)[],
): PartitionSum[] {
  const known = new Set(before.map((p) => p.value))
  const absent = remove.find((value) => !known.has(value))
  if (absent !== undefined) fail('train/partition', { partition: String(absent), problem: 'is not in the sums' })
  const left = before.filter((p) => !remove.includes(p.value))
  const twice = add.find((p) => left.some((other) => other.value === p.value))
  if (twice !== undefined) {
    fail('train/partition', {
      partition: String(twice.value),
      problem: 'is in the sums already',
      hint: 'Remove it in the same call to replace it.',
    })
  }
  return [...left, ...add]
}

/** A share of rows that is not the one before, by so many times. */
const muchMore = 2

function unseen(sums: PartitionSums, add: PartitionSums | undefined, { inputs }: ModelRecord): Diagnostic[] {
  const share = (of: readonly PartitionSum[], count: (p: PartitionSum) => number): number => {
    const rows = of.reduce((n, p) => n + p.rows, 0)
    return rows === 0 ? 0 : of.reduce((n, p) => n + count(p), 0) / rows
  }
  return inputs.flatMap(({ feature, encoder }, i) => {
    const hasIndicator = encoder.kind === 'numeric' && encoder.indicator
    const told = (what: string, count: (p: PartitionSum) => number): Diagnostic[] => {
      const rows = (add?.partitions ?? []).reduce((n, p) => n + count(p), 0)
      if (rows === 0 || share(add?.partitions ?? [], count) <= muchMore * share(sums.partitions, count)) return []
      return [diagnostic('train/refit-unseen', { input: feature, rows: String(rows), what })]
    }
    return [
      ...told('levels', (p) => p.others[i] ?? 0),
      ...(hasIndicator ? [] : told('missing values', (p) => p.missing[i] ?? 0)),
    ]
  })
}

const meansOf = ({ products }: Sum, { shift, scale }: { shift: Float64Array; scale: Float64Array }): number[] =>
  [...shift].map((s, j) => {
    const first = ((j + 1) * (j + 2)) / 2
    return s + ((scale[j] as number) * (products[first] as number)) / (products[0] as number)
  })

function metricsOf(
  { products, gradient }: Sum,
  center: number,
  { deviance, nullDeviance }: { readonly deviance: number; readonly nullDeviance: number },
): ModelRecord['metrics'] {
  const weight = products[0] as number
  const mean = center + (gradient[0] as number) / weight
  const of = (squares: number) => ({
    rmse: Math.sqrt(squares / weight),
    mae: null,
    r2: nullDeviance > 0 ? 1 - squares / nullDeviance : null,
    mean,
  })
  return { train: of(deviance), test: {}, baseline: of(nullDeviance) }
}

const byName = ({ column, every }: PartitionSums['by']): string =>
  every === undefined ? `"${column}"` : `${every} of "${column}"`

/** Reads the training query once, into a store of numbers and statistics of its training rows. */
import {
  type Column,
  type Diagnostic,
  diagnostic,
  fail,
  InternalError,
  labelKind,
  type ModelDef,
  throwIfErrors,
} from '@viewcast/compiler'
import { stopIfAborted } from '../solve/passes.ts'
import { createInputReader, type InputReader, numberOf } from './input-reader.ts'
import { createRowStore, type RowStore } from './row-store.ts'
import type { InputStatistics } from './statistics.ts'

/** Values of the store's last column. */
export const parts = { train: 0, test: 1, validation: 2 } as const
export type Part = keyof typeof parts

export interface CollectedInput {
  readonly feature: string
  readonly type: string
  readonly statistics: InputStatistics
}

export interface Collected {
  /** A row holds the inputs in order, then the label, the case weight and the part. */
  readonly store: RowStore
  readonly inputs: readonly CollectedInput[]
  readonly isWeighted: boolean
  readonly rows: Readonly<Record<Part, number>>
  readonly leftOut: LeftOut
  readonly warnings: readonly Diagnostic[]
}

/** Rows of the training query that are in no part, by the first reason that holds. */
export interface LeftOut {
  /** Their outcome is not complete. */
  readonly censored: number
  /** The split puts them into no part: they are in its gap, or their outcome reaches into the next part. */
  readonly gap: number
  /** Their label is NULL. */
  readonly unlabelled: number
  /** Their weight is 0. */
  readonly weightless: number
}

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined
  readonly onRows?: ((rows: number) => void) | undefined
  readonly memoryBudgetBytes?: number | undefined
}

type Batches = AsyncIterable<readonly (readonly unknown[])[]>

/**
 * Reads every batch once. Rows whose outcome is not complete, without a label, in no part (a NULL `_split`) or with
 * weight 0 are left out, and counted.
 *
 * `columns` are those of the rows, in order: the inputs and the label of the model by name, and, when the dataset has
 * them, `_weight`, `_split` (`train`, `validation`, `test` or NULL) and `_censored`.
 *
 * Errors: `train/no-rows`, `train/label-values`, `train/one-class`, `train/all-null`, `train/not-finite`,
 * `train/weight`, `train/many-levels`, `train/spool`, `engine/interrupted`. Warning: `train/null-label`.
 */
export async function collectRows(
  model: ModelDef,
  columns: readonly Column[],
  batches: Batches,
  options: CollectOptions = {},
): Promise<Collected> {
  const readers = Object.keys(model.inputs).map((feature) => {
    const at = indexOf(columns, feature)
    return { at, reader: createInputReader(columns[at] as Column) }
  })
  const { memoryBudgetBytes } = options
  const store = createRowStore(readers.length + 3, memoryBudgetBytes === undefined ? {} : { memoryBudgetBytes })
  try {
    const found = await readRows(model, columns, readers, batches, store, options)
    const inputs = readers.map(({ reader }) => ({
      feature: reader.feature,
      type: reader.type,
      statistics: reader.statistics(),
    }))
    const warnings = check(model, inputs, found)
    const { rows, isWeighted, leftOut } = found
    return { store, inputs, rows, isWeighted, leftOut, warnings }
  } catch (e) {
    store.dispose()
    throw e
  }
}

interface Found {
  readonly rows: Record<Part, number>
  readonly isWeighted: boolean
  readonly leftOut: LeftOut
  readonly badWeights: number
  /** Training rows with label 1. */
  readonly positives: number
}

async function readRows(
  model: ModelDef,
  columns: readonly Column[],
  readers: readonly { readonly at: number; readonly reader: InputReader }[],
  batches: Batches,
  store: RowStore,
  options: CollectOptions,
): Promise<Found> {
  const width = readers.length
  const label = indexOf(columns, model.label)
  const weight = columns.findIndex((c) => c.name === '_weight')
  const split = columns.findIndex((c) => c.name === '_split')
  const drops = (model.dataset.target?.censored ?? 'drop') === 'drop'
  const censored = drops ? columns.findIndex((c) => c.name === '_censored') : -1
  const row = new Float64Array(width + 3)
  const rows = { train: 0, test: 0, validation: 0 }
  const leftOut = { censored: 0, gap: 0, unlabelled: 0, weightless: 0 }
  let badWeights = 0
  let positives = 0
  let read = 0
  stopIfAborted(options.signal)
  for await (const batch of batches) {
    stopIfAborted(options.signal)
    for (const values of batch) {
      if (censored >= 0 && values[censored] === true) {
        leftOut.censored++
        continue
      }
      const part = split < 0 ? 'train' : partOf(values[split])
      if (part === undefined) {
        leftOut.gap++
        continue
      }
      const y = labelOf(model, values[label])
      if (Number.isNaN(y)) {
        leftOut.unlabelled++
        continue
      }
      const w = weight < 0 ? 1 : numberOf(values[weight])
      if (!(w >= 0 && w < Number.POSITIVE_INFINITY)) badWeights++
      if (!(w > 0)) {
        leftOut.weightless++
        continue
      }
      for (let j = 0; j < width; j++) {
        const { at, reader } = readers[j] as (typeof readers)[number]
        const x = reader.read(values[at])
        row[j] = x
        if (part === 'train') reader.count(x)
      }
      row[width] = y
      row[width + 1] = w
      row[width + 2] = parts[part]
      store.append(row)
      rows[part]++
      if (part === 'train' && y === 1) positives++
    }
    read += batch.length
    options.onRows?.(read)
  }
  return { rows, isWeighted: weight >= 0, leftOut, badWeights, positives }
}

function partOf(value: unknown): Part | undefined {
  if (value === 'train' || value === 'test' || value === 'validation') return value
  if (value === null) return undefined
  throw new InternalError('The training query divides rows into parts other than train, validation and test')
}

function labelOf(model: ModelDef, value: unknown): number {
  const y = typeof value === 'boolean' ? Number(value) : numberOf(value)
  if (Number.isNaN(y)) return y
  if (labelKind(model.family) === 'outcome' && y !== 0 && y !== 1) fail('train/label-values', { label: model.label })
  if (!Number.isFinite(y)) fail('train/not-finite', { input: model.label })
  return y
}

function indexOf(columns: readonly Column[], name: string): number {
  const at = columns.findIndex((c) => c.name === name)
  if (at < 0) throw new InternalError(`The training query lacks the column "${name}"`)
  return at
}

/** Throws every error at once; returns the warnings. */
function check(model: ModelDef, inputs: readonly CollectedInput[], found: Found): Diagnostic[] {
  const { rows, badWeights, positives } = found
  const withoutLabel = found.leftOut.unlabelled
  const { sample, name: dataset } = model.dataset
  const errors: Diagnostic[] = []
  const total = rows.train + rows.validation + rows.test + withoutLabel
  if (badWeights > 0) {
    errors.push(diagnostic('train/weight', { column: sample.weight ?? '_weight', rows: String(badWeights) }))
  }
  if (rows.train === 0) {
    errors.push(diagnostic('train/no-rows', { dataset, part: 'training', ...whyNone(model, found.leftOut) }))
  } else {
    if (rows.test === 0 && sample.split.kind !== 'none') {
      errors.push(diagnostic('train/no-rows', { dataset, part: 'test', ...whyNone(model, found.leftOut) }))
    }
    if (rows.validation === 0 && sample.split.kind !== 'none' && sample.split.validation !== undefined) {
      errors.push(diagnostic('train/no-rows', { dataset, part: 'validation', ...whyNone(model, found.leftOut) }))
    }
    if (labelKind(model.family) === 'outcome' && (positives === 0 || positives === rows.train)) {
      errors.push(diagnostic('train/one-class', { label: model.label, rows: String(rows.train) }))
    }
    for (const { feature, statistics } of inputs) {
      if (statistics.kind === 'numeric' && statistics.infinite > 0) {
        errors.push(diagnostic('train/not-finite', { input: feature }))
      } else if (statistics.count === 0) {
        errors.push(diagnostic('train/all-null', { input: feature, ...viewOf(model, feature) }))
      } else if (statistics.kind === 'numeric' && !Number.isFinite(statistics.deviation)) {
        errors.push(diagnostic('train/not-finite', { input: feature }))
      }
    }
  }
  throwIfErrors(errors)
  if (withoutLabel === 0) return []
  return [diagnostic('train/null-label', { label: model.label, rows: String(withoutLabel), total: String(total) })]
}

/** What was left out, when a part has no rows. */
function whyNone(model: ModelDef, { censored, gap, unlabelled }: LeftOut): { readonly hint?: string } {
  const reasons = [
    ...(unlabelled > 0 ? [`Label "${model.label}" is NULL in ${unlabelled} rows.`] : []),
    ...(censored > 0 ? [`The outcome of ${censored} rows is not complete; see knownUntil of the target.`] : []),
    ...(gap > 0 ? [`${gap} rows are in the gap of the split.`] : []),
  ]
  return reasons.length === 0 ? {} : { hint: reasons.join(' ') }
}

/** The view a feature comes from, as far as the declaration says. */
function viewOf(model: ModelDef, feature: string): { readonly view?: string } {
  const use = model.dataset.features.find((u) => {
    const prefix = u.prefix ?? ''
    if (!feature.startsWith(prefix)) return false
    const name = feature.slice(prefix.length)
    return u.pick?.includes(name) ?? name in u.view.features
  })
  return use === undefined ? {} : { view: use.view.name }
}

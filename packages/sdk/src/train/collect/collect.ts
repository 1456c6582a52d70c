/** Reads the training query once, into a store of numbers and statistics of its training rows. */
import { type Column, type Diagnostic, diagnostic, labelKind, type ModelDef, throwIfErrors } from '@viewcast/compiler'
import { type NumberBatch, numbersOfRows } from '../../database/number-batch.ts'
import { stopIfAborted } from '../solve/passes.ts'
import type { Classes } from './classes.ts'
import { createInputReader, type InputReader } from './input-reader.ts'
import type { LeftOut, Part } from './parts.ts'
import { type ChosenRows, expectedLabels, type Groups, type RowCounts, rowChoice } from './row-choice.ts'
import { createRowStore, type RowStore } from './row-store.ts'
import type { InputStatistics } from './statistics.ts'
import { indexOf, trainingColumns } from './training-columns.ts'

export { type LeftOut, type Part, parts } from './parts.ts'

export interface CollectedInput {
  readonly feature: string
  readonly type: string
  readonly statistics: InputStatistics
}

export interface Collected {
  /** A row holds the inputs in order, then the label, the case weight, of a group its rows, and the part. */
  readonly store: RowStore
  readonly inputs: readonly CollectedInput[]
  readonly isWeighted: boolean
  /** The input that is the offset. */
  readonly offset?: string
  /** Of a label with several classes. */
  readonly classes?: Classes
  readonly rows: Readonly<Record<Part, number>>
  /** The store holds groups of equal rows; `rows` counts rows. */
  readonly groups?: Groups
  readonly leftOut: LeftOut
  readonly warnings: readonly Diagnostic[]
}

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined
  readonly onRows?: ((rows: number) => void) | undefined
  readonly memoryBudgetBytes?: number | undefined
  /** Rows are groups of equal rows, and the last column is how many each is. */
  readonly isGrouped?: boolean | undefined
}

/** Rows of the training query: as they are, or of the columns wanted as numbers. */
export type Batches = AsyncIterable<readonly (readonly unknown[])[] | NumberBatch>

/**
 * Reads every batch once. Rows whose outcome is not complete, without a label, in no part (a NULL `_split`) or with
 * weight 0 are left out, and counted.
 *
 * `columns` are those of the training query, in order: the inputs and the label of the model by name, and, when the
 * dataset has them, `_weight`, `_split` (`train`, `validation`, `test` or NULL) and `_censored`. Batches have either all
 * of them, or the numbers of those that {@link trainingColumns} wants.
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
  const readers = Object.keys(model.inputs).map((f) => createInputReader(columns[indexOf(columns, f)] as Column))
  const { memoryBudgetBytes, isGrouped = false } = options
  const store = createRowStore(readers.length + (isGrouped ? 4 : 3), {
    ...(memoryBudgetBytes === undefined ? {} : { memoryBudgetBytes }),
    ...(isGrouped ? { copies: readers.length + 2 } : {}),
  })
  try {
    const found = await readRows(model, columns, readers, batches, store, options)
    const inputs = readers.map((r) => ({ feature: r.feature, type: r.type, statistics: r.statistics() }))
    const warnings = checkRows(model, inputs, found)
    const { rows, groups, isWeighted, leftOut, classes } = found
    return {
      store,
      inputs,
      rows,
      ...(groups === undefined ? {} : { groups }),
      isWeighted,
      ...(model.offset === undefined ? {} : { offset: model.offset }),
      ...(classes === undefined ? {} : { classes }),
      leftOut,
      warnings,
    }
  } catch (e) {
    store.dispose()
    throw e
  }
}

/** What is counted while rows are read, here or in the database. */
export interface Found extends RowCounts {
  readonly isWeighted: boolean
  /** Labels other than 0 and 1, and such as are not finite, where they are counted and not refused at sight. */
  readonly otherLabels?: number
  readonly infiniteLabels?: number
  readonly leastLabel?: number
}

async function readRows(
  model: ModelDef,
  columns: readonly Column[],
  readers: readonly InputReader[],
  batches: Batches,
  store: RowStore,
  options: CollectOptions,
): Promise<Found> {
  const places = trainingColumns(model, columns, options.isGrouped)
  const numbers = numbersOfRows(
    columns.map((c) => c.type),
    places.wanted,
  )
  const choice = rowChoice(model, places)
  let read = 0
  stopIfAborted(options.signal)
  for await (const rows of batches) {
    stopIfAborted(options.signal)
    const batch = 'values' in rows && 'levels' in rows ? rows : numbers(rows)
    const chosen = choice.choose(batch)
    for (let from = 0; from < chosen.count; ) from += keep(store, readers, batch, chosen, from)
    read += batch.rows
    options.onRows?.(read)
  }
  return { ...choice.counts(), isWeighted: places.weight >= 0 }
}

/** Readers go through the rows one after the other, so few enough rows to stay in the processor's cache. */
const rowsAtOnce = 256

/** Moves chosen rows into the store, as many as have space; returns how many. */
function keep(
  store: RowStore,
  readers: readonly InputReader[],
  batch: NumberBatch,
  chosen: ChosenRows,
  from: number,
): number {
  const { values, at, rows } = store.space()
  const count = Math.min(rows, chosen.count - from, rowsAtOnce)
  const stride = store.width
  const partAt = chosen.copies === undefined ? 2 : 3
  readers.forEach((reader, j) => {
    reader.take(batch, j, chosen, from, count, { values, at: at + j, stride })
  })
  for (let k = from, to = at + readers.length; k < from + count; k++, to += stride) {
    values[to] = chosen.label[k] as number
    values[to + 1] = chosen.weight[k] as number
    if (chosen.copies !== undefined) values[to + 2] = chosen.copies[k] as number
    values[to + partAt] = chosen.part[k] as number
  }
  store.commit(count)
  return count
}

/** Throws every error at once; returns the warnings. */
export function checkRows(model: ModelDef, inputs: readonly CollectedInput[], found: Found): Diagnostic[] {
  const { rows, badWeights, positives } = found
  const withoutLabel = found.leftOut.unlabelled
  const { sample, name: dataset } = model.dataset
  const errors: Diagnostic[] = []
  if (labelKind(model.family) === 'outcome' && (found.otherLabels ?? 0) > 0) {
    errors.push(diagnostic('train/label-values', { label: model.label }))
  } else if ((found.infiniteLabels ?? 0) > 0) errors.push(diagnostic('train/not-finite', { input: model.label }))
  const expected = expectedLabels[model.family]
  if (found.leastLabel !== undefined && expected?.isLabel(found.leastLabel) === false) {
    errors.push(diagnostic('train/label-values', { label: model.label, expected: expected.words }))
  }
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
    if (found.classes !== undefined && found.classes.names.length < 2) {
      errors.push(diagnostic('train/one-class', { label: model.label, rows: String(rows.train) }))
    }
    for (const { feature, statistics } of inputs) {
      if (statistics.count === 0) {
        errors.push(diagnostic('train/all-null', { input: feature, ...viewOf(model, feature) }))
      }
    }
  }
  throwIfErrors(errors)
  if (withoutLabel === 0) return []
  return [diagnostic('train/null-label', { label: model.label, rows: String(withoutLabel), total: String(total) })]
}

/** What was left out, when a part has no rows. */
function whyNone(
  model: ModelDef,
  { censored, gap, unlabelled, weightless, missing }: LeftOut,
): { readonly hint?: string } {
  const reasons = [
    ...(unlabelled > 0 ? [`Label "${model.label}" is NULL in ${unlabelled} rows.`] : []),
    ...(censored > 0 ? [`The outcome of ${censored} rows is not complete; see knownUntil of the target.`] : []),
    ...(missing !== undefined ? [`${missing} rows lack an input whose encoder gives no score then.`] : []),
    ...(weightless > 0 ? [`The weight of ${weightless} rows is 0.`] : []),
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

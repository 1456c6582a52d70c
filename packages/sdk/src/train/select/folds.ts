/** Which part of each fold a row is in. A fold is a number below `folds × repeats`; rows are told by their fold key. */
import { type FoldKey, fail, type Gap, type ModelDef } from '@viewcast/compiler'
import type { Folds } from '../../define/folds.ts'

/** Name of the column folds are made of, as the training query gives it and as rows are collected with it. */
export const foldKeyColumn = '_fold_key'

/** Folds, and what is kept free of rows before those by time. */
export interface FoldChoice {
  readonly folds: Folds
  readonly gap: Gap
}

/** What the training query is to give for folds. */
export const foldKeyOf = (folds: Folds): FoldKey =>
  folds.kind === 'time'
    ? { kind: 'time' }
    : {
        kind: 'hash',
        ...(folds.by === undefined ? {} : { by: folds.by }),
        ...(folds.seed === undefined ? {} : { seed: folds.seed }),
      }

/** The model as rows are collected for folds: the key of each row is kept like an input, and is none. */
export const withFoldKey = (model: ModelDef): ModelDef => ({
  ...model,
  inputs: { ...model.inputs, [foldKeyColumn]: 'auto' },
})

/** What a row is in a fold: fitted on, measured on, or neither. */
export type FoldPart = 'train' | 'validation' | undefined

export interface FoldPlan {
  readonly count: number
  /** What a row with this key is in a fold. */
  readonly partOf: (fold: number, key: number) => FoldPart
  /** A fold as a reader knows it: `2`, `2 of repeat 3`, `from 2024-05-01T00:00:00Z`. */
  readonly title: (fold: number) => string
}

/**
 * Divides rows into folds by their keys: 32 bits of a hash, or seconds since 1970.
 *
 * By hash, every row is validated on once per repeat. By time, the rows are cut into `count + 1` runs with about the same
 * number of rows (rows of one instant stay together), or at the instants given; each run but the first is validated on by
 * a model of the rows before it, less those in the gap. `keys` are those of the training rows, in any order; rows
 * without a key (a NULL `as_of`) are in no fold.
 *
 * Errors: `select/folds` when the rows cannot be divided so.
 */
export function planFolds(folds: Folds, gap: Gap, keys: Float64Array, what: string): FoldPlan {
  return folds.kind === 'hash' ? byHash(folds, keys, what) : byTime(folds, gap, keys, what)
}

function byHash({ count, repeats }: Extract<Folds, { kind: 'hash' }>, keys: Float64Array, what: string): FoldPlan {
  const ownFold = (key: number, repeat: number): number => Math.floor((mixed(key, repeat) / 2 ** 32) * count)
  for (let repeat = 0; repeat < repeats; repeat++) {
    const seen = new Set<number>()
    for (let i = 0; i < keys.length && seen.size < count; i++) seen.add(ownFold(keys[i] as number, repeat))
    if (seen.size < count) {
      fail('select/folds', { what, detail: `of ${count} folds by hash, ${count - seen.size} would have no rows` })
    }
  }
  return {
    count: count * repeats,
    partOf(fold, key) {
      if (Number.isNaN(key)) return undefined
      return ownFold(key, Math.floor(fold / count)) === fold % count ? 'validation' : 'train'
    },
    title: (fold) =>
      repeats === 1 ? String((fold % count) + 1) : `${(fold % count) + 1} of repeat ${Math.floor(fold / count) + 1}`,
  }
}

/**
 * Another 32 bits for each repeat, one to one, so that keys that differ stay apart.
 *
 * Source: the finaliser of MurmurHash3 (A. Appleby, public domain).
 */
function mixed(key: number, repeat: number): number {
  let h = (key ^ Math.imul(repeat + 1, 0x9e3779b9)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whole microseconds, which float8 seconds hold until the year 2255, so that edges are met exactly. */
const micros = (seconds: number): number => Math.round(seconds * 1e6)

function byTime(folds: Extract<Folds, { kind: 'time' }>, gap: Gap, keys: Float64Array, what: string): FoldPlan {
  const times = keys.filter(Number.isFinite).map(micros).sort()
  const starts = folds.starts === undefined ? cuts(times, folds.count, what) : folds.starts.map((s) => instantMicros(s))
  const before = starts.map((start) => start - micros(gap.seconds))
  const isBefore = gap.edge === '<' ? (t: number, edge: number) => t < edge : (t: number, edge: number) => t <= edge
  const partOf = (fold: number, key: number): FoldPart => {
    const t = micros(key)
    if (isBefore(t, before[fold] as number)) return 'train'
    return t >= (starts[fold] as number) && t < (starts[fold + 1] ?? Number.POSITIVE_INFINITY)
      ? 'validation'
      : undefined
  }
  const title = (fold: number): string => `from ${new Date((starts[fold] as number) / 1000).toISOString()}`
  for (const fold of starts.keys()) {
    const found = { train: false, validation: false }
    for (const key of keys) {
      const part = partOf(fold, key)
      if (part !== undefined) found[part] = true
    }
    const lacking = !found.train ? 'training' : found.validation ? undefined : 'validation'
    if (lacking !== undefined) {
      fail('select/folds', { what, detail: `the fold ${title(fold)} has no ${lacking} rows` })
    }
  }
  return { count: starts.length, partOf, title }
}

/** Of an instant in UTC as PostgreSQL prints it, to the microsecond, which a Date alone would cut. */
function instantMicros(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  const whole = text.replace(`.${fraction}`, '').replace(' ', 'T').replace('+00', 'Z')
  return Date.parse(whole) * 1000 + Number(fraction.padEnd(6, '0'))
}

/** Where each run but the first starts. */
function cuts(times: Float64Array, count: number, what: string): number[] {
  const starts: number[] = []
  for (let i = 1; i <= count; i++) {
    const last = starts.at(-1) ?? times[0] ?? Number.NaN
    let at = Math.max(1, Math.round((i * times.length) / (count + 1)))
    while (at < times.length && (times[at] as number) <= last) at++
    if (!(at < times.length)) {
      fail('select/folds', { what, detail: `the rows have too few instants for ${count} folds by time` })
    }
    // The run starts at an instant, with all its rows.
    starts.push(times[at] as number)
  }
  return starts
}

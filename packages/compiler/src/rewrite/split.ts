/** The column that says which part of the data a row belongs to. */
import type { BoundDataset } from '../analyse/bind.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { instant } from '../emit/instant.ts'
import type { FoldKey, HashSplit, Split, TimeSplit } from '../ir/definition.ts'
import { durationSeconds, printInterval } from '../ir/duration.ts'
import { type CaseArm, type Expr, expr } from '../ir/expression.ts'
import type { SqlType } from '../ir/type.ts'

/** `train`, `validation`, `test`, or NULL for rows in no part; undefined when the sample is not split. */
export function splitExpression(split: Split, bound: BoundDataset, alias: string): Expr | undefined {
  if (split.kind === 'none') return undefined
  return split.kind === 'time' ? byTime(split, bound, alias) : byHash(split, bound, alias)
}

/** Seconds before a part's start from which on rows are in no part, and whether the edge itself still is in one. */
export interface Gap {
  readonly seconds: number
  readonly edge: '<' | '<='
}

/**
 * Rows with `as_of >= start − gap` are left out. An outcome ends before `as_of + horizon`, so a row whose horizon ends at
 * the very start of the part has not seen it.
 */
export function gapOf(split: Pick<TimeSplit, 'gap' | 'purge'>, horizon: number | undefined): Gap {
  const gap = split.gap === undefined ? 0 : durationSeconds(split.gap)
  if (gap === undefined) fail('time/window', { window: split.gap ?? '' })
  const purged = split.purge === false ? 0 : (horizon ?? 0)
  return purged > gap ? { seconds: purged, edge: '<=' } : { seconds: gap, edge: '<' }
}

function byTime(split: TimeSplit, bound: BoundDataset, alias: string): Expr {
  const { sample } = bound.dataset
  if (!bound.hasAsOf)
    fail('time/needs-as-of', { view: `the time split of sample "${sample.name}"`, sample: sample.name })
  const asOf = expr.column(alias, 'as_of')
  const gap = gapOf(split, bound.horizon)
  const from = (start: string) => expr.compare('>=', asOf, expr.literal('timestamptz', start))
  const before = (start: string) =>
    expr.compare(gap.edge, asOf, expr.literal('timestamptz', earlier(start, gap.seconds)))
  const none = expr.literal('text', null)
  const test = instantOf(split.test)
  const arms: CaseArm[] = [{ when: from(test), value: expr.text('test') }]
  if (split.validation !== undefined) {
    const validation = instantOf(split.validation)
    arms.push(
      { when: expr.and([from(validation), before(test)]), value: expr.text('validation') },
      { when: expr.and([before(validation), before(test)]), value: expr.text('train') },
    )
  } else arms.push({ when: before(test), value: expr.text('train') })
  return expr.case(arms, none)
}

const instantOf = (text: string): string => instant(text) ?? fail('time/instant', { value: text })

/** An instant so many seconds earlier, to the microsecond, which a Date alone would cut. */
function earlier(text: string, seconds: number): string {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  const whole = text.replace(`.${fraction}`, '').replace(' ', 'T').replace('+00', 'Z')
  const at = BigInt(Date.parse(whole)) * 1000n + BigInt(fraction.padEnd(6, '0'))
  const micros = at - BigInt(Math.round(seconds * 1e6))
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const utc = new Date(Number((micros - rest) / 1000n)).toISOString().replace('.000Z', '')
  return rest === 0n ? `${utc}Z` : `${utc}.${String(rest).padStart(6, '0')}Z`
}

/** What is left out before a part, in words; undefined when nothing is. */
export function gapInWords(split: TimeSplit, horizon: number | undefined): string | undefined {
  const { seconds, edge } = gapOf(split, horizon)
  if (seconds === 0) return undefined
  const length = printInterval(seconds).replace(/^interval '(.*)'$/, '$1')
  return edge === '<' ? `a gap of ${length}` : `${length} purged, because outcomes of those rows reach into it`
}

/**
 * The first 32 bits of md5(seed, keys) as a share of 2³²: stable across engines, versions and plans, so that an entity stays
 * on its side. Each key column is quoted, so that no two keys make one text, and NULL is a key of its own.
 */
function byHash(split: HashSplit, bound: BoundDataset, alias: string): Expr {
  const bucket = bucketOf(split.seed ?? '', split.by, bound, alias)
  const below = (share: number) =>
    expr.compare('<', bucket, expr.literal('int8', Math.round(Math.min(1, Math.max(0, share)) * 2 ** 32)))
  const arms: CaseArm[] = [{ when: below(split.test), value: expr.text('test') }]
  if (split.validation !== undefined) {
    arms.push({ when: below(split.test + split.validation), value: expr.text('validation') })
  }
  return expr.case(arms, expr.text('train'))
}

/** 32 bits of a seed and of the columns named, or of the entity key. Errors: `view/unknown-column`. */
function bucketOf(seed: string, by: readonly string[] | undefined, bound: BoundDataset, alias: string): Expr {
  const names = by ?? bound.dataset.sample.entity.keys.map((k) => k.name)
  const known = bound.sampleColumns.map((c) => c.name)
  const keys = names.map((name) => {
    const type = bound.sampleColumns.find((c) => c.name === name)?.type
    if (type === undefined) {
      fail('view/unknown-column', {
        view: `sample "${bound.dataset.sample.name}", which is to be divided by it,`,
        column: name,
        ...nearParameter(name, known),
      })
    }
    return sameTextForEqual(expr.column(alias, name), type)
  })
  return expr.call('hash32', [expr.text(seed), ...keys])
}

/**
 * The number folds are made of: the hash of the keys, or `as_of` in seconds since 1970, as float8. The seed of a hash is
 * never that of a split, whose parts would otherwise take whole folds with them.
 */
export function foldKeyExpression(key: FoldKey, bound: BoundDataset, alias: string): Expr {
  if (key.kind === 'hash') {
    return expr.cast(bucketOf(`folds ${key.seed ?? ''}`, key.by, bound, alias), 'float8')
  }
  const { sample } = bound.dataset
  if (!bound.hasAsOf)
    fail('time/needs-as-of', { view: `the folds by time of sample "${sample.name}"`, sample: sample.name })
  return expr.cast(expr.call('epoch', [expr.column(alias, 'as_of')]), 'float8')
}

/** Text that is the same for equal values, and does not follow the session's time zone or date style. */
function sameTextForEqual(column: Expr, type: SqlType): Expr {
  const text = (e: Expr) => expr.cast(e, 'text')
  switch (type) {
    case 'numeric':
      return text(expr.call('trim_scale', [column]))
    case 'float4':
    case 'float8':
      // Adding 0 makes one of both zeros.
      return text(expr.sum([expr.cast(column, 'float8'), expr.float(0)]))
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return text(expr.call('epoch', [column]))
    case 'bytea':
      return expr.call('hex', [column])
    case 'citext':
      return expr.call('lower', [text(column)])
    default:
      return text(column)
  }
}

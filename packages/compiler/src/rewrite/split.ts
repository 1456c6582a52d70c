/** The column that says which part of the data a row belongs to. */
import type { BoundDataset } from '../analyse/bind.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { instant } from '../emit/instant.ts'
import type { Split } from '../ir/definition.ts'
import { durationSeconds } from '../ir/duration.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { Projection } from '../ir/relation.ts'

/** `_split`: `train`, `test`, or NULL for rows in the gap. None when the sample is not split. */
export function splitColumn(split: Split, bound: BoundDataset, alias: string): Projection[] {
  if (split.kind === 'none') return []
  return [{ name: '_split', expr: split.kind === 'time' ? byTime(split, bound, alias) : byHash(split, bound, alias) }]
}

function byTime(split: Extract<Split, { kind: 'time' }>, bound: BoundDataset, alias: string): Expr {
  const { sample } = bound.dataset
  if (!bound.hasAsOf)
    fail('time/needs-as-of', { view: `the time split of sample "${sample.name}"`, sample: sample.name })
  const start = instant(split.test)
  if (start === undefined) fail('time/instant', { value: split.test })
  const gap = split.gap === undefined ? 0 : durationSeconds(split.gap)
  if (gap === undefined) fail('time/window', { window: split.gap ?? '' })
  const asOf = expr.column(alias, 'as_of')
  const at = (value: string): Expr => expr.literal('timestamptz', value)
  const endOfTraining = new Date(Date.parse(start.replace(' ', 'T').replace('+00', 'Z')) - gap * 1000).toISOString()
  return expr.case(
    [
      { when: expr.compare('>=', asOf, at(start)), value: expr.text('test') },
      { when: expr.compare('<', asOf, at(endOfTraining)), value: expr.text('train') },
    ],
    expr.literal('text', null),
  )
}

/**
 * The first 32 bits of md5(seed, keys) as a share of 2³²: stable across engines, versions and plans, so that an entity stays
 * on its side. The key columns are joined by a control character that text keys hardly hold; a collision only moves a row.
 */
function byHash(split: Extract<Split, { kind: 'hash' }>, bound: BoundDataset, alias: string): Expr {
  const keys = bound.dataset.sample.entity.keys.map((k) => expr.column(alias, k.name))
  const bucket = expr.call('hash32', [expr.text(split.seed ?? ''), ...keys])
  const limit = Math.round(Math.min(1, Math.max(0, split.test)) * 2 ** 32)
  return expr.case(
    [{ when: expr.compare('<', bucket, expr.literal('int8', limit)), value: expr.text('test') }],
    expr.text('train'),
  )
}

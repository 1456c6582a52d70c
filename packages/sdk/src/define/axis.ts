/** Values a search tries for one number. */
import { fail } from '@viewcast/compiler'

/** Any number between two, equally likely on a logarithmic scale; for random search. */
export interface LogUniform {
  readonly kind: 'logUniform'
  readonly from: number
  readonly to: number
}

/**
 * `count` numbers from one to another, each the same multiple of the one before.
 *
 * Errors: `define/option`.
 *
 * ```ts
 * logSpace(0.01, 100, 5) // 0.01, 0.1, 1, 10, 100
 * ```
 */
export function logSpace(from: number, to: number, count: number): number[] {
  checkedRange('logSpace()', from, to)
  if (!Number.isSafeInteger(count) || count < 2 || count > 10_000) {
    fail('define/option', {
      what: 'logSpace()',
      option: 'count',
      detail: 'is not a whole number from 2 to 10000',
      hint: 'Write logSpace(0.01, 100, 5).',
    })
  }
  const [low, high] = [Math.log10(from), Math.log10(to)]
  // The ends are what was written, and 0.1 is 0.1: six digits are more than a search can tell apart.
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? from : i === count - 1 ? to : Number((10 ** (low + ((high - low) * i) / (count - 1))).toPrecision(6)),
  )
}

/**
 * Any number between two, equally likely on a logarithmic scale. Only random search can draw it.
 *
 * Errors: `define/option`.
 *
 * ```ts
 * p.selection('delay_search', { model: delay, over: { penalty: logUniform(1e-4, 1e2) }, search: random(40) })
 * ```
 */
export function logUniform(from: number, to: number): LogUniform {
  checkedRange('logUniform()', from, to)
  return { kind: 'logUniform', from, to }
}

function checkedRange(what: string, from: number, to: number): void {
  if (from > 0 && to > from && to < Number.POSITIVE_INFINITY) return
  fail('define/option', {
    what,
    option: 'from, to',
    detail: 'are not two numbers above 0 in order',
    hint: `Write ${what.replace('()', '(0.01, 100)')}, or a list when 0 is to be among them.`,
  })
}

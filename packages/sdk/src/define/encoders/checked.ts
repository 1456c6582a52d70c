/** Options of encoders that the type checker cannot judge. Errors: `define/option`. */
import { fail } from '@viewcast/compiler'

export function whole(name: string, option: string, value: number, least: number, most?: number): void {
  if (Number.isSafeInteger(value) && value >= least && (most === undefined || value <= most)) return
  const detail =
    most === undefined ? `is not a whole number from ${least}` : `is not a whole number from ${least} to ${most}`
  fail('define/option', {
    what: `${name}()`,
    option,
    detail,
    hint: `Write ${name}({ ${option}: ${Math.max(least, 5)} }).`,
  })
}

export function finite(name: string, option: string, value: number, hint: string): void {
  if (!Number.isFinite(value)) fail('define/option', { what: `${name}()`, option, detail: 'is not finite', hint })
}

export function ascending(name: string, option: string, values: readonly number[], least: number): void {
  const isAscending = values.every((v, i) => Number.isFinite(v) && (i === 0 || v > (values[i - 1] as number)))
  if (isAscending && values.length >= least) return
  const detail =
    values.length < least ? `has fewer than ${least} numbers` : 'is not a list of numbers, each above the one before'
  fail('define/option', { what: `${name}()`, option, detail, hint: `Write ${name}({ ${option}: [0, 10, 100] }).` })
}

/** One label that is given: what is wrong with it, and how it is looked for. */
import { type Diagnostic, diagnostic, instant, nearParameter, type SqlType } from '@viewcast/compiler'

/** A label somebody knows. */
export interface GivenLabel {
  readonly key: Readonly<Record<string, unknown>>
  /** ISO instant with a zone of the prediction; default every prediction for the key. */
  readonly asOf?: string
  /** Default every request. */
  readonly requestId?: string
  /** Null takes back what was said. */
  readonly label: string | number | boolean | null
}

export interface NeededKey {
  readonly name: string
  readonly type: SqlType
}

/** @param number of the label, from 1. */
export function problemsOf(
  { key, asOf }: GivenLabel,
  keys: readonly NeededKey[],
  number: number,
): readonly Diagnostic[] {
  const names = keys.map((k) => k.name)
  const needed = names.join(', ')
  const problem = (text: string, column: string) =>
    diagnostic('log/label-key', {
      problem: text,
      column,
      needed,
      ...(text === 'Unknown' ? nearParameter(column, names) : {}),
    })
  return [
    ...Object.keys(key)
      .filter((name) => !names.includes(name))
      .map((name) => problem('Unknown', name)),
    ...names.filter((name) => !(name in key)).map((name) => problem('Missing', name)),
    ...keys
      .filter(({ name, type }) => name in key && keyText(key[name], type) === undefined)
      .map(({ name, type }) => diagnostic('log/label-key', { column: name, type, number: String(number), needed })),
    ...(asOf !== undefined && instant(asOf) === undefined ? [diagnostic('time/instant', { value: asOf })] : []),
  ]
}

export function labelRow({ key, asOf, requestId, label }: GivenLabel, n: number, keys: readonly NeededKey[]) {
  const types = new Map(keys.map((k) => [k.name, k.type]))
  return {
    n,
    key: Object.fromEntries(Object.entries(key).map(([name, v]) => [name, keyText(v, types.get(name) ?? 'text') ?? v])),
    as_of: asOf === undefined ? null : instant(asOf),
    request_id: requestId ?? null,
    label: label === null ? null : String(label),
    value: numberOf(label),
  }
}

const whole = new Set(['int2', 'int4', 'int8'])

/** As the log writes the value of a key of this type; undefined for what is none. Other types are taken as they are written. */
function keyText(value: unknown, type: SqlType): string | null | undefined {
  if (value === null || value === undefined) return null
  const text = value instanceof Date ? value.toISOString() : String(value).trim()
  if (whole.has(type)) return /^[-+]?\d+$/.test(text) ? String(BigInt(text.replace(/^\+/, ''))) : undefined
  if (type === 'bool') return /^(true|t|false|f)$/i.test(text) ? (/^t/i.test(text) ? 'true' : 'false') : undefined
  if (type === 'uuid') return uuid(text)
  return value instanceof Date ? text : String(value)
}

function uuid(text: string): string | undefined {
  const digits = text.replace(/[{}-]/g, '').toLowerCase()
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined
}

function numberOf(label: GivenLabel['label']): number | string | null {
  if (typeof label === 'boolean') return Number(label)
  if (typeof label === 'number') return Number.isFinite(label) ? label : String(label)
  if (label === null) return null
  const text = label.trim()
  if (/^(true|t|false|f)$/i.test(text)) return /^t/i.test(text) ? 1 : 0
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null
}

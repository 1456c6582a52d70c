/** What a log keeps of each prediction: columns with their types, and how inputs are kept. */
import { createHash, createHmac } from 'node:crypto'
import { fail, type SqlType } from '@viewcast/compiler'

export interface LoggedColumn {
  readonly name: string
  readonly type: SqlType
}

/** `plain`: the value. `hashed`: a keyed digest, by which equal values are told and no value is read. `absent`: not at all. */
export type KeptInput = 'plain' | 'hashed' | 'absent'

export interface LogShape {
  /** Of the entity, in its order. */
  readonly keys: readonly LoggedColumn[]
  /** What a question brings beside them. */
  readonly questions: readonly LoggedColumn[]
  /** Of the model, in its order, as it reads them: float8, bool or text. */
  readonly inputs: readonly (LoggedColumn & { readonly kept: KeptInput })[]
  readonly outputs: readonly LoggedColumn[]
  /** Whether questions have instants of their own. */
  readonly hasAsOf: boolean
}

/** What is kept of the inputs of a model. */
export interface InputPolicy {
  /** Which inputs are kept beside the prediction; default `none`. */
  readonly inputs?: 'none' | 'all' | readonly string[]
  /** Inputs of persons, secrets: left out where they are listed, or by name left out (`absent`) or hashed (`hash`). */
  readonly redact?: readonly string[] | Readonly<Record<string, 'absent' | 'hash'>>
  /** Secret that inputs are hashed with; it is not kept. Needed for `hash`. */
  readonly hashKey?: string
}

/**
 * How each input is kept. Errors: `define/option` for a name that is no input of the model, which would else be kept in
 * plain by a slip of the pen, and for a hash without a key.
 */
export function keptInputs(inputs: readonly LoggedColumn[], policy: InputPolicy, what: string): LogShape['inputs'] {
  const { inputs: wanted = 'none', redact = [] } = policy
  const redacted = new Map<string, 'absent' | 'hash'>(
    Array.isArray(redact)
      ? redact.map((name: string) => [name, 'absent'])
      : Object.entries(redact as Readonly<Record<string, 'absent' | 'hash'>>),
  )
  const known = new Set(inputs.map((i) => i.name))
  const named = typeof wanted === 'string' ? [] : wanted
  for (const [option, names] of [
    ['inputs', named],
    ['redact', [...redacted.keys()]],
  ] as const) {
    const unknown = names.find((name) => !known.has(name))
    if (unknown !== undefined) {
      const hint = `It reads ${[...known].join(', ')}.`
      fail('define/option', { option, what, detail: `names "${unknown}", which the model does not read`, hint })
    }
  }
  if ([...redacted.values()].includes('hash') && !policy.hashKey) {
    fail('define/option', { option: 'hashKey', what, detail: 'is needed to hash inputs', hint: 'Give a secret.' })
  }
  return inputs.map((input) => {
    const isWanted = wanted === 'all' || named.includes(input.name)
    const how = redacted.get(input.name)
    return { ...input, kept: !isWanted || how === 'absent' ? 'absent' : how === 'hash' ? 'hashed' : 'plain' }
  })
}

/** Tells one key from another without telling anything of it. */
export const hashKeyMark = (key: string): string =>
  createHmac('sha256', key).update('viewcast prediction log').digest('hex').slice(0, 16)

/** The two blocks that HMAC-SHA-256 puts before what it hashes, as hex digits. */
export function hashPads(key: string): readonly [inner: string, outer: string] {
  const secret = Buffer.from(key, 'utf8')
  // A key longer than a block is hashed first, as the standard has it.
  const short = secret.length > 64 ? createHash('sha256').update(secret).digest() : secret
  const block = Buffer.alloc(64)
  short.copy(block)
  const pad = (byte: number): string => Buffer.from(block.map((b) => b ^ byte)).toString('hex')
  return [pad(0x36), pad(0x5c)]
}

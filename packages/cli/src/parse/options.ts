/** Reads a zod object as a list of command-line options. */
import type { z } from 'zod'

export interface OptionSpec {
  /** Key in the parsed object. */
  readonly key: string
  /** As typed, without dashes. */
  readonly flag: string
  readonly short: string | undefined
  readonly type: 'boolean' | 'string'
  readonly multiple: boolean
  readonly description: string
  /** Placeholder for the value in help; empty for switches. */
  readonly value: string
  /** Completes "--limit takes …" when a value is refused. */
  readonly expects: string | undefined
  readonly default: unknown
}

interface Def {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly entries?: Readonly<Record<string, string>>
  readonly defaultValue?: unknown
}
const defOf = (schema: z.ZodType): Def => schema.def as unknown as Def

/** `.meta()` keys read here: `description`, `value` (placeholder), `expects`, `short`. */
export function optionSpecs(schema: z.ZodObject): OptionSpec[] {
  return Object.entries(schema.shape).map(([key, field]) => describe(key, field as z.ZodType))
}

function describe(key: string, field: z.ZodType): OptionSpec {
  let schema = field
  let fallback: unknown
  let meta: Record<string, unknown> = {}
  let multiple = false
  for (;;) {
    meta = { ...schema.meta(), ...meta }
    const def = defOf(schema)
    if (def.type === 'default') fallback = def.defaultValue
    const inner = def.type === 'array' ? def.element : def.innerType
    if (def.type === 'array') multiple = true
    if (inner === undefined) break
    schema = inner
  }
  const { type, entries } = defOf(schema)
  const choices = entries ? Object.keys(entries) : undefined
  return {
    key,
    flag: key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
    short: meta['short'] as string | undefined,
    type: type === 'boolean' ? 'boolean' : 'string',
    multiple,
    description: (meta['description'] as string | undefined) ?? '',
    value: type === 'boolean' ? '' : `<${(meta['value'] as string | undefined) ?? choices?.join('|') ?? 'value'}>`,
    expects: (meta['expects'] as string | undefined) ?? (choices ? `one of ${choices.join(', ')}` : undefined),
    default: fallback,
  }
}

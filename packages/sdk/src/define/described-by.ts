/** What a zod schema of a view's rows says of its features. */

/** A schema of one field, told by its members, so that any version of zod with them serves. */
interface FieldSchema {
  readonly description?: string | undefined
  readonly def: { readonly type: string; readonly innerType?: unknown }
  readonly meta?: () => Readonly<Record<string, unknown>> | undefined
}

export interface RowSchema {
  readonly shape: Readonly<Record<string, FieldSchema>>
}

/** As a model reads a field, by what the schema gives. */
type KindOfField<Field> = Field extends { readonly _output: infer Output }
  ? Exclude<Output, null | undefined> extends infer Value
    ? [Value] extends [never]
      ? never
      : [Value] extends [number]
        ? 'numeric'
        : [Value] extends [boolean]
          ? 'boolean'
          : [Value] extends [string]
            ? 'category'
            : never
    : never
  : never

type MetaOfField<Field> = [KindOfField<Field>] extends [never]
  ? { readonly description?: string; readonly unit?: string }
  : { readonly kind: KindOfField<Field>; readonly description?: string; readonly unit?: string }

export type MetasOfSchema<Schema extends RowSchema> = {
  readonly [F in keyof Schema['shape']]: MetaOfField<Schema['shape'][F]>
}

/**
 * Metadata for `.features(…)` from a zod object: the `.describe()` of each field, or the `description`, `unit` and `tags` of
 * its `.meta()`, also within `.nullable()`, `.optional()` and `.default()`; a number is numeric, a boolean boolean, a text
 * or an enum a category. Other fields only get their words.
 *
 * Keys, `as_of` and columns that tell time are no features: leave them out with `.omit({ … })`. What else is to be said
 * is said beside it.
 *
 * @example
 * ```ts
 * const Profile = z.object({
 *   iata: z.string(),
 *   state: z.string().nullable().describe('US state'),
 *   latitude: z.number().meta({ description: 'North of the equator', unit: '°' }),
 * })
 * p.existingView('profile', { entity: airport }).features({
 *   ...describedBy(Profile.omit({ iata: true })),
 *   latitude: { kind: 'numeric', fill: 0 },
 * })
 * ```
 */
export function describedBy<const Schema extends RowSchema>(schema: Schema): MetasOfSchema<Schema> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([name, field]) => [name, metaOf(field)]),
  ) as MetasOfSchema<Schema>
}

/** The outermost word counts: what wraps a schema may say more of it. */
function metaOf(field: FieldSchema): Record<string, unknown> {
  const words: Record<string, unknown> = {}
  let inner = field
  for (;;) {
    const meta: Readonly<Record<string, unknown>> = { description: inner.description, ...inner.meta?.() }
    for (const [word, isRight] of Object.entries(wanted)) {
      if (!(word in words) && isRight(meta[word])) words[word] = meta[word]
    }
    if (!isField(inner.def.innerType)) break
    inner = inner.def.innerType
  }
  const kind = kinds[inner.def.type]
  return kind === undefined ? words : { kind, ...words }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const wanted: Readonly<Record<string, (value: unknown) => boolean>> = {
  description: isText,
  unit: isText,
  tags: (value) => Array.isArray(value) && value.every(isText),
}

const kinds: Readonly<Record<string, 'numeric' | 'boolean' | 'category'>> = {
  number: 'numeric',
  int: 'numeric',
  boolean: 'boolean',
  string: 'category',
  enum: 'category',
}

const isField = (value: unknown): value is FieldSchema =>
  value !== null && typeof value === 'object' && 'def' in value && typeof value.def === 'object'

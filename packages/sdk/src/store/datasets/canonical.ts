/**
 * The one text of a value that digests are made of: equal values have one text on every engine and in every session,
 * different values have different texts. Decision 0034 says why each is as it is.
 */

/** How a float8 enters a digest: to the last bit, or to its first {@link roundedBits} bits. */
export type Precision = 'exact' | 'rounded'

/** Significant bits a rounded float8 keeps: about six decimal digits. */
const roundedBits = 20

// Dekker's split: c = x·(2^33 + 1); c − (c − x) is x rounded to 53 − 33 bits, by two roundings that every IEEE machine has.
const split = `'${2 ** (53 - roundedBits) + 1}'::float8`
/**
 * Numbers that people write, and their sums and means, are often half way between two numbers of few digits, binary ones
 * too; after this factor they are not.
 */
const offGrid = `'1.2345678912345678'::float8`
/** Above it the split would overflow. */
const largest = `'1e290'::float8`
const positiveZero = `'0'::float8`

const rounded = (c: string): string => {
  const y = `(${c} * ${offGrid})`
  const wide = `${y} * ${split}`
  return `(${wide} - (${wide} - ${y}) + ${positiveZero})`
}

const hex = (bytes: string): string => `encode(${bytes}, 'hex')`

/** NaN has many bit patterns, and which one a computation leaves depends on the machine. */
const float8 = (c: string, precision: Precision): string => {
  const exact = hex(`float8send(${c} + ${positiveZero})`)
  const none = `${c} = 'NaN'::float8`
  return precision === 'exact'
    ? `CASE WHEN ${none} THEN 'NaN' ELSE ${exact} END`
    : `CASE WHEN abs(${c}) < ${largest} THEN ${hex(`float8send(${rounded(c)})`)} WHEN ${none} THEN 'NaN' ELSE ${exact} END`
}

type Canonical = (column: string, precision: Precision) => string

/** What the server prints, where no setting has a say in it. */
const asPrinted: Canonical = (c) => c

const forms: Readonly<Record<string, Canonical>> = {
  ...Object.fromEntries(
    [
      ...['bool', 'int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'name', 'char', 'citext', 'uuid', 'bit', 'varbit'],
      ...['inet', 'cidr', 'macaddr', 'macaddr8', 'json', 'jsonb', 'tsvector', 'int4range', 'int8range', 'numrange'],
    ].map((type) => [type, asPrinted]),
  ),
  // Padding is no part of the value.
  bpchar: (c) => `${c}::text`,
  numeric: (c) => `trim_scale(${c})`,
  // Never rounded: its last bit is within the first 24.
  float4: (c) => `CASE WHEN ${c} = 'NaN'::float4 THEN 'NaN' ELSE ${hex(`float4send(${c} + '0'::float4)`)} END`,
  float8,
  bytea: hex,
  // Binary forms: microseconds and days, infinities included, in no zone and no style.
  ...Object.fromEntries(
    ['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'].map((type) => [
      type,
      (c: string) => hex(`${type}_send(${c})`),
    ]),
  ),
  money: (c) => hex(`cash_send(${c})`),
}

export interface DigestedColumn {
  readonly name: string
  /** `pg_type.typname`; of a domain that of its base type; of an array with `_` before it. */
  readonly type: string
  readonly isEnum?: boolean
}

/** True where only pinned settings make the text of a value one: composites, ranges of instants, types of extensions. */
export const needsPinnedSettings = (column: DigestedColumn): boolean =>
  column.isEnum !== true && formOf(column.type) === undefined

/** True where {@link Precision} matters. */
export const isFloat = (type: string): boolean => type === 'float8' || type === '_float8'

/** The expression that gives the text, or a value that prints as it; NULL stays NULL. `column` is a plain reference. */
export function canonical(column: string, { type, isEnum }: DigestedColumn, precision: Precision): string {
  if (isEnum) return `${column}::text`
  return (formOf(type) ?? ((c: string) => `${c}::text`))(column, precision)
}

function formOf(type: string): Canonical | undefined {
  if (Object.hasOwn(forms, type)) return forms[type]
  const element = type.startsWith('_') ? type.slice(1) : ''
  if (!Object.hasOwn(forms, element)) return undefined
  const form = forms[element] as Canonical
  return form === asPrinted ? (c) => `${c}::text` : (c, precision) => ofElements(c, form, precision)
}

/** With the bounds, which say how the elements are nested. */
const ofElements = (c: string, form: Canonical, precision: Precision): string =>
  `CASE WHEN ${c} IS NULL THEN NULL ELSE concat(array_dims(${c}), (SELECT array_agg(${form('u.e', precision)} ORDER BY u.o)::text FROM unnest(${c}) WITH ORDINALITY AS u (e, o))) END`

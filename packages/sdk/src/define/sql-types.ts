/**
 * SQL type name → the TypeScript type its values have in a Kysely interface.
 *
 * int8 and numeric are strings, as drivers give them: a number would lose digits.
 */
export interface SqlTypes {
  bool: boolean
  boolean: boolean
  int2: number
  smallint: number
  int4: number
  int: number
  integer: number
  int8: string
  bigint: string
  float4: number
  real: number
  float8: number
  'double precision': number
  numeric: string
  decimal: string
  text: string
  varchar: string
  'character varying': string
  bpchar: string
  citext: string
  uuid: string
  date: Date
  timestamp: Date
  timestamptz: Date
  'timestamp with time zone': Date
  'timestamp without time zone': Date
}

/** The name of a SQL type; names outside the list are types of your own, such as enums. */
export type SqlTypeName = keyof SqlTypes | (string & {})

/** The TypeScript type of a SQL type; types outside the list are text. */
export type TypeOf<T extends string> = T extends keyof SqlTypes ? SqlTypes[T] : string

/** `{ iata: 'text' }` → `{ iata: string }`. */
export type TypesOf<Columns extends Readonly<Record<string, string>>> = {
  -readonly [C in keyof Columns]: TypeOf<Columns[C]>
}

/**
 * A column of type `numeric` or `int8` in your Kysely interface, when it may serve as a number.
 *
 * Drivers give these types as strings, so interfaces often declare them `string`, and a string is a category. Declared
 * `Numeric`, the column is a numeric feature and compares with numbers; Kysely's `count`, `sum` and `avg` have this
 * type already.
 *
 * ```ts
 * interface DB { orders: { id: number; amount: Numeric } }
 * ```
 */
export type Numeric = string | number | bigint

/** What a model can read a column as, from its TypeScript type; null does not count. */
export type KindOf<T> = 0 extends 1 & T
  ? 'unknown'
  : unknown extends T
    ? 'unknown'
    : KindOfValue<Exclude<T, null | undefined>>

type KindOfValue<T> = [T] extends [never]
  ? 'unknown'
  : [T] extends [boolean | 0 | 1]
    ? [T & boolean] extends [never]
      ? 'numeric'
      : 'boolean'
    : [T] extends [number | bigint]
      ? 'numeric'
      : number extends T
        ? 'numeric'
        : [T] extends [string]
          ? 'category'
          : 'other'

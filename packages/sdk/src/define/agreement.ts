/**
 * What `views.gen.ts` asks the type checker: is the row a query's type promises the row the database describes?
 *
 * A type may be wider than the database (`string | null` for a column that is never NULL), or narrower within one type
 * (`'gold' | 'silver'` for a text); a number where a string arrives, or no null where one can come, is a lie.
 */

declare const row: unique symbol

/** A definition that remembers the row its query's type promises. */
export interface Promising<Row> {
  readonly [row]?: Row
}

/** The row that the type of a definition's query promises; `unknown` where the type checker sees no query. */
export type QueryRow<D> = D extends { readonly [row]?: infer Row } ? Exclude<Row, undefined> : unknown

/** Accepts `never`; anything else is a sentence about what does not agree, and the message of the checker holds it. */
export type Agrees<Mismatch extends never> = Mismatch

/** No row to compare with: `any`, or a definition that is not typed. */
type IsOpen<Row> = unknown extends Row ? true : string extends keyof Row ? true : false

/** `never`, or the columns that a query's type has and the database does not return. */
export type ColumnsOf<Row, Title extends string, Returned extends string> =
  IsOpen<Row> extends true
    ? never
    : Exclude<keyof Row & string, Returned> extends infer Extra extends string
      ? Extra extends string
        ? `${Title}, column "${Extra}": the database returns no such column`
        : never
      : never

/** `never`, or what is wrong with one column: `Value` arrives for the type `Sql`, and null besides when `Null` is null. */
export type ColumnOf<Row, Title extends string, Name extends string, Sql extends string, Value, Null = never> =
  IsOpen<Row> extends true
    ? never
    : Name extends keyof Row
      ? Fits<Value, Exclude<Row[Name], null | undefined>> extends true
        ? HoldsNull<Row[Name], Null> extends true
          ? never
          : `${Title}, column "${Name}": it can be NULL in the database, and its type has no null`
        : `${Title}, column "${Name}": its type says ${Word<Exclude<Row[Name], null | undefined>>}; the database returns ${Sql}, which arrives as ${Word<Value>}`
      : `${Title}, column "${Name}": the database returns it, and the query's type lacks it`

/** Kysely types comparisons as `SqlBool`, without null whatever is compared; nobody writes that type by hand. */
type HoldsNull<Believed, Null> = [Null] extends [never]
  ? true
  : null extends Believed
    ? true
    : [boolean | 0 | 1] extends [Believed]
      ? true
      : false

/** Instants and arrays come as text where they are not taken apart: either is true. */
type Fits<Value, Believed> = unknown extends Believed
  ? true
  : unknown extends Value
    ? true
    : [Value] extends [Believed]
      ? true
      : [Believed] extends [Value]
        ? true
        : [Value] extends [Date | readonly unknown[]]
          ? [string] extends [Believed]
            ? true
            : false
          : false

type Word<T> = [T] extends [string]
  ? 'string'
  : [T] extends [number]
    ? 'number'
    : [T] extends [boolean]
      ? 'boolean'
      : [T] extends [bigint]
        ? 'bigint'
        : [T] extends [Date]
          ? 'Date'
          : [T] extends [boolean | 0 | 1]
            ? 'SqlBool'
            : [T] extends [string | number | bigint]
              ? 'Numeric'
              : [T] extends [readonly unknown[]]
                ? 'array'
                : 'another type'

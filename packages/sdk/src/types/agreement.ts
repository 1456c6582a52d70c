/**
 * Whether the row the type checker believes a query returns is the row the database describes: sentences for what differs,
 * as types, so that a lie does not compile. `viewcast types` writes what is compared.
 */

declare const row: unique symbol

/** A definition whose query's row is known to the type checker. */
export interface Returning<Row> {
  readonly [row]?: Row
}

/**
 * Does not compile unless nothing differs; the message of the checker holds the sentence.
 *
 * `Type '"view \"spend\": column \"total\" arrives as string; TypeScript says number"' does not satisfy …`
 */
export type Agreed<Sentences extends never> = Sentences

/**
 * A sentence for each column that differs; none when the two rows agree.
 *
 * TypeScript may know less: a wider type, or a null that cannot be. It must not know better, with two exceptions: a text
 * may be a union of literals, because only the query tells; and null may be missing where Kysely's own `avg`, `sum` and
 * comparisons leave it out, because a dataset adds it to every feature and label. In a sample it must be there.
 *
 * @param Title names the definition in the sentences: `view "profile"`.
 * @param Row is what the database returns; `unknown` where it cannot tell, as of json.
 * @param Unproven are columns that may be null as far as the database tells, but need not be.
 */
export type Differences<Title extends string, Definition, Row, Unproven extends string = never> =
  RowIn<Definition> extends infer Believed
    ? {
        [C in keyof Believed & string]-?: C extends keyof Row
          ? ColumnDifference<`${Title}: column "${C}"`, Believed[C], Row[C], C extends Unproven ? true : false>
          : `${Title}: the query returns no column "${C}"`
      }[keyof Believed & string]
    : never

/** No column for a definition that says nothing, or that the checker has given up on. */
type RowIn<Definition> = 0 extends 1 & Definition
  ? Record<never, never>
  : Definition extends { readonly [row]?: infer Row }
    ? Exclude<Row, undefined>
    : Record<never, never>

/** Nothing is said of what TypeScript, or the database, does not know. */
type ColumnDifference<Name extends string, Believed, Real, Unproven extends boolean> = unknown extends Believed
  ? never
  : unknown extends Real
    ? never
    : ValueDifference<Name, NonNullable<Believed>, NonNullable<Real>> | NullDifference<Name, Believed, Real, Unproven>

type ValueDifference<Name extends string, Believed, Real> = [Real] extends [Believed]
  ? never
  : [Real] extends [IsOpen<Real> extends true ? Widened<Believed> : never]
    ? never
    : `${Name} arrives as ${Word<Real>}; TypeScript says ${Word<Believed>}`

type NullDifference<Name extends string, Believed, Real, Unproven extends boolean> = null extends Real
  ? null extends Believed
    ? never
    : Unproven extends true
      ? never
      : Name extends `sample ${string}`
        ? `${Name} can be null; TypeScript says it cannot`
        : WithoutNull<Believed> extends true
          ? never
          : `${Name} can be null; TypeScript says it cannot`
  : never

/** Types that Kysely gives its aggregates and comparisons, whatever they are of. */
type WithoutNull<T> =
  Same<T, string | number> extends true
    ? true
    : Same<T, string | number | bigint> extends true
      ? true
      : Same<T, boolean | 0 | 1>
type Same<A, B> = [A, B] extends [B, A] ? true : false

/** A type that is no union of literals, as enums are. */
type IsOpen<T> = string extends T ? true : number extends T ? true : boolean extends T ? true : false

type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends bigint
        ? bigint
        : T

/** How messages write a type: they cannot print any. */
type Word<T> = [T] extends [never]
  ? 'nothing but null'
  : [T] extends [string]
    ? string extends T
      ? 'string'
      : [IsUnion<T>] extends [true]
        ? 'one of its labels'
        : T
    : [T] extends [number]
      ? 'number'
      : [T] extends [bigint]
        ? 'bigint'
        : [T] extends [boolean]
          ? 'boolean'
          : [T] extends [Date]
            ? 'Date'
            : [T] extends [Uint8Array]
              ? 'Uint8Array'
              : [T] extends [readonly unknown[]]
                ? 'an array'
                : [T] extends [string | number | bigint]
                  ? 'string or number'
                  : 'another type'
type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never

/** What differs between two digests: columns, values, pairs of values, definitions. */
import type { ColumnDigest, DatasetDigest } from './digest.ts'

export interface ColumnDifference {
  readonly name: string
  /** `type` stands for the precision of floats, too: with another one no digest can be compared. */
  readonly what: 'added' | 'removed' | 'type' | 'values'
  readonly before?: ColumnDigest
  readonly after?: ColumnDigest
  /**
   * Of float8 values with as many NULLs: how far the sums are apart, relative to the larger one. Near 1e-16 only the
   * rounding of a computation differs.
   */
  readonly relative?: number
}

export interface DatasetDifference {
  readonly isEqual: boolean
  readonly rows: readonly [number, number]
  readonly columns: readonly ColumnDifference[]
  /** Every column has the same values, and they are in other rows. */
  readonly isRepaired: boolean
  /** Digests were made in different ways: nothing can be said about the values. */
  readonly isOtherMethod: boolean
}

type Compared = Pick<DatasetDigest, 'digest' | 'method' | 'rows' | 'columns'>

/** Compares two digests; no row is read. */
export function compareDigests(before: Compared, after: Compared): DatasetDifference {
  const isOtherMethod = before.method !== after.method
  const was = new Map(before.columns.map((c) => [c.name, c]))
  const is = new Map(after.columns.map((c) => [c.name, c]))
  const columns = [
    ...before.columns.flatMap((c): ColumnDifference[] => {
      const now = is.get(c.name)
      if (now === undefined) return [{ name: c.name, what: 'removed', before: c }]
      if (now.type !== c.type || now.precision !== c.precision)
        return [{ name: c.name, what: 'type', before: c, after: now }]
      if (isOtherMethod || (now.digest === c.digest && now.nulls === c.nulls)) return []
      return [{ name: c.name, what: 'values', before: c, after: now, ...apart(c, now) }]
    }),
    ...after.columns.flatMap((c): ColumnDifference[] =>
      was.has(c.name) ? [] : [{ name: c.name, what: 'added', after: c }],
    ),
  ]
  const isEqual = before.digest === after.digest
  return {
    isEqual,
    rows: [before.rows, after.rows],
    columns,
    isRepaired: !isEqual && !isOtherMethod && columns.length === 0 && before.rows === after.rows,
    isOtherMethod,
  }
}

function apart(a: ColumnDigest, b: ColumnDigest): { readonly relative?: number } {
  if (a.sum === undefined || b.sum === undefined || a.nulls !== b.nulls) return {}
  const larger = Math.max(Math.abs(a.sum), Math.abs(b.sum))
  return { relative: larger === 0 ? 0 : Math.abs(a.sum - b.sum) / larger }
}

/** Names of views whose definitions differ, are gone or are new. */
export const changedViews = (
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]).sort()

/** Rows of a query as numbers: what training reads, and what costs least to carry. */

/**
 * A column wanted as numbers.
 *
 * `number`: integers, numerics and floats as the nearest double, booleans as 0 and 1, NULL as NaN. `level`: the code of
 * the value's text, in order of appearance, NULL as NaN.
 */
export interface NumberColumn {
  /** Its place in the result, from 0; each at most once. */
  readonly at: number
  readonly as: 'number' | 'level'
}

export interface NumberBatch {
  readonly rows: number
  /** Row-major, a number per wanted column in a row; valid until the next batch is asked for. */
  readonly values: Float64Array
  /** The texts behind the codes of each wanted column so far; they only grow. Empty for numbers. */
  readonly levels: readonly (readonly string[])[]
}

/**
 * Turns rows as a stream gives them into batches, the same that COPY's binary format gives.
 *
 * @param types internal type names of all columns of the rows
 */
export function numbersOfRows(
  types: readonly string[],
  wanted: readonly NumberColumn[],
): (rows: readonly (readonly unknown[])[]) => NumberBatch {
  const width = wanted.length
  const levels = wanted.map((): string[] => [])
  const readers = wanted.map(({ at, as }, j) => {
    if (as === 'level') return levelReader(levels[j] as string[])
    // The server widens a float4; its text is the shortest decimal, another number.
    return types[at] === 'float4' ? (value: unknown) => Math.fround(numberOf(value)) : numberOf
  })
  return (rows) => {
    const values = new Float64Array(rows.length * width)
    for (let j = 0; j < width; j++) {
      const { at } = wanted[j] as NumberColumn
      const read = readers[j] as (value: unknown) => number
      for (let r = 0, to = j; r < rows.length; r++, to += width) values[to] = read(rows[r]?.[at])
    }
    return { rows: rows.length, values, levels }
  }
}

/** int8 and numeric arrive as text, and PostgreSQL writes 'NaN' and 'Infinity' as JavaScript reads them. */
export const numberOf = (value: unknown): number => (value === null || value === undefined ? Number.NaN : Number(value))

function levelReader(levels: string[]): (value: unknown) => number {
  const codes = new Map<string, number>()
  return (value) => {
    if (value === null || value === undefined) return Number.NaN
    const level = String(value)
    const known = codes.get(level)
    if (known !== undefined) return known
    codes.set(level, levels.length)
    return levels.push(level) - 1
  }
}

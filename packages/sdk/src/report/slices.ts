/** Parts of the rows by one feature, to see where a model is weaker. */

export interface SliceColumn {
  readonly feature: string
  /** Slice of each row; −1 for none. */
  readonly codes: Int32Array
  /** Names of the slices, in the order they are shown. */
  readonly names: readonly string[]
}

const mostSlices = 12
const numericBins = 4

/**
 * The slices of a feature: truth values and categories by value (the most frequent 11, the rest together), numbers by
 * quartile where they have more than 12 values, missing values on their own.
 */
export function sliceColumn(feature: string, values: readonly unknown[]): SliceColumn {
  const numbers = values.every((v) => v === null || typeof v === 'number')
  const distinct = new Set(values)
  return numbers && distinct.size > mostSlices ? byQuartile(feature, values) : byValue(feature, values)
}

function byQuartile(feature: string, values: readonly unknown[]): SliceColumn {
  const isValue = (v: unknown): v is number => typeof v === 'number' && !Number.isNaN(v)
  const sorted = Float64Array.from(values.filter(isValue)).sort()
  const edges = [
    ...new Set(
      Array.from(
        { length: numericBins - 1 },
        (_, i) => sorted[Math.floor(((i + 1) / numericBins) * sorted.length)] as number,
      ),
    ),
  ]
  const show = (v: number): string => String(Number(v.toPrecision(4)))
  const names = [
    ...edges.map((e, i) => (i === 0 ? `below ${show(e)}` : `${show(edges[i - 1] as number)} to ${show(e)}`)),
    `from ${show(edges.at(-1) as number)}`,
    'missing',
  ]
  const codes = Int32Array.from(values, (v) => (isValue(v) ? edges.filter((e) => v >= e).length : edges.length + 1))
  return { feature, codes, names }
}

function byValue(feature: string, values: readonly unknown[]): SliceColumn {
  const nameOf = (v: unknown): string => (v === null || v === undefined ? 'missing' : String(v))
  const counts = new Map<string, number>()
  for (const v of values) counts.set(nameOf(v), (counts.get(nameOf(v)) ?? 0) + 1)
  const ranking = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name)
  const own = ranking.length > mostSlices ? ranking.slice(0, mostSlices - 1) : ranking
  const names = ranking.length > own.length ? [...own, 'other'] : own
  const place = new Map(own.map((name, i) => [name, i]))
  return { feature, codes: Int32Array.from(values, (v) => place.get(nameOf(v)) ?? own.length), names }
}

/** Rows of a slice. */
export function rowsOfSlice({ codes }: SliceColumn, slice: number): Uint32Array {
  const rows: number[] = []
  for (let r = 0; r < codes.length; r++) if (codes[r] === slice) rows.push(r)
  return Uint32Array.from(rows)
}

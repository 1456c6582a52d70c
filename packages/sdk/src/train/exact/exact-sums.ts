/** Sums of products of decimals, without rounding, one row at a time. */
import { type Decimal, digitsAt, tenTo } from './decimal.ts'

/** Σ w zᵢ zⱼ for z = (1, columns…, label), a lower triangle row by row, all with the same number of places. */
export interface ExactSums {
  /** Columns, the 1 and the label not counted. */
  readonly width: number
  readonly rows: number
  readonly products: readonly bigint[]
  readonly places: number
}

/**
 * Adds up rows of `width` columns and a label. Places grow with the rows that need them: nothing is known of the
 * numbers beforehand.
 */
export function createExactSums(width: number): {
  add(columns: readonly Decimal[], label: Decimal, weight: Decimal): void
  read(): ExactSums
} {
  const size = width + 2
  const places = new Array<number>(size).fill(0)
  const products = new Array<bigint>((size * (size + 1)) / 2).fill(0n)
  const z = new Array<bigint>(size).fill(1n)
  let weightPlaces = 0
  let rows = 0
  const grow = (column: number, more: number): void => {
    const factor = tenTo(more)
    places[column] = (places[column] as number) + more
    for (let i = 0, at = 0; i < size; i++) {
      for (let j = 0; j <= i; j++, at++) {
        if (i === column) products[at] = (products[at] as bigint) * factor
        if (j === column) products[at] = (products[at] as bigint) * factor
      }
    }
  }
  const placed = (column: number, value: Decimal): void => {
    if (value.places > (places[column] as number)) grow(column, value.places - (places[column] as number))
    z[column] = digitsAt(value, places[column] as number)
  }
  return {
    add(columns, label, weight) {
      for (let j = 0; j < width; j++) placed(j + 1, columns[j] as Decimal)
      placed(width + 1, label)
      if (weight.places > weightPlaces) {
        const factor = tenTo(weight.places - weightPlaces)
        for (let at = 0; at < products.length; at++) products[at] = (products[at] as bigint) * factor
        weightPlaces = weight.places
      }
      const w = digitsAt(weight, weightPlaces)
      for (let i = 0, at = 0; i < size; i++) {
        const wz = w * (z[i] as bigint)
        for (let j = 0; j <= i; j++, at++) {
          if (wz !== 0n) products[at] = (products[at] as bigint) + wz * (z[j] as bigint)
        }
      }
      rows++
    },
    read() {
      const most = 2 * Math.max(...places)
      let at = 0
      const scaled = places.flatMap((own, i) =>
        places.slice(0, i + 1).map((other) => (products[at++] as bigint) * tenTo(most - own - other)),
      )
      return { width, rows, products: scaled, places: most + weightPlaces }
    },
  }
}

/** Sums that the database made, in the order of {@link ExactSums}. */
export function exactSumsOf(width: number, rows: number, products: readonly Decimal[]): ExactSums {
  const places = Math.max(0, ...products.map((p) => p.places))
  return { width, rows, places, products: products.map((p) => digitsAt(p, places)) }
}

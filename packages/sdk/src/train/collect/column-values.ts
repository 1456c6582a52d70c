import { type Part, parts } from './parts.ts'
import type { RowStore } from './row-store.ts'

/** Visits a column's values in a part, missing ones left out, with the place of the row in the store. */
export function eachValue(store: RowStore, column: number, part: Part, visit: (x: number, row: number) => void): void {
  const { width } = store
  let first = 0
  for (const { rows, values } of store.blocks()) {
    for (let r = 0, at = 0; r < rows; r++, at += width) {
      if (values[at + width - 1] !== parts[part]) continue
      const x = values[at + column] as number
      if (!Number.isNaN(x)) visit(x, first + r)
    }
    first += rows
  }
}

import { type Part, parts } from './parts.ts'
import type { RowStore } from './row-store.ts'

/** Visits a column's values in a part, missing ones left out; that of a group once for each of its rows. */
export function eachValue(store: RowStore, column: number, part: Part, visit: (x: number) => void): void {
  const { width, copies } = store
  for (const { rows, values } of store.blocks()) {
    for (let r = 0, at = 0; r < rows; r++, at += width) {
      if (values[at + width - 1] !== parts[part]) continue
      const x = values[at + column] as number
      if (Number.isNaN(x)) continue
      const times = copies === undefined ? 1 : (values[at + copies] as number)
      for (let n = 0; n < times; n++) visit(x)
    }
  }
}

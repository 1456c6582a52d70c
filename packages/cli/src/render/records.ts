import { type Colors, plainColors } from './palette.ts'
import { isNull, type TableColumn, text } from './table.ts'
import { padEnd, truncate, width } from './width.ts'

/** Rows one below the other, a line per column, for a terminal that is narrower than the headers side by side. */
export function renderRecords(
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  first: number,
  terminal: number,
  colors: Colors = plainColors,
): string {
  const w = Math.max(...columns.map((c) => width(c.name)))
  return rows
    .map((row, i) => {
      const lines = columns.map((c, at) => {
        const shown = truncate(text(row[at]), Math.max(10, terminal - w - 4))
        return `  ${padEnd(c.name, w)}  ${isNull(row[at]) ? colors.dim(shown) : shown}\n`
      })
      return `${colors.bold(`row ${first + i}`)}\n${lines.join('')}`
    })
    .join('')
}

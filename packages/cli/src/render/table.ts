/** Aligned columns for a person: numbers to the right, long cells cut to the terminal's width and nowhere else. */
import { cellText, isNumericType, oneLine } from './cell.ts'
import { type Colors, plainColors } from './palette.ts'
import { padEnd, truncate, width } from './width.ts'

export interface TableColumn {
  readonly name: string
  /** `pg_type.typname`; numbers are aligned to the right. */
  readonly type?: string
}

export interface TableOptions {
  /** Width to fit into; no limit when absent, so that a pipe gets whole cells. */
  readonly columns?: number | undefined
  readonly colors?: Colors
}

const gap = '  '
const narrowest = 6
const missing = 'NULL'

/** Column widths are fixed by the rows seen first; later rows that are wider push their line out. */
export interface TableLayout {
  readonly widths: readonly number[]
  header(): string
  row(values: readonly unknown[]): string
}

export function layoutTable(
  columns: readonly TableColumn[],
  sample: readonly (readonly unknown[])[],
  options: TableOptions = {},
): TableLayout {
  const colors = options.colors ?? plainColors
  const natural = columns.map((c, i) =>
    sample.reduce((w, row) => Math.max(w, width(text(row[i]))), width(oneLine(c.name))),
  )
  const widths = options.columns === undefined ? natural : fit(natural, options.columns)
  const line = (cells: readonly string[], paint: (cell: string, i: number) => string): string =>
    cells
      .map((cell, i) => {
        const w = widths[i] ?? 0
        const shown = options.columns === undefined ? cell : truncate(cell, w)
        const right = isNumericType(columns[i]?.type ?? '')
        const last = i === cells.length - 1
        const painted = paint(shown, i)
        // Padding is measured on the bare text: colour codes have no width.
        const padding = ' '.repeat(Math.max(0, w - width(shown)))
        return right ? padding + painted : last ? painted : painted + padding
      })
      .join(gap)
      .trimEnd()
  return {
    widths,
    header: () =>
      line(
        columns.map((c) => oneLine(c.name)),
        colors.bold,
      ),
    row: (values) =>
      line(
        columns.map((_, i) => text(values[i])),
        (cell, i) => (isNull(values[i]) ? colors.dim(cell) : cell),
      ),
  }
}

/** The whole table as lines, header first. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions = {},
): string {
  const layout = layoutTable(columns, rows, options)
  return `${[layout.header(), ...rows.map((r) => layout.row(r))].join('\n')}\n`
}

const isNull = (value: unknown): boolean => value === null || value === undefined
const text = (value: unknown): string => (isNull(value) ? missing : oneLine(cellText(value)))

/** Takes from the widest column until the line fits or all are narrow. */
function fit(natural: readonly number[], columns: number): number[] {
  const widths = [...natural]
  let excess = widths.reduce((a, w) => a + w, 0) + gap.length * (widths.length - 1) - columns
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= narrowest) break
    const second = Math.max(narrowest, ...widths.filter((w) => w < widest))
    const count = widths.filter((w) => w === widest).length
    const cut = Math.max(1, Math.min(widest - second, Math.ceil(excess / count)))
    for (const [i, w] of widths.entries()) {
      if (w !== widest || excess <= 0) continue
      widths[i] = w - cut
      excess -= cut
    }
  }
  return widths
}

/** Lines of `label  value`, labels aligned. */
export function renderPairs(pairs: readonly (readonly [string, string])[], indent = ''): string {
  const w = Math.max(0, ...pairs.map(([label]) => width(label)))
  return pairs.map(([label, value]) => `${indent}${padEnd(label, w)}  ${value}\n`).join('')
}

/** A count for a person: `12,345`. */
export const grouped = (n: number): string => n.toLocaleString('en-US')

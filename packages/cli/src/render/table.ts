/** Aligned columns for a person: numbers to the right, long cells cut to the terminal's width and nowhere else. */
import { cellText, isNumericType, oneLine } from './cell.ts'
import { type Colors, plainColors } from './palette.ts'
import { padEnd, truncate, width } from './width.ts'

export interface TableColumn {
  readonly name: string
  /** `pg_type.typname`; numbers are aligned to the right. */
  readonly type?: string
  /** Stands above all columns of it that are beside each other. */
  readonly group?: string
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
  /** False when even the headers are wider than the terminal; rows are then better written one below the other. */
  readonly fits: boolean
  header(): string
  /** The line of groups above the header; undefined without any. */
  groups(): string | undefined
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
  const floors = columns.map((c, i) => Math.min(natural[i] ?? 0, Math.max(narrowest, width(oneLine(c.name)))))
  const widths = options.columns === undefined ? natural : fit(natural, floors, options.columns)
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
    fits: options.columns === undefined || lineWidth(widths) <= options.columns,
    header: () =>
      line(
        columns.map((c) => oneLine(c.name)),
        colors.bold,
      ),
    groups: () => (columns.some((c) => c.group !== undefined) ? colors.dim(groupLine(columns, widths)) : undefined),
    row: (values) =>
      line(
        columns.map((_, i) => text(values[i])),
        (cell, i) => (isNull(values[i]) ? colors.dim(cell) : cell),
      ),
  }
}

/** Each group over its first column, cut to the width of its columns. */
function groupLine(columns: readonly TableColumn[], widths: readonly number[]): string {
  let out = ''
  for (let i = 0; i < columns.length; ) {
    const { group = '' } = columns[i] ?? {}
    const first = i
    while (i < columns.length && (columns[i]?.group ?? '') === group) i++
    out += padEnd(truncate(oneLine(group), lineWidth(widths.slice(first, i))), lineWidth(widths.slice(first, i))) + gap
  }
  return out.trimEnd()
}

/** The whole table as lines, header first. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions = {},
): string {
  const layout = layoutTable(columns, rows, options)
  const groups = layout.groups()
  const head = groups === undefined ? [] : [groups]
  return `${[...head, layout.header(), ...rows.map((r) => layout.row(r))].join('\n')}\n`
}

export const isNull = (value: unknown): boolean => value === null || value === undefined
export const text = (value: unknown): string => (isNull(value) ? missing : oneLine(cellText(value)))

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, w) => sum + w, 0) + gap.length * (widths.length - 1)

/** Takes from the widest column that is above its floor until the line fits. */
function fit(natural: readonly number[], floors: readonly number[], columns: number): number[] {
  const widths = [...natural]
  for (let excess = lineWidth(widths) - columns; excess > 0; excess--) {
    const spare = widths.flatMap((w, i) => (w > (floors[i] ?? 0) ? [w] : []))
    if (spare.length === 0) break
    const widest = Math.max(...spare)
    const at = widths.findIndex((w, i) => w === widest && w > (floors[i] ?? 0))
    widths[at] = widest - 1
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

/** A table below something else, by the names of its columns; nothing where there are no rows. */
export const tableBelow = (
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions,
): string =>
  rows.length === 0
    ? ''
    : `\n${renderTable(
        names.map((name) => ({ name })),
        rows,
        options,
      )}`

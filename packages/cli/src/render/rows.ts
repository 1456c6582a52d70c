/** Writes rows as they arrive, in any of the formats; memory does not grow with their number. */
import { csvRecord } from './csv.ts'
import { rowObject } from './json.ts'
import { ndjsonLine } from './ndjson.ts'
import type { Colors } from './palette.ts'
import { renderRecords } from './records.ts'
import { layoutTable, type TableColumn, type TableLayout } from './table.ts'

export const rowFormats = ['table', 'csv', 'json', 'ndjson'] as const
export type RowFormat = (typeof rowFormats)[number]

type Rows = AsyncIterable<readonly (readonly unknown[])[]>

export interface RowsOptions {
  readonly columns: readonly TableColumn[]
  readonly format: RowFormat
  /** Terminal width, when rows go to one. */
  readonly width?: number | undefined
  readonly colors: Colors
  /** Takes the text; `false` means the reader has gone and the rest need not be computed. */
  readonly write: (text: string) => Promise<boolean>
}

/** Rows that decide the widths of a table. */
const measured = 500

/** Returns the number of rows written. */
export async function writeRows(rows: Rows, options: RowsOptions): Promise<number> {
  const { columns, format, write } = options
  let count = 0
  if (format === 'table') return writeTable(rows, options)
  if (format === 'csv' && !(await write(csvRecord(columns.map((c) => c.name))))) return 0
  if (format === 'json' && !(await write('['))) return 0
  for await (const batch of rows) {
    let text = ''
    for (const row of batch) {
      if (format === 'csv') text += csvRecord(row)
      else if (format === 'ndjson') text += ndjsonLine(columns, row)
      else text += `${count === 0 ? '\n' : ',\n'}${rowObject(columns, row)}`
      count++
    }
    if (text !== '' && !(await write(text))) return count
  }
  if (format === 'json') await write(count === 0 ? ']\n' : '\n]\n')
  return count
}

async function writeTable(rows: Rows, options: RowsOptions): Promise<number> {
  const held: (readonly unknown[])[] = []
  let layout: TableLayout | undefined
  let count = 0
  const lines = (batch: readonly (readonly unknown[])[], made: TableLayout): string => {
    if (made.fits || options.width === undefined) return batch.map((r) => `${made.row(r)}\n`).join('')
    return renderRecords(options.columns, batch, count - batch.length + 1, options.width, options.colors)
  }
  const start = (): string => {
    const made = layoutTable(options.columns, held, { columns: options.width, colors: options.colors })
    layout = made
    return (made.fits || held.length === 0 ? `${made.header()}\n` : '') + lines(held, made)
  }
  for await (const batch of rows) {
    count += batch.length
    if (layout !== undefined) {
      if (!(await options.write(lines(batch, layout)))) return count
      continue
    }
    held.push(...batch)
    if (held.length >= measured && !(await options.write(start()))) return count
  }
  if (layout === undefined) await options.write(start())
  return count
}

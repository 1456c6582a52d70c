/** Reads CSV as RFC 4180 writes it: quotes, doubled quotes, line ends within quotes; a byte order mark is skipped. */
import { UsageError } from './usage.ts'

/** Records by the names of the first line. An empty value without quotes is null. Errors: `UsageError`. */
export function csvRecords(text: string, file: string): Record<string, string | null>[] {
  const [head, ...rows] = csvRows(text.replace(/^\uFEFF/, ''), file)
  if (head === undefined) throw new UsageError(`${file} is empty`)
  const names = head.map((name) => name ?? '')
  const twice = names.find((name, i) => name === '' || names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new UsageError(`${file} has ${twice === '' ? 'a column without a name' : `"${twice}" twice`}`)
  return rows.map((row, i) => {
    if (row.length !== names.length) {
      throw new UsageError(`${file}: record ${i + 1} has ${row.length} values, and there are ${names.length} columns`)
    }
    return Object.fromEntries(names.map((name, c) => [name, row[c] ?? null]))
  })
}

const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y

function csvRows(text: string, file: string): (string | null)[][] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  field.lastIndex = 0
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) throw new UsageError(`${file}: record ${rows.length} has a quote where none can be`)
    const [, quoted, plain = '', end] = match
    row.push(quoted === undefined ? (plain === '' ? null : plain) : quoted.replaceAll('""', '"'))
    // A comma at the very end is followed by one more value.
    if (end === ',' && field.lastIndex === text.length) row.push(null)
    if (end === ',' && field.lastIndex < text.length) continue
    // A line without anything is no record.
    if (row.length > 1 || row[0] !== null) rows.push(row)
    row = []
  }
  return rows
}

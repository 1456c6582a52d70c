/** Reads CSV as RFC 4180 writes it: quotes, doubled quotes, line ends within quotes; a byte order mark is skipped. */
import { UsageError } from './usage.ts'

export type CsvRecord = Record<string, string | null>

/** A record has ended by then; a quote that is not closed would else take the rest of the file into memory. */
const longest = 16 * 1024 * 1024

/**
 * Records by the names of the first line, as the text comes in. An empty value without quotes is null.
 *
 * Errors: `UsageError`.
 */
export async function* csvRecords(
  chunks: AsyncIterable<string> | Iterable<string>,
  file: string,
): AsyncGenerator<CsvRecord> {
  let names: readonly string[] | undefined
  let number = 0
  let rest = ''
  let isStart = true
  let scanned = 0
  let isQuoted = false
  function* records(text: string): Generator<CsvRecord> {
    for (const row of csvRows(text, file, names === undefined ? 0 : number + 1)) {
      if (names === undefined) {
        names = namesOf(row, file)
        continue
      }
      number++
      if (row.length !== names.length)
        throw new UsageError(
          `${file}: record ${number} has ${row.length} values, and there are ${names.length} columns`,
        )
      yield Object.fromEntries(names.map((name, c) => [name, row[c] ?? null]))
    }
  }
  for await (const chunk of chunks) {
    if (chunk === '') continue
    rest += isStart ? chunk.replace(/^\uFEFF/, '') : chunk
    isStart = false
    let end = 0
    for (; scanned < rest.length; scanned++) {
      const c = rest.charCodeAt(scanned)
      if (c === quote) isQuoted = !isQuoted
      else if (c === lineFeed && !isQuoted) end = scanned + 1
    }
    if (end > 0) {
      yield* records(rest.slice(0, end))
      rest = rest.slice(end)
      scanned -= end
    } else if (rest.length > longest) {
      throw new UsageError(`${file}: record ${number + 1} does not end; is there a quote that is not closed?`)
    }
  }
  yield* records(rest)
  if (names === undefined) throw new UsageError(`${file} is empty: its first line names the columns`)
}

const quote = 34
const lineFeed = 10

function namesOf(head: readonly (string | null)[], file: string): readonly string[] {
  const names = head.map((name) => name ?? '')
  const twice = names.find((name, i) => name === '' || names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new UsageError(`${file} has ${twice === '' ? 'a column without a name' : `"${twice}" twice`}`)
  return names
}

const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y

/** Rows of whole lines; `before` of the file, its head among them, were read already. */
function csvRows(text: string, file: string, before: number): (string | null)[][] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  field.lastIndex = 0
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) throw new UsageError(`${file}: record ${before + rows.length} has a quote where none can be`)
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

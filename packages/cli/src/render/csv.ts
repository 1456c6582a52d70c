import { cellText } from './cell.ts'

/**
 * One CSV record after RFC 4180: CRLF, quotes doubled. NULL is an empty field and the empty string is `""`, which is
 * what PostgreSQL's `COPY … (FORMAT csv)` writes and reads.
 */
export const csvRecord = (values: readonly unknown[]): string => `${values.map(field).join(',')}\r\n`

function field(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = cellText(value)
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

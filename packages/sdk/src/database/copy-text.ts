import { InternalError } from '@viewcast/compiler/diagnostics'
import { numberText } from './values.ts'

const special = /[\\\n\r\t]/g
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One row in COPY's text format, with its newline. */
export function copyRow(row: readonly unknown[]): string {
  let line = ''
  for (let i = 0; i < row.length; i++) {
    if (i > 0) line += '\t'
    line += copyValue(row[i])
  }
  return `${line}\n`
}

function copyValue(value: unknown): string {
  if (value === null || value === undefined) return '\\N'
  switch (typeof value) {
    case 'string':
      return value.replace(special, (c) => escapes[c] ?? c)
    case 'number':
      return numberText(value)
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? 't' : 'f'
    default:
      if (value instanceof Date) return value.toISOString()
      if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value).toString('hex')}`
      throw new InternalError(`A value of type ${typeof value} was given to copyIn`)
  }
}

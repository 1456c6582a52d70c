import { jsonValue } from './cell.ts'

const replacer = (_: string, value: unknown): unknown => jsonValue(value)

/** One value as JSON text: indented for a person, one line for a program. */
export const printJson = (value: unknown, forPerson: boolean): string =>
  `${JSON.stringify(value, replacer, forPerson ? 2 : undefined)}\n`

/** A row as a JSON object text, columns in order. */
export const rowObject = (columns: readonly { readonly name: string }[], row: readonly unknown[]): string =>
  JSON.stringify(Object.fromEntries(columns.map((c, i) => [c.name, row[i] ?? null])), replacer)

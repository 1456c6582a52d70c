import { rowObject } from './json.ts'

/** One row per line, each a JSON object. */
export const ndjsonLine = (columns: readonly { readonly name: string }[], row: readonly unknown[]): string =>
  `${rowObject(columns, row)}\n`

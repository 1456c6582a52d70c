import type { Location } from './diagnostic.ts'

/** Line and column (from 1) of a character offset in `text`. */
export function locate(file: string, text: string, offset: number, length = 1): Location {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - (before.lastIndexOf('\n') + 1) + 1
  return { file, line, column, text, length }
}

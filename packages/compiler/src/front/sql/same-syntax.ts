import { type Node, parseStatements } from './parser.ts'

const speaker = { view: 'the generated query', file: 'generated.sql' }

/** True when two texts have the same syntax tree, places apart. A text that does not parse is not the same. */
export function sameSyntax(a: string, b: string): boolean {
  try {
    return fingerprint(parseStatements(a, speaker)) === fingerprint(parseStatements(b, speaker))
  } catch {
    return false
  }
}

const places = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'rexpr_list_start',
  'rexpr_list_end',
  'list_start',
  'list_end',
])

const fingerprint = (tree: readonly Node[]): string =>
  JSON.stringify(tree, (key, value: unknown) => (places.has(key) ? undefined : value))

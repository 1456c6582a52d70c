import { type Node, parseStatements } from './parser.ts'
import { places } from './tree-places.ts'

const speaker = { view: 'the generated query', file: 'generated.sql' }

/** True when two texts have the same syntax tree, places apart. A text that does not parse is not the same. */
export function sameSyntax(a: string, b: string): boolean {
  try {
    return fingerprint(parseStatements(a, speaker)) === fingerprint(parseStatements(b, speaker))
  } catch {
    return false
  }
}

const fingerprint = (tree: readonly Node[]): string =>
  JSON.stringify(tree, (key, value: unknown) => (places.has(key) ? undefined : value))

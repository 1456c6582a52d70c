/** The outermost select list with the extent of each item. */
import { outputName } from './output-names.ts'
import type { Node, Token } from './parser.ts'
import type { Tokens } from './tokens.ts'
import { child, isSetOperation, list, number } from './tree.ts'

/** One item of the outermost select list. */
export interface OutputItem {
  /** Undefined for `*`. */
  readonly name?: string
  readonly start: number
  readonly end: number
  /** Where the next token starts; undefined at the end of the text. */
  readonly next?: number
}

/**
 * The tree gives starts only: an item ends with the last token before its comma, or before the keyword that ends the list.
 * Empty for set operations and VALUES.
 */
export function outputItems(select: Node, tokens: Tokens): OutputItem[] {
  if (isSetOperation(select) || select.valuesLists !== undefined) return []
  const targets = list(select, 'targetList').map((t) => child(t, 'ResTarget') as Node)
  return targets.map((target, n) => {
    const name = outputName(target)
    const location = number(target, 'location') ?? 0
    // `TABLE flights` has a star that nobody wrote.
    const first = location < 0 ? -1 : tokens.startingAt(tokens.at(location))
    const named = name === undefined ? {} : { name }
    return first < 0
      ? { ...named, start: 0, end: 0 }
      : { ...named, ...extent(tokens.all, first, n === targets.length - 1) }
  })
}

function extent(tokens: readonly Token[], first: number, last: boolean): Omit<OutputItem, 'name'> {
  let depth = 0
  let i = first
  for (; i < tokens.length; i++) {
    const { text } = tokens[i] as Token
    if (depth === 0 && i > first && (text === ',' || text === ')' || (last && endsList(tokens, i)))) break
    if (text === '(' || text === '[') depth++
    if (text === ')' || text === ']') depth--
  }
  const next = tokens[i]?.start
  return {
    start: tokens[first]?.start ?? 0,
    end: tokens[i - 1]?.end ?? 0,
    ...(next === undefined ? {} : { next }),
  }
}

const endsSelectList = new Set([
  'from',
  'where',
  'group',
  'having',
  'window',
  'union',
  'intersect',
  'except',
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
])
/** After these the same words are names or parts of an expression: `x AS from`, `t.order`, `a IS DISTINCT FROM b`. */
const keepsList = new Set(['as', '.', 'distinct', 'within'])

const endsList = (tokens: readonly Token[], i: number): boolean =>
  endsSelectList.has(tokens[i]?.text.toLowerCase() ?? '') && !keepsList.has(tokens[i - 1]?.text.toLowerCase() ?? '')

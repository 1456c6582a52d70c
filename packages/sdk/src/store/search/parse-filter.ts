/**
 * Reads the filter language: MLflow's, with OR, NOT, parentheses, BETWEEN and IS NULL.
 *
 * NOT binds tighter than AND, AND tighter than OR. After a comparison that cannot be read the parser goes on at the next
 * AND or OR, so that several mistakes are told at once.
 */
import { type Diagnostic, diagnostic, locate, ViewcastError } from '@viewcast/compiler'
import {
  type Comparator,
  type Condition,
  type Family,
  type Field,
  type Literal,
  type Order,
  type Span,
  type Statistic,
  statistics,
} from './filter.ts'
import { type Token, tokens } from './tokens.ts'

/** What MLflow takes for the family of a key. */
const familyWords: Readonly<Record<string, Family>> = {
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
}

const comparators: Readonly<Record<string, Comparator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

const numberWords: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  inf: Number.POSITIVE_INFINITY,
}

/** A person writes a hundred characters; what is longer by a thousand times is an accident or an attack. */
const longest = 100_000
const deepest = 100

/**
 * The condition of a filter; undefined for a blank one.
 *
 * Errors: `search/filter`, one for each comparison that cannot be read.
 */
export function parseFilter(text: string): Condition | undefined {
  const reader = readerOf(text, 'filter')
  if (reader.peek().kind === 'end') return undefined
  const condition = reader.alternatives(0)
  if (reader.peek().kind !== 'end') reader.complain(reader.peek(), 'AND or OR should come here')
  return reader.result(condition)
}

/**
 * Reads one key to sort by: `metrics.loss`, `started DESC`. Errors: `search/order`.
 */
export function parseOrder(text: string): Order {
  const reader = readerOf(text, 'order')
  const field = reader.field()
  const direction = reader.keyword('desc') ? 'desc' : reader.keyword('asc') ? 'asc' : 'asc'
  if (field && reader.peek().kind !== 'end') reader.complain(reader.peek(), 'ASC or DESC should come here, and no more')
  return reader.result(field && { field, isDescending: direction === 'desc' }) as Order
}

function readerOf(text: string, what: 'filter' | 'order') {
  const problems: Diagnostic[] = []
  const complain = ({ from, to }: Span, detail: string, hint?: string): undefined => {
    problems.push(
      diagnostic(
        what === 'filter' ? 'search/filter' : 'search/order',
        { detail, ...(hint === undefined ? {} : { hint }) },
        locate(what, text, from, Math.max(1, to - from)),
      ),
    )
    return undefined
  }
  if (text.length > longest) {
    complain({ from: 0, to: 1 }, `it is ${text.length} characters long, and the limit is ${longest}`)
    throw new ViewcastError(problems)
  }
  const all = tokens(text)
  let at = 0
  const peek = (ahead = 0): Token => all[Math.min(at + ahead, all.length - 1)] as Token
  const next = (): Token => {
    const token = peek()
    if (token.kind !== 'end') at++
    return token
  }
  const isWord = (token: Token, word: string): boolean => token.kind === 'word' && token.text.toLowerCase() === word
  const keyword = (word: string): boolean => isWord(peek(), word) && next() !== undefined
  const isSymbol = (token: Token, text: string): boolean => token.kind === 'symbol' && token.text === text
  const symbol = (text: string): boolean => isSymbol(peek(), text) && next() !== undefined

  const unexpected = (token: Token, expected: string): undefined => {
    if (token.kind === 'bad' && token.quote !== undefined) {
      return complain({ from: token.span.from, to: token.span.from + 1 }, `this ${token.quote} is not closed`)
    }
    if (token.kind === 'bad' && /^[+-]?[\d.]/.test(token.text)) {
      return complain(token.span, `${token.text} is no number`, `A text is quoted: '${token.text}'`)
    }
    if (token.kind === 'symbol' && token.text === '==') return complain(token.span, 'equality is written with one =')
    return complain(
      token.span,
      token.kind === 'end' ? `it ends where ${expected} should come` : `${expected} should come here`,
    )
  }

  /** Skips to what the next comparison can be told apart by. */
  const recover = (): void => {
    for (let depth = 0; peek().kind !== 'end'; next()) {
      if (depth === 0 && (isWord(peek(), 'and') || isWord(peek(), 'or') || isSymbol(peek(), ')'))) return
      if (isSymbol(peek(), '(')) depth++
      if (isSymbol(peek(), ')')) depth--
    }
  }

  const several = (
    kind: 'and' | 'or',
    part: (depth: number) => Condition | undefined,
    depth: number,
  ): Condition | undefined => {
    const first = part(depth)
    const of = first ? [first] : []
    while (keyword(kind)) {
      const more = part(depth)
      if (more) of.push(more)
    }
    return of.length > 1 ? { kind, of } : of[0]
  }
  const alternatives = (depth: number): Condition | undefined => several('or', conjunction, depth)
  const conjunction = (depth: number): Condition | undefined => several('and', negation, depth)

  function negation(depth: number): Condition | undefined {
    if (depth > deepest) {
      complain(peek().span, `it is nested more than ${deepest} deep`)
      at = all.length - 1
      return undefined
    }
    if (isWord(peek(), 'not')) {
      next()
      const of = negation(depth + 1)
      return of && { kind: 'not', of }
    }
    if (isSymbol(peek(), '(')) {
      const open = next()
      const inside = alternatives(depth + 1)
      if (symbol(')')) return inside
      if (problems.length === 0) complain(open.span, 'this ( is not closed')
      return undefined
    }
    const found = comparison()
    if (found === undefined) recover()
    return found
  }

  function comparison(): Condition | undefined {
    const what = field()
    if (what === undefined) return undefined
    const isNegated = keyword('not')
    const wrap = (condition: Condition | undefined): Condition | undefined =>
      condition && isNegated ? { kind: 'not', of: condition } : condition
    if (keyword('in')) {
      const values = list()
      return wrap(values && { kind: 'in', field: what, values })
    }
    if (isWord(peek(), 'like') || isWord(peek(), 'ilike')) {
      const ignoresCase = next().text.toLowerCase() === 'ilike'
      const pattern = literal()
      return wrap(pattern && { kind: 'like', field: what, pattern, ignoresCase })
    }
    if (keyword('between')) {
      const low = literal()
      if (low === undefined) return undefined
      if (!keyword('and')) return unexpected(peek(), 'AND and the upper bound')
      const high = literal()
      if (high === undefined) return undefined
      const of = [
        { kind: 'compare', field: what, comparator: '>=', value: low },
        { kind: 'compare', field: what, comparator: '<=', value: high },
      ] as const
      return wrap({ kind: 'and', of })
    }
    if (isNegated) return unexpected(peek(), 'IN, LIKE, ILIKE or BETWEEN')
    if (keyword('is')) {
      const isThere = keyword('not')
      if (!keyword('null')) return unexpected(peek(), 'NULL or NOT NULL')
      return isThere ? { kind: 'not', of: { kind: 'missing', field: what } } : { kind: 'missing', field: what }
    }
    const sign = peek()
    const comparator = sign.kind === 'symbol' ? comparators[sign.text] : undefined
    if (comparator === undefined) return unexpected(sign, 'a comparison such as =, <, LIKE, IN or IS NULL')
    next()
    const value = literal()
    return value && { kind: 'compare', field: what, comparator, value }
  }

  /** `metrics.x`, `` metrics.`a b` ``, `"metrics"."x"`, `state`, `min(metrics.x)`. */
  function field(): Field | undefined {
    const first = peek()
    const isCall = first.kind === 'word' && isSymbol(peek(1), '(')
    const statistic = isCall ? statistics.find((s) => isWord(first, s)) : 'latest'
    if (statistic === undefined) {
      return complain(first.span, `there is no function ${first.text}`, `There are ${statistics.join(', ')}.`)
    }
    if (!isCall) return name('latest')
    next()
    next()
    const inside = name(statistic)
    if (inside === undefined) return undefined
    if (!symbol(')')) return unexpected(peek(), ')')
    if (inside.family !== 'metric') return complain(inside.span, `${statistic} is of metrics only`)
    return inside
  }

  function name(statistic: Statistic): Field | undefined {
    const start = peek()
    if (start.kind !== 'word' && (start.kind !== 'quoted' || start.quote === "'")) {
      return unexpected(start, 'a name such as metrics.loss or state')
    }
    if (['and', 'or', 'not', 'in', 'like', 'ilike', 'is', 'between'].some((w) => isWord(start, w))) {
      return unexpected(start, 'a name such as metrics.loss or state')
    }
    let family: string | undefined
    let key = ''
    let end = start.span.to
    do {
      const token = next()
      const dot = family === undefined && token.kind === 'word' ? token.text.indexOf('.') : -1
      if (dot >= 0) {
        family = key + token.text.slice(0, dot)
        key = token.text.slice(dot + 1)
      } else key += token.text
      end = token.span.to
    } while (peek().span.from === end && (peek().kind === 'word' || (peek().kind === 'quoted' && peek().quote !== "'")))
    const span = { from: start.span.from, to: end }
    if (family === undefined) return { family: 'attribute', key, statistic, span }
    const known = familyWords[family.toLowerCase()]
    if (known === undefined) {
      return complain(
        span,
        `"${family}" is none of metrics, params, tags, attributes, datasets`,
        'A name with a dot of its own is quoted behind its family: metrics."test.auc".',
      )
    }
    if (key === '') return complain(span, `the key behind ${family}. is missing`)
    return { family: known, key, statistic, span }
  }

  function literal(): Literal | undefined {
    const token = peek()
    if (token.kind === 'number') return { kind: 'number', number: numberOf(next().text), span: token.span }
    if (token.kind === 'quoted' && token.quote !== '`') return { kind: 'text', text: next().text, span: token.span }
    const special = token.kind === 'word' ? numberWords[token.text.toLowerCase()] : undefined
    if (special !== undefined) {
      next()
      return { kind: 'number', number: special, span: token.span }
    }
    if (token.kind === 'word') {
      return complain(token.span, 'a value should come here', `A text is quoted: '${token.text}'`)
    }
    return unexpected(token, 'a value')
  }

  function list(): readonly Literal[] | undefined {
    if (!symbol('(')) return unexpected(peek(), '( and the values')
    const values: Literal[] = []
    do {
      const value = literal()
      if (value === undefined) return undefined
      values.push(value)
    } while (symbol(','))
    return symbol(')') ? values : unexpected(peek(), ', or )')
  }

  const result = <T>(value: T): T => {
    if (problems.length > 0) throw new ViewcastError(problems)
    return value
  }
  return {
    peek,
    keyword,
    alternatives,
    field,
    result,
    complain: (token: Token, detail: string) =>
      problems.length === 0 && unexpected(token, detail.replace(' should come here', '')),
  }
}

function numberOf(text: string): number {
  const special = /^([+-]?)(?:inf|infinity)$/i.exec(text)
  if (special) return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

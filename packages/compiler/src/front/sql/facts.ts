/**
 * Facts about a user's SQL: which relations it reads and where, what it returns, what makes it unrepeatable.
 *
 * The text itself is never re-printed from the tree; references are replaced by location, so users recognise their SQL.
 */
import { type Diagnostic, diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'
import { characterOffsets, type Node, parseSelect, type Speaker, scanTokens, type Token } from './parser.ts'
import { child, isSetOperation, list, nameParts, number, text as str, walk } from './tree.ts'

/** A place where a relation outside the statement is named. Offsets are characters. */
export interface Reference {
  readonly schema?: string
  readonly name: string
  readonly start: number
  readonly end: number
  readonly hasAlias: boolean
}

/** A column written with its schema (`public.flights.delay`); the schema must go when the relation is replaced. */
export interface QualifiedColumn {
  readonly schema: string
  readonly relation: string
  /** The characters `public.`, dot included. */
  readonly start: number
  readonly end: number
}

/** One item of the outermost select list. */
export interface OutputItem {
  /** Undefined for `*`. */
  readonly name?: string
  readonly start: number
  readonly end: number
  /** Where the next token starts; undefined at the end of the text. */
  readonly next?: number
}

export interface SqlFacts {
  readonly text: string
  readonly select: Node
  readonly references: readonly Reference[]
  readonly qualifiedColumns: readonly QualifiedColumn[]
  /** The outermost select list; empty for set operations and VALUES. */
  readonly outputs: readonly OutputItem[]
}

/**
 * Facts of the texts read last: a compilation asks for those of each view several times (27 parses and 50 scans for 9
 * texts), and a scan takes milliseconds while the grammar is new in the process.
 */
const remembered = new Map<string, SqlFacts>()
const most = 200

/** Reads the facts of one SELECT. Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`. */
export function sqlFacts(source: string, speaker: Speaker): SqlFacts {
  const known = remembered.get(source)
  if (known) return known
  const facts = readFacts(source, speaker)
  const [oldest] = remembered.keys()
  if (remembered.size >= most && oldest !== undefined) remembered.delete(oldest)
  remembered.set(source, facts)
  return facts
}

function readFacts(source: string, speaker: Speaker): SqlFacts {
  // Places in the source are places in the text: all that goes is at its end.
  const select = parseSelect(source.trimEnd(), speaker)
  const text = withoutTrailingSemicolon(source)
  const tokens = scanTokens(text).filter((t) => !t.name.endsWith('COMMENT'))
  const at = characterOffsets(text)
  walk(select, (type, node) => {
    if (type !== 'CommonTableExpr' || child(child(node, 'ctequery'), 'SelectStmt')) return undefined
    return fail(
      'sql/not-a-select',
      { view: speaker.view },
      locate(speaker.file, text, at(number(node, 'location') ?? 0)),
    )
  })
  const references: Reference[] = []
  collectReferences(select, new Set(), (range) => references.push(reference(range, tokens, at)))
  return {
    text,
    select,
    references: references.sort((a, b) => a.start - b.start),
    qualifiedColumns: qualifiedColumns(select, tokens, at),
    outputs: outputItems(select, tokens, at),
  }
}

/** Drops a final semicolon, so that the text can stand inside parentheses. Comments after it are kept. */
function withoutTrailingSemicolon(source: string): string {
  const tokens = scanTokens(source).filter((t) => !t.name.endsWith('COMMENT'))
  let text = source
  for (let i = tokens.length - 1; i >= 0 && tokens[i]?.text === ';'; i--) {
    const { start, end } = tokens[i] as Token
    text = text.slice(0, start) + text.slice(end)
  }
  // The start stays as it is: places in the text are places in the user's file.
  return text.trimEnd()
}

/** Walks a SELECT with the CTE names in scope, so that a CTE is not taken for a table. */
function collectReferences(select: Node, outer: ReadonlySet<string>, found: (range: Node) => void): void {
  const scope = new Set(outer)
  const withClause = child(select, 'withClause')
  const recursive = withClause?.recursive === true
  const ctes = list(withClause, 'ctes').map((c) => child(c, 'CommonTableExpr'))
  if (recursive) for (const cte of ctes) scope.add(str(cte, 'ctename') ?? '')
  for (const cte of ctes) {
    const query = child(child(cte, 'ctequery'), 'SelectStmt')
    if (query) collectReferences(query, scope, found)
    scope.add(str(cte, 'ctename') ?? '')
  }
  const { withClause: _, ...body } = select
  for (const arm of ['larg', 'rarg']) {
    const inner = child(select, arm)
    if (inner) collectReferences(inner, scope, found)
  }
  const { larg: _l, rarg: _r, ...own } = body
  walk(own, (type, node) => {
    if (type === 'SelectStmt') {
      collectReferences(node, scope, found)
      return false
    }
    if (type === 'RangeVar' && (node.schemaname !== undefined || !scope.has(str(node, 'relname') ?? ''))) found(node)
    return undefined
  })
}

function reference(range: Node, tokens: readonly Token[], at: (byte: number) => number): Reference {
  const start = at(number(range, 'location') ?? 0)
  let i = tokens.findIndex((t) => t.start === start)
  while (tokens[i + 1]?.text === '.') i += 2
  const schema = str(range, 'schemaname')
  return {
    ...(schema === undefined ? {} : { schema }),
    name: str(range, 'relname') ?? '',
    start,
    end: tokens[i]?.end ?? start,
    hasAlias: range.alias !== undefined,
  }
}

function qualifiedColumns(select: Node, tokens: readonly Token[], at: (byte: number) => number): QualifiedColumn[] {
  const out: QualifiedColumn[] = []
  walk(select, (type, node) => {
    const fields = type === 'ColumnRef' ? nameParts(list(node, 'fields')) : []
    if (fields.length === 3) {
      const start = at(number(node, 'location') ?? 0)
      const i = tokens.findIndex((t) => t.start === start)
      const relation = tokens[i + 2]
      if (relation) out.push({ schema: fields[0] ?? '', relation: fields[1] ?? '', start, end: relation.start })
    }
    return undefined
  })
  return out.sort((a, b) => a.start - b.start)
}

/**
 * The outermost select list with the extent of each item. The tree gives starts only; the end is the last token before
 * the next item's comma, or before the keyword that ends the list.
 */
function outputItems(select: Node, tokens: readonly Token[], at: (byte: number) => number): OutputItem[] {
  if (isSetOperation(select) || select.valuesLists !== undefined) return []
  const targets = list(select, 'targetList').map((t) => child(t, 'ResTarget') as Node)
  return targets.map((target, n) => {
    const start = at(number(target, 'location') ?? 0)
    const last = n === targets.length - 1
    let depth = 0
    let end = start
    let next: number | undefined
    for (const token of tokens) {
      if (token.start < start) continue
      const ends = token.text === ',' || token.text === ')' || (last && endsSelectList.has(token.text.toLowerCase()))
      if (depth === 0 && token.start > start && ends) {
        next = token.start
        break
      }
      if (token.text === '(' || token.text === '[') depth++
      if (token.text === ')' || token.text === ']') depth--
      end = token.end
    }
    const name = outputName(target)
    return { ...(name === undefined ? {} : { name }), start, end, ...(next === undefined ? {} : { next }) }
  })
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

/** The name PostgreSQL gives an output column (FigureColname in the server's parse_target.c); undefined for `*`. */
function outputName(target: Node): string | undefined {
  const alias = str(target, 'name')
  if (alias !== undefined) return alias
  return figureName(child(target, 'val')) ?? (isStar(child(target, 'val')) ? undefined : '?column?')
}

const isStar = (value: Node | undefined): boolean => nameParts(list(child(value, 'ColumnRef'), 'fields')).at(-1) === '*'

function figureName(value: Node | undefined): string | undefined {
  const [type, node] = Object.entries(value ?? {})[0] ?? []
  const n = node as Node
  switch (type) {
    case 'ColumnRef': {
      const last = nameParts(list(n, 'fields')).at(-1)
      return last === '*' ? undefined : last
    }
    case 'FuncCall':
      return nameParts(list(n, 'funcname')).at(-1)
    case 'TypeCast':
      return figureName(child(n, 'arg')) ?? nameParts(list(child(n, 'typeName'), 'names')).at(-1)
    case 'CollateClause':
      return figureName(child(n, 'arg'))
    case 'CaseExpr':
      return figureName(child(n, 'defresult')) ?? 'case'
    case 'CoalesceExpr':
      return 'coalesce'
    case 'MinMaxExpr':
      return str(n, 'op') === 'IS_LEAST' ? 'least' : 'greatest'
    case 'SubLink': {
      if (str(n, 'subLinkType') === 'EXISTS_SUBLINK') return 'exists'
      if (str(n, 'subLinkType') === 'ARRAY_SUBLINK') return 'array'
      const first = list(child(child(n, 'subselect'), 'SelectStmt'), 'targetList')[0]
      return first ? outputName(child(first, 'ResTarget') as Node) : undefined
    }
    case 'A_ArrayExpr':
      return 'array'
    case 'RowExpr':
      return 'row'
    default:
      return undefined
  }
}

const volatileFunctions = new Set([
  'random',
  'random_normal',
  'gen_random_uuid',
  'uuid_generate_v4',
  'clock_timestamp',
  'nextval',
  'txid_current',
  'timeofday',
])
const clockFunctions = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'age'])

/** Warnings `sql/volatile` and `sql/clock`: what gives another answer when it is asked again. */
export function unrepeatable({ select, text }: SqlFacts, speaker: Speaker): Diagnostic[] {
  const at = characterOffsets(text)
  const out: Diagnostic[] = []
  walk(select, (type, node) => {
    const place = () => locate(speaker.file, text, at(number(node, 'location') ?? 0))
    if (type === 'FuncCall') {
      const name = nameParts(list(node, 'funcname')).at(-1) ?? ''
      if (volatileFunctions.has(name))
        out.push(diagnostic('sql/volatile', { view: speaker.view, function: name }, place()))
      // age(a, b) compares two values; only age(a) reads the clock.
      if (clockFunctions.has(name) && !(name === 'age' && list(node, 'args').length > 1)) {
        out.push(diagnostic('sql/clock', { view: speaker.view, function: `${name}()` }, place()))
      }
    }
    if (type === 'SQLValueFunction') {
      const op = str(node, 'op')?.replace('SVFOP_', '').toLowerCase() ?? ''
      if (/date|time/.test(op)) out.push(diagnostic('sql/clock', { view: speaker.view, function: op }, place()))
    }
    return undefined
  })
  return out
}

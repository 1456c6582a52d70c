/** Where a SELECT names relations that are not its own CTEs, and columns by their schema. */
import type { Node } from './parser.ts'
import { nameEnd, type Tokens } from './tokens.ts'
import { child, list, nameParts, number, text, walk } from './tree.ts'

/** A place where a relation outside the statement is named. Offsets are characters. */
export interface Reference {
  readonly schema?: string
  readonly name: string
  /** The whole mention, `ONLY (…)` and a `*` behind the name included. */
  readonly start: number
  readonly end: number
  readonly hasAlias: boolean
  /** Under TABLESAMPLE, which only stored relations can be. */
  readonly sampled: boolean
  /** Another relation of the same name, told apart by its schema alone, stands in the same FROM. */
  readonly namesake: boolean
}

/** A column written with its schema (`public.flights.delay`); the schema must go when the relation is replaced. */
export interface QualifiedColumn {
  readonly schema: string
  readonly relation: string
  /** The characters `public.`, dot included. */
  readonly start: number
  readonly end: number
  /** Where the relation's own name ends. */
  readonly relationEnd: number
}

export interface Named {
  readonly references: readonly Reference[]
  readonly qualifiedColumns: readonly QualifiedColumn[]
  /** Names the statement gives to CTEs of its own. */
  readonly ctes: ReadonlySet<string>
}

/** References and qualified columns of a SELECT in the order of the text. */
export function namesIn(select: Node, tokens: Tokens): Named {
  const references: Reference[] = []
  const ctes = new Set<string>()
  for (const { range, sampled, namesake } of relationsRead(select, ctes)) {
    const found = mention(range, tokens)
    if (found) references.push({ ...found, sampled, namesake })
  }
  const qualified: QualifiedColumn[] = []
  walk(select, (type, node) => {
    const fields = type === 'ColumnRef' ? nameParts(list(node, 'fields')) : []
    if (fields.length !== 3 && fields.length !== 4) return undefined
    const column = columnMention(fields, tokens.at(number(node, 'location') ?? 0), tokens)
    if (column) qualified.push(column)
    return undefined
  })
  return {
    references: references.sort((a, b) => a.start - b.start),
    qualifiedColumns: qualified.sort((a, b) => a.start - b.start),
    ctes,
  }
}

interface Read {
  readonly range: Node
  readonly sampled: boolean
  readonly namesake: boolean
}

/** Walks a SELECT with the CTE names in scope, so that a CTE is not taken for a table. Deep unions keep it off the stack. */
function* relationsRead(statement: Node, ctes: Set<string>): Generator<Read> {
  const pending: { readonly select: Node; readonly outer: ReadonlySet<string> }[] = [
    { select: statement, outer: new Set() },
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { select, outer } = next
    const withClause = child(select, 'withClause')
    const own = list(withClause, 'ctes').map((c) => child(c, 'CommonTableExpr'))
    const ownNames = own.map((cte) => text(cte, 'ctename') ?? '')
    for (const name of ownNames) ctes.add(name)
    const scope = own.length === 0 ? outer : new Set([...outer, ...ownNames])
    own.forEach((cte, i) => {
      const query = child(child(cte, 'ctequery'), 'SelectStmt')
      // Without RECURSIVE a CTE sees those before it only.
      const visible = withClause?.recursive === true ? scope : new Set([...outer, ...ownNames.slice(0, i)])
      if (query) pending.push({ select: query, outer: visible })
    })
    for (const arm of ['larg', 'rarg']) {
      const inner = child(select, arm)
      if (inner) pending.push({ select: inner, outer: scope })
    }
    const { withClause: _w, larg: _l, rarg: _r, ...body } = select
    const ranges: { range: Node; sampled: boolean }[] = []
    walk(body, (type, node) => {
      if (type === 'SelectStmt') {
        pending.push({ select: node, outer: scope })
        return false
      }
      const relation = type === 'RangeTableSample' ? child(child(node, 'relation'), 'RangeVar') : undefined
      if (relation) {
        ranges.push({ range: relation, sampled: true })
        for (const argument of [...list(node, 'args'), child(node, 'repeatable')]) {
          walk(argument, (t, n) => {
            if (t !== 'SelectStmt') return undefined
            pending.push({ select: n, outer: scope })
            return false
          })
        }
        return false
      }
      if (type === 'RangeVar') ranges.push({ range: node, sampled: false })
      return undefined
    })
    const bare = ranges.filter((r) => r.range.alias === undefined).map((r) => r.range)
    for (const { range, sampled } of ranges) {
      const name = text(range, 'relname') ?? ''
      if (range.schemaname === undefined && scope.has(name)) continue
      const namesake = range.alias === undefined && bare.some((o) => o !== range && text(o, 'relname') === name)
      yield { range, sampled, namesake }
    }
  }
}

function mention(range: Node, tokens: Tokens): Omit<Reference, 'sampled' | 'namesake'> | undefined {
  const { all } = tokens
  const name = tokens.startingAt(tokens.at(number(range, 'location') ?? 0))
  if (name < 0) return undefined
  let first = name
  let last = nameEnd(all, name)
  if (range.inh !== true) {
    // `ONLY flights` or `ONLY (flights)`: a stage has no descendants.
    if (all[first - 1]?.text === '(') {
      first--
      last++
    }
    first--
  } else if (all[last + 1]?.text === '*') last++
  const schema = text(range, 'schemaname')
  return {
    ...(schema === undefined ? {} : { schema }),
    name: text(range, 'relname') ?? '',
    start: all[first]?.start ?? 0,
    end: all[last]?.end ?? 0,
    hasAlias: range.alias !== undefined,
  }
}

/** `schema.relation.column` or `database.schema.relation.column`. */
function columnMention(fields: readonly string[], start: number, tokens: Tokens): QualifiedColumn | undefined {
  const first = tokens.startingAt(start)
  if (first < 0) return undefined
  const beforeRelation = nameEnd(tokens.all, first, fields.length - 2)
  const relation = tokens.all[beforeRelation + 2]
  const relationLast = tokens.all[nameEnd(tokens.all, beforeRelation + 2, 1)]
  if (!relation || !relationLast) return undefined
  return {
    schema: fields.at(-3) ?? '',
    relation: fields.at(-2) ?? '',
    start,
    end: relation.start,
    relationEnd: relationLast.end,
  }
}

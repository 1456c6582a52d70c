/** WITH: each query is traced when it is first asked for, as RECURSIVE ones may come in any order. */
import type { Node } from '../../front/sql/parser.ts'
import { child, isSetOperation, list, nameParts, text } from '../../front/sql/tree.ts'
import { lost, merge, nothing, type Traced, through } from './influence.ts'
import type { Relation } from './namespace.ts'
import type { Scope } from './tracer.ts'

type Ctes = Scope['ctes']

/** The names that hold behind a WITH clause. */
export function withQueries(clause: Node | undefined, outer: Scope): Ctes {
  const items = list(clause, 'ctes').map((c) => child(c, 'CommonTableExpr') ?? {})
  if (items.length === 0) return outer.ctes
  const ctes = new Map(outer.ctes)
  for (const cte of items) {
    // Without RECURSIVE a query sees those before it and no others.
    const seen: Ctes = clause?.['recursive'] === true ? ctes : new Map(ctes)
    ctes.set(text(cte, 'ctename') ?? '', once(cte, { ...outer, ctes: seen }))
  }
  // Queries that nobody asks for are still read.
  for (const cte of items) ctes.get(text(cte, 'ctename') ?? '')?.()
  return ctes
}

/** Traces a query one time. A recursive one finds what is known of itself so far, and is traced until that stays. */
function once(cte: Node, scope: Scope): () => Relation {
  let done: Relation | undefined
  let soFar: Relation | undefined
  let tracing = false
  let readItself = false
  return () => {
    if (done) return done
    if (tracing) {
      readItself = true
      soFar ??= decorated(cte, firstArm(cte, scope))
      return soFar
    }
    tracing = true
    for (let size = -1; !done; ) {
      readItself = false
      soFar = traced(cte, scope)
      if (!readItself || sizeOf(soFar) === size) done = soFar
      size = sizeOf(soFar)
    }
    return done
  }
}

/** The columns of the first arm, of which nothing is known yet. */
function firstArm(cte: Node, scope: Scope): Relation {
  const query = child(child(cte, 'ctequery'), 'SelectStmt')
  if (!query || !isSetOperation(query)) return { columns: [], rows: lost, open: lost }
  const ctes = withQueries(child(query, 'withClause'), scope)
  const { columns } = scope.select(child(query, 'larg') ?? {}, { ...scope, ctes })
  return { columns: columns.map(([name]) => [name, nothing]), rows: nothing }
}

function traced(cte: Node, scope: Scope): Relation {
  const query = child(child(cte, 'ctequery'), 'SelectStmt')
  return query ? decorated(cte, scope.select(query, scope)) : { columns: [], rows: lost, open: lost }
}

/** With the names given in the WITH clause, and the columns that SEARCH and CYCLE add. */
function decorated(cte: Node, relation: Relation): Relation {
  const names = nameParts(list(cte, 'aliascolnames'))
  const columns = relation.columns.map(([n, t], i) => [names[i] ?? n, t] as const)
  const of = (clause: Node | undefined, key: string): Traced => {
    const wanted = nameParts(list(clause, key))
    return merge(columns.filter(([n]) => wanted.includes(n)).map(([, t]) => t))
  }
  const search = child(cte, 'search_clause')
  const cycle = child(cte, 'cycle_clause')
  const order = through('transformation', of(search, 'search_col_list'))
  const looped = of(cycle, 'cycle_col_list')
  const added: readonly (readonly [string | undefined, Traced])[] = [
    [text(search, 'search_seq_column'), order],
    [text(cycle, 'cycle_mark_column'), through('condition', looped)],
    [text(cycle, 'cycle_path_column'), through('transformation', looped)],
  ]
  const given = added.flatMap(([n, t]) => (n === undefined ? [] : [[n, t] as const]))
  return { ...relation, columns: [...columns, ...given], rows: merge([relation.rows, through('filter', looped)]) }
}

/** Grows with every source and every way one enters. */
function sizeOf(relation: Relation): number {
  const ways = (t: Traced) => [...t.sources.values()].reduce((sum, w) => sum + 1000 + w, t.unknown ? 1 : 0)
  return ways(relation.rows) + relation.columns.reduce((sum, [, t]) => sum + ways(t), 0)
}

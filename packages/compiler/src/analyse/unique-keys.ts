/** The smallest sets of output columns on which a query provably returns one row. */
import type { SqlFacts } from '../front/sql/facts.ts'
import { list } from '../front/sql/tree.ts'
import type { Catalog } from '../ir/catalog.ts'
import { isUniqueOn } from './unique.ts'

/** What proves a key: the query's own grouping, or what it reads. */
export interface UniqueKey {
  readonly columns: readonly string[]
  readonly by: 'group by' | 'distinct on' | 'source'
}

const widest = 4
/** Sets of four among sixteen columns are 2,516: some tens of milliseconds. */
const most = 16

/**
 * Every minimal key among `candidates` (output names, the likeliest first; the first 16 are tried), of up to 4 columns,
 * the smallest first. A query whose rows are not proven unique has none.
 */
export function uniqueKeys(
  facts: SqlFacts,
  candidates: readonly string[],
  catalog: Catalog,
  spineKeys?: readonly string[],
): UniqueKey[] {
  const tried = candidates.slice(0, most)
  // Unique on nothing less than all of them: then no smaller set is, and none has to be tried.
  if (!isUniqueOn(facts, tried, catalog, spineKeys)) return []
  const by = list(facts.select, 'groupClause').length > 0 ? 'group by' : isDistinctOn(facts) ? 'distinct on' : 'source'
  const found: string[][] = []
  for (let size = 1; size <= widest; size++) {
    for (const columns of subsets(tried, size)) {
      if (found.some((smaller) => smaller.every((c) => columns.includes(c)))) continue
      if (isUniqueOn(facts, columns, catalog, spineKeys)) found.push(columns)
    }
  }
  return found.map((columns) => ({ columns, by }))
}

const isDistinctOn = (facts: SqlFacts): boolean =>
  list(facts.select, 'distinctClause').some((d) => Object.keys(d).length > 0)

function* subsets(items: readonly string[], size: number, from = 0): Generator<string[]> {
  if (size === 0) {
    yield []
    return
  }
  for (let i = from; i <= items.length - size; i++) {
    for (const rest of subsets(items, size - 1, i + 1)) yield [items[i] as string, ...rest]
  }
}

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

/** Other keys are looked for until so many sets of columns have been set aside; nobody declares unique indexes by the dozen. */
const most = 64

/**
 * The minimal keys among `candidates` (output names, the likeliest first), the smallest first. A query whose rows are not
 * proven unique has none.
 *
 * What is unique on some columns is unique on more, so a key is found by taking columns away, the least likely first; any
 * other key lacks one of its columns.
 */
export function uniqueKeys(
  facts: SqlFacts,
  candidates: readonly string[],
  catalog: Catalog,
  spineKeys?: readonly string[],
): UniqueKey[] {
  const unique = (columns: readonly string[]) => isUniqueOn(facts, columns, catalog, spineKeys)
  const keys = new Map<string, readonly string[]>()
  const seen = new Set<string>()
  const waiting: (readonly string[])[] = [candidates]
  for (let columns = waiting.shift(); columns !== undefined && seen.size < most; columns = waiting.shift()) {
    const name = JSON.stringify(columns)
    if (seen.has(name)) continue
    seen.add(name)
    const key = minimal(columns, unique)
    if (key === undefined) continue
    keys.set(JSON.stringify(key), key)
    for (const column of key) waiting.push(columns.filter((c) => c !== column))
  }
  const by = list(facts.select, 'groupClause').length > 0 ? 'group by' : isDistinctOn(facts) ? 'distinct on' : 'source'
  return [...keys.values()].sort((a, b) => a.length - b.length).map((columns) => ({ columns, by }))
}

function minimal(
  columns: readonly string[],
  unique: (columns: readonly string[]) => boolean,
): readonly string[] | undefined {
  if (columns.length === 0 || !unique(columns)) return undefined
  let rest = columns
  for (const column of [...columns].reverse()) {
    const fewer = rest.filter((c) => c !== column)
    if (fewer.length > 0 && unique(fewer)) rest = fewer
  }
  return rest
}

const isDistinctOn = (facts: SqlFacts): boolean =>
  list(facts.select, 'distinctClause').some((d) => Object.keys(d).length > 0)

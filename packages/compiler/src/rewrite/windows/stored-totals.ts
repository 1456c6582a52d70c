/** Running totals kept in a table: what to do about dense windows, as text for a person to read and run. */
import { quoteIdentifier, quoteName } from '../../emit/identifier.ts'
import { type Measure, measuresOf } from '../../ir/aggregate.ts'
import type { CatalogRelation } from '../../ir/catalog.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import { type Column, isExact } from '../../ir/type.ts'
import type { Density } from './density.ts'
import { typeOf } from './feature.ts'
import { filterConditions } from './filter-sql.ts'

export interface Proposal {
  /** A sentence without its full stop. */
  readonly why: string
  readonly sql: string
}

/** Events per window from which two lookups in stored totals beat reading the window, about fivefold (decision 0011). */
const dense = 50

const q = quoteIdentifier

/**
 * Proposes stored totals where the windows are dense and some aggregates can be taken back from a total exactly.
 * `columns`: keys, then the time. Nothing is ever created: this is advice.
 */
export function storedTotals(
  view: AggregatesView,
  source: readonly Column[],
  relation: CatalogRelation,
  columns: readonly string[],
  density: Density | undefined,
): Proposal | undefined {
  const { knownAt, time } = view.spec
  if (density === undefined || density.perWindow <= dense || view.spec.source.kind !== 'relation') return undefined
  if (knownAt !== undefined && knownAt !== time) return undefined
  const isTotal = (m: Measure): boolean =>
    m.function === 'count' || ((m.function === 'sum' || m.function === 'avg') && isExact(typeOf(source, m) ?? ''))
  const served = Object.entries(view.spec.aggregates).filter(([, a]) => measuresOf(a).every(isTotal))
  if (served.length === 0) return undefined
  const totals = new Set<string>()
  for (const m of served.flatMap(([, a]) => measuresOf(a))) {
    const conditions = filterConditions(m.filters, source)
    const filter = conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.join(' AND ')})`
    const column = m.column === undefined ? '*' : `e.${q(m.column)}`
    totals.add(`count(${column})${filter} OVER past`)
    if (m.function !== 'count') totals.add(`sum(${column})${filter} OVER past`)
  }
  const list = columns.map((c) => `e.${q(c)}`)
  const table = q(`${view.name}_totals`)
  const keys = list.slice(0, -1).join(', ')
  // Rows of one instant are peers, so each carries the total with all of them.
  const sql =
    `CREATE TABLE ${table} AS\n` +
    `SELECT ${[...list, ...[...totals].map((t, i) => `${t} AS total_${i + 1}`)].join(',\n       ')}\n` +
    `FROM ${quoteName({ schema: relation.schema, name: relation.name })} AS e\n` +
    `WINDOW past AS (PARTITION BY ${keys} ORDER BY ${list.at(-1)});\n` +
    `CREATE INDEX ON ${table} (${columns.map(q).join(', ')});`
  const names = served.map(([name]) => `"${name}"`).join(', ')
  return {
    why:
      `about ${density.perWindow} events are in the widest window of a key; of ${names} a table of running totals ` +
      'would give a window by two lookups: the last total before as_of, less the last one before its start',
    sql,
  }
}

/** Aggregates as SQL over joined events, named `e`; filled values are filled at the feature boundary. */
import { quoteIdentifier } from '../../emit/identifier.ts'
import { printLiteral } from '../../emit/literal.ts'
import { type Aggregate, isCount, type Measure, measuresOf } from '../../ir/aggregate.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import type { Column } from '../../ir/type.ts'
import { typeOf } from './feature.ts'
import { filterConditions } from './filter-sql.ts'

/** An aggregate of measures, however the form at hand writes those. */
export function aggregateSql(a: Aggregate, measure: (m: Measure) => string): string {
  if (a.function !== 'ratio') return measure(a)
  const side = (m: Measure): string => {
    const value = isCount(m) || m.function === 'first' || m.function === 'last' ? `(${measure(m)})::float8` : measure(m)
    return isCount(m) || m.fill === undefined ? value : `coalesce(${value}, ${printLiteral(m.fill, 'float8')})`
  }
  return `${side(a.of)} / nullif(${side(a.to)}, 0)`
}

/** A measure over the joined events that meet its filters and `within`, the start of its window. */
export function measureSql(
  m: Measure,
  view: AggregatesView,
  source: readonly Column[],
  within: readonly string[],
): string {
  const conditions = [...within, ...filterConditions(m.filters, source)]
  const filter = conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.join(' AND ')})`
  const column = `e.${quoteIdentifier(m.column ?? view.spec.time)}`
  // sum(real) accumulates in single precision.
  const number = typeOf(source, m) === 'float4' ? `${column}::float8` : column
  switch (m.function) {
    case 'count':
      return `count(${column})${filter}`
    case 'countDistinct':
      return `count(DISTINCT ${column})${filter}`
    case 'avg':
      return `(sum(${number})${filter})::float8 / nullif(count(${number})${filter}, 0)::float8`
    case 'stddev':
    case 'variance':
      return `(${m.function === 'stddev' ? 'stddev_samp' : 'var_samp'}(${number})${filter})::float8`
    case 'first':
    case 'last':
      return `(array_agg(${column} ORDER BY ${eventOrder(view, m.function)})${filter})[1]`
    default:
      return `(${m.function}(${number})${filter})::float8`
  }
}

/**
 * Earliest or latest event first. Ties: the declared columns, then every column `first` and `last` read in this view, so
 * that its features come from one event, or from events that differ in nothing they show. Of all that are declared, not
 * only those wanted: pruning changes no row. A value comes before NULL.
 */
function eventOrder(view: AggregatesView, which: 'first' | 'last'): string {
  const { spec } = view
  const read = Object.values(spec.aggregates)
    .flatMap(measuresOf)
    .flatMap((m) => ((m.function === 'first' || m.function === 'last') && m.column !== undefined ? [m.column] : []))
  const columns = [...new Set([spec.time, ...(spec.sequence ?? []), ...read])].map((c) => `e.${quoteIdentifier(c)}`)
  return columns.map((c) => (which === 'first' ? c : `${c} DESC NULLS LAST`)).join(', ')
}

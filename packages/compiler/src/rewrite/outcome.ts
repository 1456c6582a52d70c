/** Declared outcomes as SQL over `spine`: events in `[as_of, as_of + horizon)`, so that no feature shares one. */
import { quoteIdentifier } from '../emit/identifier.ts'
import { printLiteral } from '../emit/literal.ts'
import type { Catalog } from '../ir/catalog.ts'
import type { Outcome, OutcomesSpec, TargetDef } from '../ir/definition.ts'
import { durationSeconds, printInterval } from '../ir/duration.ts'
import type { Column } from '../ir/type.ts'
import { eventsFrom } from './censoring.ts'
import { filterConditions } from './windows/filter-sql.ts'

const q = quoteIdentifier

/** The SQL of a target with outcomes, reading `spine`; one row per question. */
export function outcomeSql(target: TargetDef, spec: OutcomesSpec, events: readonly Column[], catalog: Catalog): string {
  const time = `e.${q(spec.time)}`
  const keys = target.entity.keys.map((k) => `s.${q(k.name)}`)
  const labels = Object.entries(spec.labels).map(([name, o]) => `${outcome(o, time, events)} AS ${q(name)}`)
  const on = [
    ...target.entity.keys.map((k) => `e.${q(spec.keys[k.name] ?? k.name)} = s.${q(k.name)}`),
    `${time} >= s.as_of`,
    `${time} < s.as_of + ${printInterval(durationSeconds(target.horizon ?? '') ?? 0)}`,
  ]
  const source = eventsFrom(target.query, target.name, catalog)
  return (
    `SELECT ${[...keys, 's.as_of', ...labels].join(', ')} FROM spine AS s ` +
    `LEFT JOIN ${source} ON ${on.join(' AND ')} GROUP BY ${[...keys, 's.as_of'].join(', ')}`
  )
}

function outcome(o: Outcome, time: string, events: readonly Column[]): string {
  const sql = unfilled(o, time, events)
  return o.fill === undefined ? sql : `coalesce(${sql}, ${printLiteral(o.fill, 'float8')})`
}

/** An event without a time is in no window, so a count of times is a count of events. */
function unfilled(o: Outcome, time: string, events: readonly Column[]): string {
  const conditions = filterConditions(o.filters, events)
  const filter = conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.join(' AND ')})`
  const column = o.column === undefined ? time : `e.${q(o.column)}`
  const type = events.find((c) => c.name === o.column)?.type
  // sum(real) accumulates in single precision.
  const number = `${column}${type === 'float4' ? '::float8' : ''}`
  switch (o.function) {
    case 'exists':
      return `count(${time})${filter} > 0`
    case 'notExists':
      return `count(${time})${filter} = 0`
    case 'count':
      return `count(${column})${filter}`
    case 'avg':
      return `(sum(${number})${filter})::float8 / nullif(count(${number})${filter}, 0)::float8`
    case 'first':
    case 'last': {
      // Equal times are told apart by the value, so that the answer is repeatable.
      const order = `${time}${o.function === 'last' ? ' DESC' : ''}, ${column}`
      const known = [`${column} IS NOT NULL`, ...conditions].join(' AND ')
      return `(array_agg(${column} ORDER BY ${order}) FILTER (WHERE ${known}))[1]`
    }
    default:
      return `(${o.function}(${number})${filter})::float8`
  }
}

/**
 * Declared aggregates as SQL over `spine`. Two forms that return the same rows:
 *
 * - `join`: range join and GROUP BY. Reads only the window of each question; the form for predictions.
 * - `running`: events and questions in one sort, running totals, a difference per window. One pass over the events
 *   whatever the window; the form for training on dense data. Only for count, sum and avg of exact types without a separate
 *   `knownAt`: differences of running float totals would lose digits, and the forms would disagree.
 */
import { InternalError } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printType } from '../emit/type-name.ts'
import type { Aggregate, AggregatesView } from '../ir/definition.ts'
import { durationSeconds, printInterval } from '../ir/duration.ts'
import { type Column, isExact } from '../ir/type.ts'

export type WindowForm = 'join' | 'running'

/** Chooses by rule, never by planner cost: running totals pay when many questions share the events. */
export function windowForm(
  view: AggregatesView,
  source: readonly Column[],
  purpose: 'training' | 'prediction',
): WindowForm {
  const { spec } = view
  const exact = Object.values(spec.aggregates).every((a) => {
    if (a.function === 'min' || a.function === 'max') return false
    if (a.function === 'count') return true
    return isExact(source.find((c) => c.name === a.column)?.type ?? '')
  })
  const known = spec.knownAt === undefined || spec.knownAt === spec.time
  return purpose === 'training' && exact && known ? 'running' : 'join'
}

export interface WindowFeature {
  readonly name: string
  readonly aggregate: Aggregate
  /** Seconds. */
  readonly window: number
}

/** The features of a view as (aggregate, window) pairs, named `<aggregate>_<window>`. */
const windowFeatures = (view: AggregatesView): WindowFeature[] =>
  Object.entries(view.spec.aggregates).flatMap(([name, aggregate]) =>
    Object.entries(view.spec.windows).map(([w, length]) => ({
      name: `${name}_${w}`,
      aggregate,
      window: durationSeconds(length) ?? 0,
    })),
  )

/** The SQL of an aggregates view, reading `spine`; only the features in `keep`. */
export function windowSql(
  view: AggregatesView,
  source: readonly Column[],
  keep: ReadonlySet<string>,
  form: WindowForm,
): string {
  const features = windowFeatures(view).filter((f) => keep.has(f.name))
  return form === 'join' ? joinSql(view, source, features) : runningSql(view, source, features)
}

const q = quoteIdentifier

/** The event source as a FROM item named `e`. */
function eventSource(view: AggregatesView): string {
  const { source } = view.spec
  if (source.kind === 'sql') return `(\n${source.text}\n) AS e`
  if (source.kind === 'relation') return `${quoteName(source.relation)} AS e`
  throw new InternalError(`${source.path} was compiled before it was read`)
}

const sourceKey = (view: AggregatesView, key: string): string => view.spec.keys[key] ?? key

function joinSql(view: AggregatesView, source: readonly Column[], features: readonly WindowFeature[]): string {
  const { spec, entity } = view
  const time = `e.${q(spec.time)}`
  const widest = Math.max(...features.map((f) => f.window))
  const columns = features.map((f) => {
    const filter = f.window === widest ? '' : ` FILTER (WHERE ${time} >= s.as_of - ${printInterval(f.window)})`
    return `${aggregateSql(f.aggregate, time, source, filter)} AS ${q(f.name)}`
  })
  const keys = entity.keys.map((k) => `s.${q(k.name)}`)
  const on = [
    ...entity.keys.map((k) => `e.${q(sourceKey(view, k.name))} = s.${q(k.name)}`),
    `${time} >= s.as_of - ${printInterval(widest)}`,
    `${time} < s.as_of`,
    ...(spec.knownAt === undefined || spec.knownAt === spec.time ? [] : [`e.${q(spec.knownAt)} < s.as_of`]),
  ]
  return (
    `SELECT ${[...keys, 's.as_of', ...columns].join(', ')} FROM spine AS s ` +
    `LEFT JOIN ${eventSource(view)} ON ${on.join(' AND ')} GROUP BY ${[...keys, 's.as_of'].join(', ')}`
  )
}

/** Filled values are filled at the feature boundary; here an empty window is 0 for counts and NULL for the rest. */
function aggregateSql(a: Aggregate, time: string, source: readonly Column[], filter: string): string {
  if (a.function === 'count') return `count(${a.column === undefined ? time : `e.${q(a.column)}`})${filter}`
  const type = source.find((c) => c.name === a.column)?.type
  // sum(real) accumulates in single precision.
  const column = `e.${q(a.column ?? '')}${type === 'float4' ? '::float8' : ''}`
  if (a.function === 'avg') {
    return `(sum(${column})${filter})::float8 / nullif(count(${column})${filter}, 0)::float8`
  }
  return `(${a.function}(${column})${filter})::float8`
}

function runningSql(view: AggregatesView, source: readonly Column[], features: readonly WindowFeature[]): string {
  const { spec, entity } = view
  const keys = entity.keys.map((k) => q(k.name))
  const inputs = [...new Set(features.flatMap((f) => (f.aggregate.column === undefined ? [] : [f.aggregate.column])))]
  const windows = [...new Set(features.map((f) => f.window))].sort((a, b) => a - b)
  const input = (c: string) => `v_${inputs.indexOf(c) + 1}`
  const typeOf = (c: string) => printType(source.find((s) => s.name === c)?.type ?? 'int8')

  const events =
    `SELECT ${entity.keys.map((k) => `e.${q(sourceKey(view, k.name))} AS ${q(k.name)}`).join(', ')}, ` +
    `e.${q(spec.time)} AS at, NULL::timestamptz AS as_of, NULL::int4 AS edge, 1 AS event` +
    `${inputs.map((c) => `, e.${q(c)} AS ${input(c)}`).join('')} FROM ${eventSource(view)}`
  const questions = [0, ...windows].map(
    (w, edge) =>
      `SELECT ${keys.map((k) => `s.${k}`).join(', ')}, ${w === 0 ? 's.as_of' : `s.as_of - ${printInterval(w)}`}, s.as_of, ` +
      `${edge}, NULL${inputs.map((c) => `, NULL::${typeOf(c)}`).join('')} FROM spine AS s`,
  )
  // Questions come first among equal times (event IS NULL), so an event at the instant itself is outside, and one at the
  // start of a window is inside.
  const totals = [
    ...(features.some((f) => f.aggregate.function === 'count' && f.aggregate.column === undefined)
      ? ['count(u.event) OVER past AS n']
      : []),
    ...inputs.flatMap((c) => [
      `count(u.${input(c)}) OVER past AS n_${inputs.indexOf(c) + 1}`,
      `coalesce(sum(u.${input(c)}) OVER past, 0) AS s_${inputs.indexOf(c) + 1}`,
    ]),
  ]
  // One row per question: the totals at its instant (edge 0) and at the start of each window.
  const edges = [0, ...windows]
  const columnsOfTotals = totals.map((t) => t.slice(t.lastIndexOf(' ') + 1))
  const pivot = columnsOfTotals.flatMap((t) =>
    edges.map((_, edge) => `max(r.${t}) FILTER (WHERE r.edge = ${edge}) AS ${t}_at_${edge}`),
  )
  const difference = (total: string, window: number): string =>
    `p.${total}_at_0 - p.${total}_at_${windows.indexOf(window) + 1}`
  const columns = features.map((f) => {
    const { column } = f.aggregate
    const i = column === undefined ? 0 : inputs.indexOf(column) + 1
    const count = difference(column === undefined ? 'n' : `n_${i}`, f.window)
    const sum = difference(`s_${i}`, f.window)
    const sql =
      f.aggregate.function === 'count'
        ? count
        : f.aggregate.function === 'sum'
          ? `CASE WHEN ${count} > 0 THEN (${sum})::float8 END`
          : `(${sum})::float8 / nullif(${count}, 0)::float8`
    return `${sql} AS ${q(f.name)}`
  })
  const rKeys = keys.map((k) => `r.${k}`).join(', ')
  return (
    `SELECT ${keys.map((k) => `p.${k}`).join(', ')}, p.as_of, ${columns.join(', ')} FROM (` +
    `SELECT ${rKeys}, r.as_of, ${pivot.join(', ')} FROM (` +
    `SELECT ${keys.map((k) => `u.${k}`).join(', ')}, u.as_of, u.edge, ${totals.join(', ')} FROM (` +
    `${[events, ...questions].join(' UNION ALL ')}) AS u ` +
    `WINDOW past AS (PARTITION BY ${keys.map((k) => `u.${k}`).join(', ')} ` +
    `ORDER BY u.at, u.event NULLS FIRST ROWS UNBOUNDED PRECEDING)) AS r ` +
    `WHERE r.as_of IS NOT NULL GROUP BY ${rKeys}, r.as_of) AS p`
  )
}

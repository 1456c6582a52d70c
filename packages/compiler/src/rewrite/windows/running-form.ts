/**
 * Events and questions in one sort, running totals, a difference per window: one pass over the events whatever the
 * windows. Only totals that can be taken back exactly: see `runningRefusal`.
 */
import { quoteIdentifier } from '../../emit/identifier.ts'
import { printType } from '../../emit/type-name.ts'
import { type Measure, measuresOf } from '../../ir/aggregate.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import { printInterval } from '../../ir/duration.ts'
import { type Column, isExact } from '../../ir/type.ts'
import { type KeyTypes, sameFamily } from '../history-index.ts'
import { aggregateSql } from './aggregate-sql.ts'
import { eventSource, sourceKey } from './events.ts'
import { typeOf, type WindowRequest } from './feature.ts'
import { filterConditions } from './filter-sql.ts'

/** Why running totals cannot represent a view that is asked with keys of these types; undefined when they can. */
export function runningRefusal(view: AggregatesView, source: readonly Column[], asked: KeyTypes): string | undefined {
  const { spec, entity } = view
  if (spec.knownAt !== undefined && spec.knownAt !== spec.time) {
    return `knownAt: the order in which events became known ("${spec.knownAt}") is not the order of "${spec.time}"`
  }
  for (const [name, aggregate] of Object.entries(spec.aggregates)) {
    for (const m of measuresOf(aggregate)) {
      if (m.function === 'count') continue
      if (m.function !== 'sum' && m.function !== 'avg')
        return `"${name}": ${m.function} cannot be taken back from a total`
      const type = typeOf(source, m) ?? ''
      if (!isExact(type)) return `"${name}": differences of running totals of ${type} would lose digits`
    }
  }
  for (const { name } of entity.keys) {
    const own = source.find((c) => c.name === sourceKey(view, name))?.type
    const other = asked[name]
    if (own === undefined || other === undefined) return `the type of ${name} is not known`
    // Questions and events become one column; types of different equality would be brought under one.
    if (!sameFamily(own, other)) return `${sourceKey(view, name)} is ${own} and is asked with ${other}`
  }
  return undefined
}

const q = quoteIdentifier

/** What is summed up along the events: a column, or the rows, of the events that meet some filters. */
interface Track {
  readonly measure: Measure
  /** Its number: `v_1`, its count `n_1`, its sum `s_1`. */
  readonly index: number
  readonly summed: boolean
  /** numeric has NaN and infinities, which no difference takes back; they are counted. */
  readonly special: boolean
}

const idOf = (m: Measure): string => JSON.stringify([m.column ?? null, m.filters ?? []])

function tracksOf({ features, source }: WindowRequest): Map<string, Track> {
  const measures = features.flatMap((f) => measuresOf(f.aggregate))
  const tracks = new Map<string, Track>()
  for (const measure of measures) {
    const id = idOf(measure)
    if (tracks.has(id)) continue
    const summed = measures.some((m) => m.function !== 'count' && idOf(m) === id)
    const special = summed && typeOf(source, measure) === 'numeric'
    tracks.set(id, { measure, index: tracks.size + 1, summed, special })
  }
  return tracks
}

const specials = { a: 'NaN', b: 'Infinity', c: '-Infinity' } as const

export function runningSql(request: WindowRequest): string {
  const { view, features } = request
  const keys = view.entity.keys.map((k) => q(k.name))
  const tracks = tracksOf(request)
  const windows = [...new Set(features.map((f) => f.window))].filter(Number.isFinite).sort((a, b) => a - b)
  const totals = [...tracks.values()].flatMap(totalsOf)
  const edges = [0, ...windows]
  const pivot = totals.flatMap(([t]) =>
    edges.map((_, edge) => `max(r.${t}) FILTER (WHERE r.edge = ${edge}) AS ${t}_at_${edge}`),
  )
  const columns = features.map((f) => {
    const edge = windows.indexOf(f.window) + 1
    const difference = (total: string): string =>
      edge === 0 ? `p.${total}_at_0` : `p.${total}_at_0 - p.${total}_at_${edge}`
    const measure = (m: Measure): string => measureOf(m, tracks.get(idOf(m)) as Track, difference)
    return `${aggregateSql(f.aggregate, measure)} AS ${q(f.name)}`
  })
  const rKeys = keys.map((k) => `r.${k}`).join(', ')
  return (
    `SELECT ${keys.map((k) => `p.${k}`).join(', ')}, p.as_of, ${columns.join(', ')} FROM (` +
    `SELECT ${rKeys}, r.as_of, ${pivot.join(', ')} FROM (` +
    `SELECT ${keys.map((k) => `u.${k}`).join(', ')}, u.as_of, u.edge, ` +
    `${totals.map(([name, sql]) => `${sql} AS ${name}`).join(', ')} FROM (` +
    `${[eventsSql(request, tracks), ...questionsSql(request, tracks, edges)].join(' UNION ALL ')}) AS u ` +
    `WINDOW past AS (PARTITION BY ${keys.map((k) => `u.${k}`).join(', ')} ` +
    `ORDER BY u.at, u.edge NULLS LAST ROWS UNBOUNDED PRECEDING)) AS r ` +
    `WHERE r.edge IS NOT NULL GROUP BY ${rKeys}, r.as_of) AS p`
  )
}

function eventsSql({ view, source }: WindowRequest, tracks: ReadonlyMap<string, Track>): string {
  const { spec, entity } = view
  const values = [...tracks.values()].map(({ measure, index, summed }) => {
    const column = `e.${q(measure.column ?? spec.time)}`
    const counted = measure.column === undefined || summed ? [] : [`${column} IS NOT NULL`]
    const conditions = [...filterConditions(measure.filters, source), ...counted]
    const value = summed ? column : '1'
    return `${conditions.length === 0 ? value : `CASE WHEN ${conditions.join(' AND ')} THEN ${value} END`} AS v_${index}`
  })
  const keys = entity.keys.map((k) => `e.${q(sourceKey(view, k.name))} AS ${q(k.name)}`)
  const own = [...keys, `e.${q(spec.time)} AS at`, 'NULL::timestamptz AS as_of', 'NULL::int4 AS edge', ...values]
  return `SELECT ${own.join(', ')} FROM ${eventSource(view)}`
}

/**
 * A row per question at its instant (edge 0) and at the start of each window. Among rows of one instant questions come
 * first (an event has no edge), so that an event at the instant is outside, and one at the start of a window inside.
 */
function questionsSql(
  { view, source }: WindowRequest,
  tracks: ReadonlyMap<string, Track>,
  edges: readonly number[],
): string[] {
  const keys = view.entity.keys.map((k) => `s.${q(k.name)}`)
  const nulls = [...tracks.values()].map(
    ({ measure, summed }) => `NULL::${printType((summed ? typeOf(source, measure) : undefined) ?? 'int4')}`,
  )
  return edges.map((length, edge) => {
    const at = length === 0 ? 's.as_of' : `s.as_of - ${printInterval(length)}`
    return `SELECT ${[...keys, at, 's.as_of', String(edge), ...nulls].join(', ')} FROM spine AS s`
  })
}

/** Running totals of a track: name and SQL. */
function totalsOf({ index, summed, special }: Track): (readonly [string, string])[] {
  const value = `u.v_${index}`
  const count = [`n_${index}`, `count(${value}) OVER past`] as const
  if (!summed) return [count]
  if (!special) return [count, [`s_${index}`, `coalesce(sum(${value}) OVER past, 0)`]]
  const list = Object.values(specials).map((v) => `'${v}'`)
  return [
    count,
    [`s_${index}`, `coalesce(sum(${value}) FILTER (WHERE ${value} NOT IN (${list.join(', ')})) OVER past, 0)`],
    ...Object.entries(specials).map(
      ([letter, v]) => [`s_${index}${letter}`, `count(*) FILTER (WHERE ${value} = '${v}') OVER past`] as const,
    ),
  ]
}

function measureOf(m: Measure, { index, special }: Track, difference: (total: string) => string): string {
  const count = difference(`n_${index}`)
  if (m.function === 'count') return count
  const finite = difference(`s_${index}`)
  const has = (letter: keyof typeof specials): string => `${difference(`s_${index}${letter}`)} > 0`
  const sum = special
    ? `CASE WHEN ${has('a')} OR (${has('b')} AND ${has('c')}) THEN 'NaN' ` +
      `WHEN ${has('b')} THEN 'Infinity' WHEN ${has('c')} THEN '-Infinity' ELSE ${finite} END`
    : finite
  return m.function === 'sum'
    ? `CASE WHEN ${count} > 0 THEN (${sum})::float8 END`
    : `(${sum})::float8 / nullif(${count}, 0)::float8`
}

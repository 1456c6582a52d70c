/** What each column of a feature view means, as a hash: which features does an edit change, and which not? */
import type { Facts } from '../analyse/bind.ts'
import { selectMeanings } from '../analyse/meaning/select-meaning.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { splice } from '../front/sql/splice.ts'
import { starEdits } from '../front/sql/star.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { measuresOf, windowSeconds } from '../ir/aggregate.ts'
import { findRelation } from '../ir/catalog.ts'
import { type AggregatesView, type FeatureView, structuralColumns } from '../ir/definition.ts'
import { digest } from '../ir/digest.ts'
import { durationSeconds } from '../ir/duration.ts'
import { queryOf, titleOf } from './describe-query.ts'

/** Two hashes of different forms say nothing about each other. */
const form = 1

/**
 * Column → hash of everything that decides its value: the part of the SQL it is made of, down to tables, and how its rows are
 * chosen for a question. Layout, comments, aliases and descriptions do not count, and neither does what only other columns
 * need. Where the view is a table, its name and type are all there is to know.
 *
 * Equal hashes mean the same value from the same rows; different ones may, too, as when a condition is written another way
 * round. A hash begins with the number of its form: only those of one form can be compared.
 *
 * @param columns only these; all by default.
 */
export function columnMeanings(
  view: FeatureView,
  facts: Facts,
  columns?: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const title = titleOf(view)
  const { text: given, origin } = viewText(queryOf(view), facts.catalog, title)
  const spine = [
    ...view.entity.keys.map((k) => k.name),
    'as_of',
    ...(view.kind === 'request' ? view.columns.map((c) => c.name) : []),
  ]
  const speaker = speakerOf(title, origin)
  const read = sqlFacts(given, speaker)
  const columnsOf = ({ schema, name }: { schema?: string; name: string }): readonly string[] | undefined =>
    schema === undefined && name === 'spine'
      ? spine
      : findRelation(facts.catalog, name, schema)?.columns.map((c) => c.name)
  const starless = splice(read.text, starEdits(read, columnsOf))
  const types = new Map(facts.columns(view).map((c) => [c.name, c.type]))
  const meaningOf = selectMeanings(starless, facts.catalog, spine)
  const query = (columns: readonly string[]): string => {
    try {
      return meaningOf(new Set(columns))
    } catch (e) {
      // An expression nested deeper than our stack: then any edit of the text counts.
      if (e instanceof RangeError) return digest(starless)
      throw e
    }
  }
  const isAsked = (column: string): boolean => columns?.has(column) ?? true
  const common = { kind: view.kind, keys: view.entity.keys.map((k) => k.name) }
  const hash = (column: string, what: object): [string, string] => [
    column,
    `${form}:${digest({ ...common, fill: view.features[column]?.fill ?? null, ...what })}`,
  ]
  if (view.kind === 'aggregates')
    return new Map(
      windowsOf(view)
        .filter((w) => isAsked(w.name))
        .map(({ name, ...w }) => hash(name, windowed(view, w, query, types))),
    )
  const structural = structuralColumns(view)
  const history =
    view.kind === 'history'
      ? {
          time: view.time,
          knownAt: view.knownAt ?? null,
          maxAge: view.maxAge === undefined ? null : (durationSeconds(view.maxAge) ?? view.maxAge),
          ties: view.tieBreak ?? [],
        }
      : {}
  return new Map(
    [...types]
      .filter(([column]) => !structural.has(column) && isAsked(column))
      .map(([column, type]) => hash(column, { ...history, type, query: query([...structural, column]) })),
  )
}

const windowsOf = ({ spec }: AggregatesView) =>
  Object.keys(spec.aggregates).flatMap((aggregate) =>
    Object.keys(spec.windows).map((window) => ({ name: `${aggregate}_${window}`, aggregate, window })),
  )

function windowed(
  { spec }: AggregatesView,
  { aggregate, window }: { readonly aggregate: string; readonly window: string },
  query: (columns: readonly string[]) => string,
  types: ReadonlyMap<string, string>,
): object {
  const length = spec.windows[window] ?? ''
  const own = spec.aggregates[aggregate]
  const { description: _, ...what } = own ?? {}
  const measures = own === undefined ? [] : measuresOf(own)
  const isOrdered = measures.some((m) => m.function === 'first' || m.function === 'last')
  const sequence = isOrdered ? (spec.sequence ?? []) : []
  const columns = measures.flatMap((m) => [
    ...(m.column === undefined ? [] : [m.column]),
    ...(m.filters ?? []).map((f) => f.column),
  ])
  const seconds = windowSeconds(length)
  return {
    what,
    window: seconds === undefined ? length : String(seconds),
    by: spec.keys,
    time: spec.time,
    knownAt: spec.knownAt ?? null,
    sequence,
    types: Object.fromEntries(columns.map((c) => [c, types.get(c) ?? null])),
    query: query([
      ...Object.values(spec.keys),
      spec.time,
      ...(spec.knownAt === undefined ? [] : [spec.knownAt]),
      ...sequence,
      ...columns,
    ]),
  }
}

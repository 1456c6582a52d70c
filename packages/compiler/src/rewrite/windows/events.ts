/** The events of an aggregates view as a FROM item named `e`, and which of them a question `s` sees. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../../emit/identifier.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import { printInterval } from '../../ir/duration.ts'
import { aggregateSql, measureSql } from './aggregate-sql.ts'
import type { WindowRequest } from './feature.ts'

export function eventSource(view: AggregatesView): string {
  const { source } = view.spec
  if (source.kind === 'sql') return `(\n${source.text}\n) AS e`
  if (source.kind === 'relation') return `${quoteName(source.relation)} AS e`
  throw new InternalError(`${source.path} was compiled before it was read`)
}

/** The column of the events that holds a key of the entity. */
export const sourceKey = (view: AggregatesView, key: string): string => view.spec.keys[key] ?? key

/** `e.date >= s.as_of - interval '168 hours'`; nothing for the window without a beginning. */
const since = (view: AggregatesView, window: number): string[] =>
  Number.isFinite(window) ? [`e.${quoteIdentifier(view.spec.time)} >= s.as_of - ${printInterval(window)}`] : []

const widestOf = ({ features }: WindowRequest): number => Math.max(...features.map((f) => f.window))

/** Conditions under which an event is in the widest window of a question. */
export function seen(request: WindowRequest): string[] {
  const { entity, spec } = request.view
  return [
    ...entity.keys.map((k) => `e.${quoteIdentifier(sourceKey(request.view, k.name))} = s.${quoteIdentifier(k.name)}`),
    ...since(request.view, widestOf(request)),
    `e.${quoteIdentifier(spec.time)} < s.as_of`,
    ...(spec.knownAt === undefined || spec.knownAt === spec.time
      ? []
      : [`e.${quoteIdentifier(spec.knownAt)} < s.as_of`]),
  ]
}

/** The features as a select list over events in the widest window: the narrower ones are filters. */
export function featureList(request: WindowRequest): string[] {
  const { view, source, features } = request
  const widest = widestOf(request)
  return features.map((f) => {
    const within = f.window === widest ? [] : since(view, f.window)
    return `${aggregateSql(f.aggregate, (m) => measureSql(m, view, source, within))} AS ${quoteIdentifier(f.name)}`
  })
}

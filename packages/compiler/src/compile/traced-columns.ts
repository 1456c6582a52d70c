/** Where the columns of a definition come from, generated SQL and the time of a history included. */
import type { Facts } from '../analyse/bind.ts'
import { type ColumnLineage, type Influence, isDirect, lineageOf, type SourceColumn } from '../analyse/lineage.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { FeatureView, HistoryView, SampleDef, TargetDef } from '../ir/definition.ts'
import { outcomeSql } from '../rewrite/outcome.ts'
import { windowSql } from '../rewrite/windows/window-sql.ts'
import { queryOf, titleOf } from './describe-query.ts'

/**
 * Lineage of every column a definition returns.
 *
 * @param throughViews false: views of the database are where it ends, so that steps can be shown one by one.
 */
export function tracedColumns(
  definition: FeatureView | SampleDef | TargetDef,
  facts: Facts,
  throughViews = true,
): ColumnLineage[] {
  const title = titleOf(definition)
  const { text, origin } = viewText(queryOf(definition), facts.catalog, title)
  const requested = definition.kind === 'request' ? definition.columns.map((c) => c.name) : []
  const spine = [...definition.entity.keys.map((k) => k.name), 'as_of', ...requested]
  if (definition.kind === 'target' && definition.outcomes) {
    const own = outcomeSql(definition, definition.outcomes, facts.columns(definition), facts.catalog)
    return lineageOf(own, { view: title, file: title }, facts.catalog, spine, throughViews)
  }
  if (definition.kind === 'history') {
    return throughTime(definition, lineageOf(text, speakerOf(title, origin), facts.catalog, spine, throughViews))
  }
  if (definition.kind !== 'aggregates')
    return lineageOf(text, speakerOf(title, origin), facts.catalog, spine, throughViews)
  const { source } = definition.spec
  const view: typeof definition =
    source.kind === 'relation'
      ? definition
      : { ...definition, spec: { ...definition.spec, source: { kind: 'sql', text, origin } } }
  const every = new Set(
    Object.keys(definition.spec.aggregates).flatMap((a) =>
      Object.keys(definition.spec.windows).map((w) => `${a}_${w}`),
    ),
  )
  const sql = windowSql(view, facts.columns(definition), every, 'join')
  return lineageOf(sql, { view: title, file: title }, facts.catalog, spine, throughViews)
}

/** The latest row counts: its time sorts and filters, `knownAt` filters, and the keys join it to the question. */
function throughTime(view: HistoryView, columns: ColumnLineage[]): ColumnLineage[] {
  const chosen: [string, Influence[]][] = [
    [view.time, ['filter', 'sort']],
    ...(view.knownAt === undefined ? [] : [[view.knownAt, ['filter']] as [string, Influence[]]]),
    ...view.entity.keys.map((k): [string, Influence[]] => [k.name, ['join']]),
  ]
  const deciding = chosen.flatMap(([name, how]) => {
    const made = columns.find((c) => c.column === name)?.sources.filter((s) => isDirect(s.influence)) ?? []
    return how.flatMap((influence) => made.map(({ relation, column }) => ({ relation, column, influence })))
  })
  return columns.map((c) => ({ ...c, sources: distinct([...c.sources, ...deciding]) }))
}

const distinct = (sources: readonly SourceColumn[]): SourceColumn[] => [
  ...new Map(sources.map((s) => [`${s.relation}\0${s.column}\0${s.influence}`, s])).values(),
]

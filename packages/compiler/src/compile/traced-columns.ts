/**
 * Where the columns of a definition come from, by the way rows of it come to a question: what joins them, which instant
 * they are of and what breaks ties decides about every column.
 */
import type { Facts } from '../analyse/bind.ts'
import { type ColumnLineage, lineageOf } from '../analyse/lineage.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { AggregatesView, FeatureView, HistoryView, SampleDef, TargetDef } from '../ir/definition.ts'
import { outcomeSql } from '../rewrite/outcome.ts'
import { tieBreaking } from '../rewrite/tie-break.ts'
import { windowSql } from '../rewrite/windows/window-sql.ts'
import { queryOf, titleOf } from './describe-query.ts'

type Traced = FeatureView | SampleDef | TargetDef

/**
 * Lineage of every column a definition returns.
 *
 * @param throughViews false: views of the database are where it ends, so that steps can be shown one by one.
 */
export function tracedColumns(definition: Traced, facts: Facts, throughViews = true): ColumnLineage[] {
  const title = titleOf(definition)
  const { text, origin } = viewText(queryOf(definition), facts.catalog, title)
  const requested = definition.kind === 'request' ? definition.columns.map((c) => c.name) : []
  const spine = [...definition.entity.keys.map((k) => k.name), 'as_of', ...requested]
  const sql = askedSql(definition, text, facts)
  // What is wrong with the user's own text has its place there.
  const speaker = sql === text ? speakerOf(title, origin) : { view: title, file: title }
  return lineageOf(sql, speaker, facts.catalog, spine, throughViews)
}

/** A query with the columns of a definition, in which everything that decides about them is named. */
function askedSql(definition: Traced, text: string, facts: Facts): string {
  switch (definition.kind) {
    case 'static':
      return joined(definition, text, facts)
    case 'target':
      return definition.outcomes
        ? outcomeSql(definition, definition.outcomes, facts.columns(definition), facts.catalog)
        : joined(definition, text, facts)
    case 'history':
      return latest(definition, text, facts)
    case 'aggregates':
      return windows(definition, text, facts)
    // These are asked by nobody, or read the questions themselves.
    case 'sample':
    case 'window':
    case 'request':
      return text
  }
}

const q = quoteIdentifier

/** `alias.key = s.key` for the keys a definition gives; one that it lacks is complained of elsewhere. */
function onKeys(definition: Traced, alias: string, facts: Facts): string {
  const there = new Set(facts.columns(definition).map((c) => c.name))
  const keys = definition.entity.keys.filter((k) => there.has(k.name))
  return keys.length === 0 ? 'true' : keys.map((k) => `${alias}.${q(k.name)} = s.${q(k.name)}`).join(' AND ')
}

const joined = (definition: Traced, text: string, facts: Facts): string =>
  `SELECT v.* FROM spine AS s LEFT JOIN (\n${text}\n) AS v ON ${onKeys(definition, 'v', facts)}`

/** The latest row before the instant counts. */
function latest(view: HistoryView, text: string, facts: Facts): string {
  const known = view.knownAt === undefined ? '' : ` AND v.${q(view.knownAt)} < s.as_of`
  const ties = tieBreaking(view, facts).ties.map((t) => `, v.${q(t.column)}`)
  return (
    `SELECT l.* FROM spine AS s LEFT JOIN LATERAL (SELECT v.* FROM (\n${text}\n) AS v ` +
    `WHERE v.${q(view.time)} < s.as_of${known} ORDER BY v.${q(view.time)} DESC${ties.join('')} LIMIT 1) AS l ` +
    `ON ${onKeys(view, 'l', facts)}`
  )
}

function windows(view: AggregatesView, text: string, facts: Facts): string {
  const { source, aggregates, windows } = view.spec
  const over: AggregatesView =
    source.kind === 'relation'
      ? view
      : { ...view, spec: { ...view.spec, source: { kind: 'sql', text, origin: { kind: 'generated' } } } }
  const every = Object.keys(aggregates).flatMap((a) => Object.keys(windows).map((w) => `${a}_${w}`))
  return windowSql(over, facts.columns(view), new Set(every), 'join')
}

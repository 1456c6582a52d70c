/** Statements that ask a database what a view returns, without running it. */

import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { locate } from '../diagnostics/locate.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { printType } from '../emit/type-name.ts'
import type { SqlFacts } from '../front/sql/facts.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'
import type { FeatureView, KeyColumn, Origin, SampleDef, TargetDef, ViewQuery } from '../ir/definition.ts'
import { materialisedWarning, textWarnings } from './text-warnings.ts'

export interface DescribeQuery {
  readonly sql: string
  /** Characters before the user's text in `sql`: subtract from a database error's position. */
  readonly offset: number
  readonly text: string
  readonly origin: Origin
  /** `view "profile"`. */
  readonly view: string
  /** What locations are printed under: the file, or the view. */
  readonly file: string
  readonly facts: SqlFacts
  /** What in the text, or in a view below it, gives another answer when or where it is asked again. */
  readonly warnings: readonly Diagnostic[]
}

/** The query behind a definition: its own, or the event source of an aggregates view. */
export const queryOf = (d: FeatureView | SampleDef | TargetDef): ViewQuery =>
  d.kind === 'aggregates' ? d.spec.source : d.query

export const titleOf = (d: FeatureView | SampleDef | TargetDef): string =>
  d.kind === 'target' && d.outcomes
    ? `the source of target "${d.name}"`
    : d.kind === 'sample' || d.kind === 'target'
      ? `${d.kind} "${d.name}"`
      : d.kind === 'aggregates'
        ? `the source of view "${d.name}"`
        : `view "${d.name}"`

/**
 * The statement to describe. A view over `spine` gets an empty spine with its entity's keys.
 *
 * Errors: `sql/syntax`, `sql/several-statements`, `sql/not-a-select`, `view/unknown-relation`.
 *
 * ```sql
 * WITH spine AS (SELECT NULL::text AS iata, NULL::timestamptz AS as_of) SELECT * FROM (…) AS q
 * ```
 */
export function describeQuery(definition: FeatureView | SampleDef | TargetDef, catalog: Catalog): DescribeQuery {
  const view = titleOf(definition)
  const { text: source, origin } = viewText(queryOf(definition), catalog, view)
  const speaker = speakerOf(view, origin)
  const facts = sqlFacts(source, speaker)
  const prefix = `${spineStub(definition, facts)}SELECT * FROM (\n`
  return {
    sql: `${prefix}${facts.text}\n) AS q`,
    offset: prefix.length,
    text: facts.text,
    origin,
    view,
    file: speaker.file,
    facts,
    warnings: [
      ...storedItself(definition, catalog, speaker.file),
      ...textWarnings(facts, speaker, catalog, spineColumns(definition)),
    ],
  }
}

function spineStub(definition: FeatureView | SampleDef | TargetDef, facts: SqlFacts): string {
  if (!facts.references.some((r) => r.name === 'spine' && r.schema === undefined)) return ''
  const columns = spineColumns(definition).map((k) => `NULL::${printType(k.type)} AS ${quoteIdentifier(k.name)}`)
  return `WITH spine AS (SELECT ${columns.join(', ')}) `
}

const spineColumns = (d: FeatureView | SampleDef | TargetDef): KeyColumn[] => [
  ...d.entity.keys,
  ...(d.kind === 'request' ? d.columns : []),
  { name: 'as_of', type: 'timestamptz' },
]

/** A definition that is a materialised view by its name. */
function storedItself(d: FeatureView | SampleDef | TargetDef, catalog: Catalog, file: string): Diagnostic[] {
  const query = queryOf(d)
  const relation =
    query.kind === 'relation' ? findRelation(catalog, query.relation.name, query.relation.schema) : undefined
  if (relation?.materialised !== true) return []
  const place = locate(file, relation.definition ?? '', 0)
  return [materialisedWarning(relation, place)]
}

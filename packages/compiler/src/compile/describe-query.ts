/** Statements that ask a database what a view returns, without running it. */

import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printType } from '../emit/type-name.ts'
import type { SqlFacts } from '../front/sql/facts.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import type { Speaker } from '../front/sql/parser.ts'
import { sessionDependence } from '../front/sql/session-dependence.ts'
import { unrepeatable } from '../front/sql/unrepeatable.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'
import type { FeatureView, Origin, SampleDef, TargetDef, ViewQuery } from '../ir/definition.ts'

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
  /** What in the text gives another answer when it is asked again. */
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
  const query = queryOf(definition)
  const itself =
    query.kind === 'relation' ? findRelation(catalog, query.relation.name, query.relation.schema) : undefined
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
      ...(itself ? storedWarning(itself) : []),
      ...ownWarnings(facts, speaker, catalog),
      ...warningsBelow(facts, catalog),
    ],
  }
}

const ownWarnings = (facts: SqlFacts, speaker: Speaker, catalog: Catalog): Diagnostic[] => [
  ...unrepeatable(facts, speaker, catalog),
  ...sessionDependence(facts, speaker, catalog),
]

const remembered = new WeakMap<Catalog, Map<CatalogRelation, readonly Diagnostic[]>>()

/** What is to be said of the views of the database a text reads, down to tables: they become part of the query. */
function warningsBelow(facts: SqlFacts, catalog: Catalog, path: readonly CatalogRelation[] = []): Diagnostic[] {
  const known = remembered.get(catalog) ?? new Map<CatalogRelation, readonly Diagnostic[]>()
  remembered.set(catalog, known)
  const out = new Set<Diagnostic>()
  for (const r of facts.references) {
    const view = findRelation(catalog, r.name, r.schema)
    if (view?.kind !== 'view' || view.definition === undefined || path.includes(view)) continue
    const found = known.get(view) ?? ofView(view, view.definition, catalog, [...path, view])
    known.set(view, found)
    for (const d of found) out.add(d)
  }
  return [...out]
}

const storedWarning = (view: CatalogRelation): Diagnostic[] =>
  view.materialised === true
    ? [diagnostic('view/materialised', { relation: quoteName({ schema: view.schema, name: view.name }) })]
    : []

function ofView(
  view: CatalogRelation,
  definition: string,
  catalog: Catalog,
  path: readonly CatalogRelation[],
): readonly Diagnostic[] {
  const name = `view "${view.name}"`
  const speaker = { view: name, file: name }
  const facts = sqlFacts(definition, speaker)
  return [...storedWarning(view), ...ownWarnings(facts, speaker, catalog), ...warningsBelow(facts, catalog, path)]
}

function spineStub(definition: FeatureView | SampleDef | TargetDef, facts: SqlFacts): string {
  if (!facts.references.some((r) => r.name === 'spine' && r.schema === undefined)) return ''
  const brought = definition.kind === 'request' ? definition.columns : []
  const keys = [...definition.entity.keys, ...brought].map(
    (k) => `NULL::${printType(k.type)} AS ${quoteIdentifier(k.name)}`,
  )
  return `WITH spine AS (SELECT ${[...keys, 'NULL::timestamptz AS as_of'].join(', ')}) `
}

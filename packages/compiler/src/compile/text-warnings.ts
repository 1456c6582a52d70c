/** Warnings about a user's text and the views of the database it stands on. */
import { type Diagnostic, diagnostic, type Location } from '../diagnostics/diagnostic.ts'
import { locate } from '../diagnostics/locate.ts'
import { quoteName } from '../emit/identifier.ts'
import { type SqlFacts, sqlFacts } from '../front/sql/facts.ts'
import type { Speaker } from '../front/sql/parser.ts'
import { sessionDependence } from '../front/sql/session-dependence.ts'
import { unrepeatable } from '../front/sql/unrepeatable.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'
import type { Column } from '../ir/type.ts'

/** `sql/volatile`, `sql/clock`, `sql/time-zone`, `sql/session`, `view/materialised`: of the text and of all views below it. */
export function textWarnings(
  facts: SqlFacts,
  speaker: Speaker,
  catalog: Catalog,
  spine: readonly Pick<Column, 'name' | 'type'>[],
): Diagnostic[] {
  const out = ownWarnings(facts, speaker, catalog, spine)
  const seen = new Set<CatalogRelation>()
  const pending = viewsRead(facts, catalog)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const { warnings, views } = ofView(next, catalog)
    out.push(...warnings)
    pending.push(...views)
  }
  return out
}

interface OfView {
  readonly warnings: readonly Diagnostic[]
  readonly views: readonly CatalogRelation[]
}
/** A view that many texts stand on is read once per catalog. */
const remembered = new WeakMap<Catalog, Map<CatalogRelation, OfView>>()

function ofView(relation: CatalogRelation, catalog: Catalog): OfView {
  const known = remembered.get(catalog) ?? new Map<CatalogRelation, OfView>()
  remembered.set(catalog, known)
  const found = known.get(relation)
  if (found) return found
  const view = `view "${relation.name}"`
  const speaker = { view, file: view }
  const facts = sqlFacts(relation.definition ?? '', speaker)
  const own = { warnings: ownWarnings(facts, speaker, catalog, []), views: viewsRead(facts, catalog) }
  known.set(relation, own)
  return own
}

const viewsRead = (facts: SqlFacts, catalog: Catalog): CatalogRelation[] =>
  facts.references.flatMap((r) => {
    const relation = findRelation(catalog, r.name, r.schema)
    return relation?.kind === 'view' && relation.definition !== undefined ? [relation] : []
  })

function ownWarnings(
  facts: SqlFacts,
  speaker: Speaker,
  catalog: Catalog,
  spine: readonly Pick<Column, 'name' | 'type'>[],
): Diagnostic[] {
  const stored = facts.references.flatMap((r) => {
    const relation = findRelation(catalog, r.name, r.schema)
    if (relation?.materialised !== true || r.sampled) return []
    const place = locate(speaker.file, facts.text, r.start, r.end - r.start)
    return [materialisedWarning(relation, place)]
  })
  return [
    ...unrepeatable(facts, speaker, catalog),
    ...sessionDependence(facts, speaker, catalog, new Map(spine.map((c) => [c.name, c.type]))),
    ...stored,
  ]
}

export const materialisedWarning = ({ schema, name }: CatalogRelation, place: Location): Diagnostic =>
  diagnostic('view/materialised', { relation: quoteName({ schema, name }) }, place)

/** Relations of the database as the catalog has them: those a project reads, through views down to tables. */
import {
  type Catalog,
  type CatalogRelation,
  type DatasetDef,
  findRelation,
  isViewcastError,
  lineageOf,
  queryOf,
  type RelationName,
  relationNullability,
} from '@viewcast/compiler'
import type { Queried } from '../../project/describe-definition.ts'
import { sameColumns, textFacts } from './described-definitions.ts'
import type { FoundAsset, FoundColumn } from './found.ts'
import { type AssetTexts, assetTexts, type ColumnTexts } from './texts.ts'

export const relationTitle = (r: { readonly schema: string; readonly name: string }): string => `${r.schema}.${r.name}`

/** What is read directly and through views, by name. */
export function withWhatTheyRead(
  names: Iterable<string>,
  reads: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const all = new Set(names)
  // The set grows while it is gone through; views may read each other only in a circle that PostgreSQL refuses to run.
  for (const name of all) for (const r of reads.get(name) ?? []) all.add(r)
  return all
}

/** What datasets say of their sources, by `schema.name`; of several the first says. */
export function declaredSources(
  datasets: readonly DatasetDef[],
  catalog: Catalog,
): ReadonlyMap<string, { readonly texts: AssetTexts; readonly time?: string }> {
  const out = new Map<string, { texts: AssetTexts; time?: string }>()
  for (const d of datasets) {
    for (const [written, note] of Object.entries(d.sources ?? {})) {
      if (note === 'always') continue
      const relation = found(catalog, written)
      if (!relation) continue
      const known = out.get(relationTitle(relation))
      const time = known?.time ?? note.knownAt
      out.set(relationTitle(relation), {
        texts: { ...assetTexts(note), ...known?.texts },
        ...(time === undefined ? {} : { time }),
      })
    }
  }
  return out
}

const found = (catalog: Catalog, written: string): CatalogRelation | undefined =>
  findRelation(catalog, written) ?? catalog.relations.find((r) => relationTitle(r) === written)

/**
 * The columns that declarations name as the time of a relation's rows: `schema.name` → column, the first that is named. The
 * time of a query counts where it is a column of a relation as it is.
 */
export function declaredTimes(definitions: readonly Queried[], catalog: Catalog): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  const say = (relation: string, column: string): void => {
    if (!out.has(relation)) out.set(relation, column)
  }
  for (const d of definitions) {
    const time = rowTimeOf(d)
    if (time === undefined) continue
    const query = queryOf(d)
    if (query.kind === 'relation') {
      const relation = named(catalog, query.relation)
      if (relation) say(relationTitle(relation), time)
    } else {
      const of = textFacts(d, catalog).same.get(time)
      if (of) say(of.relation, of.column)
    }
  }
  return out
}

function rowTimeOf(d: Queried): string | undefined {
  if (d.kind === 'aggregates') return d.spec.time
  if (d.kind === 'history') return d.time
  return d.kind === 'target' ? d.outcomes?.time : undefined
}

const named = (catalog: Catalog, r: RelationName): CatalogRelation | undefined =>
  findRelation(catalog, r.name, r.schema)

/** Column of a relation → the comment on it or, where it is the column of another relation as it is, on that. */
export function commentsOf(catalog: Catalog): (relation: CatalogRelation) => ReadonlyMap<string, string> {
  const known = new Map<CatalogRelation, Map<string, string>>()
  const comments = (relation: CatalogRelation): ReadonlyMap<string, string> => {
    const there = known.get(relation)
    if (there) return there
    const own = new Map(
      relation.columns.flatMap((c) => (c.description === undefined ? [] : [[c.name, c.description] as const])),
    )
    known.set(relation, own)
    if (relation.definition === undefined || own.size === relation.columns.length) return own
    for (const [column, of] of sameColumns(steps(relation, catalog))) {
      const below = catalog.relations.find((r) => relationTitle(r) === of.relation)
      const text = below && comments(below).get(of.column)
      if (text !== undefined && !own.has(column)) own.set(column, text)
    }
    return own
  }
  return comments
}

/** One step down from a view of the database; none where its definition cannot be read. */
function steps(view: CatalogRelation, catalog: Catalog): ReturnType<typeof lineageOf> {
  try {
    const speaker = { view: `view "${relationTitle(view)}"`, file: relationTitle(view) }
    return lineageOf(view.definition ?? '', speaker, catalog, [], false)
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return []
  }
}

/** One relation as an asset. `declared` is what this project says of it. */
export function foundSource(
  relation: CatalogRelation,
  catalog: Catalog,
  comments: ReadonlyMap<string, string>,
  reads: readonly string[],
  declared: { readonly texts: AssetTexts; readonly time?: string | undefined },
): Omit<FoundAsset, 'kind'> {
  const nullable = new Map(relationNullability(relation, catalog).map((c) => [c.name, c.nullability]))
  const columns = relation.columns.map((c): FoundColumn => {
    const says = nullable.get(c.name) ?? 'unknown'
    return {
      name: c.name,
      type: c.type,
      ...(says === 'unknown' ? {} : { nullable: says === 'possible' }),
      declared: {},
      commented: commented(comments.get(c.name)),
    }
  })
  return {
    name: relationTitle(relation),
    declared: declared.texts,
    commented: commented(relation.comment),
    props: {
      form: relation.kind,
      reads: reads.map((r) => `source ${r}`),
      // Another project may have named it.
      ...(declared.time === undefined ? {} : { time: declared.time }),
    },
    columns,
  }
}

export const commented = (text: string | undefined): ColumnTexts => (text === undefined ? {} : { description: text })

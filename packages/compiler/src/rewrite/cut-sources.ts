/** Sources cut at an instant: what the database held before it, as far as its rows tell. */
import type { SourceInstants } from '../analyse/source-instants.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printLiteral } from '../emit/literal.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { referenceKey } from '../front/sql/splice.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../ir/catalog.ts'
import type { Opaque, Stage } from '../ir/relation.ts'
import type { Column } from '../ir/type.ts'
import { onOpaques } from './on-opaques.ts'
import type { StageNames } from './stage-names.ts'

/** An ISO instant; or a column of the query around this one, in a LATERAL: then each of its rows cuts at its own. */
export type CutInstant = string | { readonly alias: string; readonly column: string }

/** Stages with each table of `cuts` replaced by its rows whose instants have all passed at `at`. */
export function cutSources(
  stages: readonly Stage[],
  at: CutInstant,
  cuts: readonly SourceInstants[],
  catalog: Catalog,
  names: StageNames,
): Stage[] {
  const out: Stage[] = []
  const done = new Map<SourceInstants, string>()
  const cutStage = (cut: SourceInstants): string => {
    const known = done.get(cut)
    if (known !== undefined) return known
    const name = names.take(`_cut_${cut.name}`)
    done.set(cut, name)
    const passed = cut.cutAt.map((c) => hasPassed(c, at)).join(' AND ')
    const text = `SELECT * FROM ${quoteName(cut)} WHERE ${passed}`
    // Cut again for each question, a stage of its own would be the whole table each time: its readers have indexes.
    const inline = typeof at === 'string' ? {} : { inline: true }
    const relation = { kind: 'opaque', text, origin: { kind: 'generated' }, view: name, targets: {} } as const
    out.push({ name, relation, ...inline })
    return name
  }
  const opaque = (o: Opaque): Opaque => {
    const targets: Record<string, Opaque['targets'][string]> = { ...o.targets }
    for (const { written, relation } of tablesOf(o, catalog)) {
      const cut = cuts.find((c) => c.schema === relation.schema && c.name === relation.name && c.cutAt.length > 0)
      if (cut) targets[written] = cutStage(cut)
    }
    return { ...o, targets }
  }
  for (const stage of stages) {
    const relation = onOpaques(stage.relation, opaque)
    out.push({ ...stage, relation })
  }
  return out
}

/** The relations of the database that stages read, each once. */
export function sourcesOf(stages: readonly Stage[], catalog: Catalog): CatalogRelation[] {
  const found = new Set<CatalogRelation>()
  for (const stage of stages) {
    onOpaques(stage.relation, (o) => {
      for (const { relation } of tablesOf(o, catalog)) found.add(relation)
      return o
    })
  }
  return [...found]
}

function tablesOf(o: Opaque, catalog: Catalog): { written: string; relation: CatalogRelation }[] {
  return sqlFacts(o.text, { view: o.view, file: o.view }).references.flatMap((r) => {
    const written = referenceKey(r)
    const replaced = Object.hasOwn(o.targets, written) && typeof o.targets[written] === 'string'
    const relation = replaced ? undefined : findRelation(catalog, r.name, r.schema)
    return relation ? [{ written, relation }] : []
  })
}

/** An instant that is not set yet does not hide the row. A day has passed, for the benefit of the doubt, once it has begun. */
function hasPassed(column: Column, at: CutInstant): string {
  const name = quoteIdentifier(column.name)
  const instant =
    typeof at === 'string'
      ? printLiteral(at, 'timestamptz')
      : `${quoteIdentifier(at.alias)}.${quoteIdentifier(at.column)}`
  const limit =
    column.type === 'timestamptz'
      ? `< ${instant}`
      : column.type === 'timestamp'
        ? `< ${instant} AT TIME ZONE 'UTC'`
        : `<= (${instant} AT TIME ZONE 'UTC')::date`
  return `(${name} IS NULL OR ${name} ${limit})`
}

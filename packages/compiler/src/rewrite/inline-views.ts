/** Every database view a stage reads becomes a stage of its own, down to base tables; one used twice becomes one. */
import { fail } from '../diagnostics/diagnostic.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'
import type { Opaque, Relation, Select, Source, Stage } from '../ir/relation.ts'
import type { StageNames } from './stage-names.ts'

/**
 * Stages with the views they read put before them; without `share` once per reader. `columns` of an inlined view are not pruned: others may share it.
 *
 * Errors: `view/cycle`, for a relation an entity names; the other texts the server has seen, and refused, before.
 */
export function inlineViews(stages: readonly Stage[], catalog: Catalog, names: StageNames, share = true): Stage[] {
  const out: Stage[] = []
  const inlined = new Map<string, string>()

  const opaque = (o: Opaque, path: readonly string[] = []): Opaque => {
    const targets: Record<string, string> = { ...o.targets }
    for (const r of sqlFacts(o.text, { view: o.view, file: o.view }).references) {
      const written = r.schema === undefined ? r.name : `${r.schema}.${r.name}`
      if (written in targets) continue
      const relation = findRelation(catalog, r.name, r.schema)
      if (relation?.kind !== 'view' || relation.definition === undefined) continue
      const id = `${relation.schema}.${relation.name}`
      let stage = share ? inlined.get(id) : undefined
      if (stage === undefined) {
        if (path.includes(id)) fail('view/cycle', { path: [...path.slice(path.indexOf(id)), id].join(' → ') })
        const origin: Opaque['origin'] = {
          kind: 'relation',
          relation: { schema: relation.schema, name: relation.name },
        }
        const view = `view "${relation.name}"`
        const inner = opaque({ kind: 'opaque', text: relation.definition, origin, view, targets: {} }, [...path, id])
        stage = names.take(relation.name)
        inlined.set(id, stage)
        out.push({ name: stage, relation: inner })
      }
      targets[written] = stage
    }
    return { ...o, targets }
  }
  const source = (s: Source): Source => ({ ...s, relation: relation(s.relation) })
  const select = (s: Select): Select => ({
    ...s,
    from: source(s.from),
    joins: s.joins.map((j) => ({ ...j, source: source(j.source) })),
  })
  const relation = (r: Relation): Relation => {
    if (r.kind === 'opaque') return opaque(r)
    if (r.kind === 'select') return select(r)
    if (r.kind === 'asof') return { ...r, history: opaque(r.history) }
    return r
  }
  for (const stage of stages) {
    const inner = relation(stage.relation)
    out.push({ ...stage, relation: inner })
  }
  return out
}

/** Unqualified relations of the database that texts will go on reading; no stage may take such a name. */
export function reservedNames(texts: readonly string[], catalog: Catalog): Set<string> {
  const out = new Set<string>()
  for (const text of texts) {
    for (const r of sqlFacts(text, { view: 'view', file: 'view' }).references) {
      const isView = findRelation(catalog, r.name, r.schema)?.kind === 'view'
      if (r.schema === undefined && !isView && r.name !== 'spine') out.add(r.name)
    }
  }
  return out
}

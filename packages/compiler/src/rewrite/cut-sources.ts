/** Every table with instants cut at one instant: what the database held before it, as far as its rows tell. */
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printLiteral } from '../emit/literal.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { type Catalog, findRelation } from '../ir/catalog.ts'
import type { Opaque, Relation, Stage } from '../ir/relation.ts'
import type { StageNames } from './stage-names.ts'

/**
 * Stages with each table they read replaced by its rows whose instants have all passed: a flight that has taken off and
 * not landed is not there yet. Tables without a timestamptz column are left whole.
 */
export function cutSources(stages: readonly Stage[], at: string, catalog: Catalog, names: StageNames): Stage[] {
  const out: Stage[] = []
  const cuts = new Map<string, string>()
  const opaque = (o: Opaque): Opaque => {
    const targets: Record<string, string> = { ...o.targets }
    for (const r of sqlFacts(o.text, { view: o.view, file: o.view }).references) {
      const written = r.schema === undefined ? r.name : `${r.schema}.${r.name}`
      const relation = findRelation(catalog, r.name, r.schema)
      if (written in targets || !relation) continue
      const instants = relation.columns.filter((c) => c.type === 'timestamptz').map((c) => quoteIdentifier(c.name))
      if (instants.length === 0) continue
      const id = `${relation.schema}.${relation.name}`
      let cut = cuts.get(id)
      if (cut === undefined) {
        cut = names.take(`_cut_${relation.name}`)
        cuts.set(id, cut)
        const table = quoteName({ schema: relation.schema, name: relation.name })
        // greatest() skips NULL: an instant that is not set yet does not hide the row.
        const text = `SELECT * FROM ${table} WHERE greatest(${instants.join(', ')}) < ${printLiteral(at, 'timestamptz')}`
        out.push({
          name: cut,
          relation: { kind: 'opaque', text, origin: { kind: 'generated' }, view: cut, targets: {} },
        })
      }
      targets[written] = cut
    }
    return { ...o, targets }
  }
  const relation = (r: Relation): Relation =>
    r.kind === 'opaque' ? opaque(r) : r.kind === 'asof' ? { ...r, history: opaque(r.history) } : r
  for (const stage of stages) {
    const inner = relation(stage.relation)
    out.push({ ...stage, relation: inner })
  }
  return out
}

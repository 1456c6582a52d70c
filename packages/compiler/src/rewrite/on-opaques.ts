import type { Opaque, Relation, Source } from '../ir/relation.ts'

/** A relation with each user's text in it replaced by `change`, wherever it stands. */
export function onOpaques(relation: Relation, change: (o: Opaque, inLateral: boolean) => Opaque): Relation {
  switch (relation.kind) {
    case 'opaque':
      return change(relation, false)
    case 'asof':
      return { ...relation, history: change(relation.history, relation.form === 'lateral') }
    case 'select': {
      const source = (s: Source): Source => ({ ...s, relation: onOpaques(s.relation, change) })
      const joins = relation.joins.map((j) => ({ ...j, source: source(j.source) }))
      return { ...relation, from: source(relation.from), joins }
    }
    case 'table':
    case 'values':
      return relation
  }
}

/** The users' texts in a relation. */
export function opaquesIn(relation: Relation): Opaque[] {
  const found: Opaque[] = []
  onOpaques(relation, (o) => {
    found.push(o)
    return o
  })
  return found
}

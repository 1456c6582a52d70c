/** Which form a history is joined in. Rules choose, planner cost never does. */
import type { Facts } from '../analyse/bind.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { viewText } from '../front/sql/view-text.ts'
import { columnType, findRelation } from '../ir/catalog.ts'
import type { HistoryView } from '../ir/definition.ts'
import type { AsOf } from '../ir/relation.ts'

/** LATERAL … LIMIT 1 needs an index led by the keys and the time on the one table the history reads. */
export function historyForm(view: HistoryView, facts: Facts): AsOf['form'] {
  const { text } = viewText(view.query, facts.catalog, `view "${view.name}"`)
  const { references } = sqlFacts(text, { view: view.name, file: view.name })
  const only = references.length === 1 ? references[0] : undefined
  const relation = only ? findRelation(facts.catalog, only.name, only.schema) : undefined
  if (!relation || columnType(relation, view.time) === undefined) return 'distinct'
  const keys = view.entity.keys.map((k) => k.name)
  const indexed = relation.indexes.some((i) => {
    const leading = i.columns.slice(0, keys.length)
    return i.total && keys.every((k) => leading.includes(k)) && i.columns[keys.length] === view.time
  })
  return indexed ? 'lateral' : 'distinct'
}

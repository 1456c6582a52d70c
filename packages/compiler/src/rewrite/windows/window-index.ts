/** Whether an index finds the events of a question, and which one would. */
import { simpleSource } from '../../analyse/simple-source.ts'
import { sqlFacts } from '../../front/sql/facts.ts'
import { viewText } from '../../front/sql/view-text.ts'
import { type Catalog, type CatalogIndex, type CatalogRelation, columnType } from '../../ir/catalog.ts'
import type { AggregatesView } from '../../ir/definition.ts'
import { createIndex } from '../create-index.ts'
import { type KeyTypes, sameFamily } from '../history-index.ts'
import { sourceKey } from './events.ts'

/** `relation`: the table the events are read from, where that is one. */
export type WindowIndex =
  /** Indexes led by the keys, in any order, and the time. */
  | {
      readonly kind: 'there'
      readonly relation: CatalogRelation
      /** Keys, then the time, of the relation. */
      readonly columns: readonly string[]
      readonly indexes: readonly CatalogIndex[]
    }
  | {
      readonly kind: 'missing'
      readonly relation: CatalogRelation
      readonly columns: readonly string[]
      /** The statement that creates it. */
      readonly create: string
    }
  /** Why no index can serve, as a clause. */
  | { readonly kind: 'impossible'; readonly why: string; readonly relation?: CatalogRelation }

export function windowIndex(view: AggregatesView, catalog: Catalog, asked: KeyTypes): WindowIndex {
  const { text } = viewText(view.spec.source, catalog, `the source of view "${view.name}"`)
  const source = simpleSource(sqlFacts(text, { view: view.name, file: view.name }), catalog)
  if ('why' in source) return { kind: 'impossible', why: `no index serves events like these: ${source.why}` }
  const { relation } = source
  const columns: string[] = []
  for (const own of [...view.entity.keys.map((k) => sourceKey(view, k.name)), view.spec.time]) {
    const column = source.columns.get(own)
    if (column === undefined) {
      return { kind: 'impossible', why: `${own} is computed, so no index is in its order`, relation }
    }
    columns.push(column)
  }
  for (const [i, { name }] of view.entity.keys.entries()) {
    const own = columnType(relation, columns[i] ?? '')
    const other = asked[name]
    if (own !== undefined && other !== undefined && !sameFamily(own, other)) {
      return { kind: 'impossible', why: `${columns[i]} is ${own} and is asked with ${other}`, relation }
    }
  }
  const keys = columns.slice(0, -1)
  const indexes = relation.indexes.filter((i) => {
    const leading = i.columns.slice(0, keys.length)
    return i.total && keys.every((k) => leading.includes(k)) && i.columns[keys.length] === columns.at(-1)
  })
  if (indexes.length > 0) return { kind: 'there', relation, columns, indexes }
  if (relation.kind === 'foreign') {
    return { kind: 'impossible', why: `${relation.name} is a foreign table, which has no indexes here`, relation }
  }
  return { kind: 'missing', relation, columns, create: createIndex(relation, columns, [], catalog) }
}

/** Whether an index finds the latest row of a key before an instant, and which one would. */

import { simpleSource } from '../analyse/simple-source.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { viewText } from '../front/sql/view-text.ts'
import { type Catalog, type CatalogIndex, type CatalogRelation, columnType } from '../ir/catalog.ts'
import type { HistoryView } from '../ir/definition.ts'
import type { SqlType } from '../ir/type.ts'
import { createIndex } from './create-index.ts'

export type HistoryIndex =
  /** Indexes led by the keys and the time, best first. */
  | { readonly kind: 'there'; readonly relation: CatalogRelation; readonly indexes: readonly CatalogIndex[] }
  | {
      readonly kind: 'missing'
      readonly relation: CatalogRelation
      /** Columns it must lead with. */
      readonly columns: readonly string[]
      /** The statement that creates it. */
      readonly create: string
    }
  /** Why no index can serve, as a clause. */
  | { readonly kind: 'impossible'; readonly why: string; readonly relation?: CatalogRelation }

/** Key of the view → type of the column that asks it; undefined where it is not known. */
export type KeyTypes = Readonly<Record<string, SqlType | undefined>>

/** @param read columns of the view that the join takes; an index that includes them is read alone. */
export function historyIndex(
  view: HistoryView,
  catalog: Catalog,
  asked: KeyTypes,
  read: readonly string[],
): HistoryIndex {
  const { text } = viewText(view.query, catalog, `view "${view.name}"`)
  const source = simpleSource(sqlFacts(text, { view: view.name, file: view.name }), catalog)
  if ('why' in source) return { kind: 'impossible', why: `no index serves a query like this: ${source.why}` }
  const { relation } = source
  const keys = view.entity.keys.map((k) => source.columns.get(k.name))
  const time = source.columns.get(view.time)
  const computed = [...view.entity.keys.map((k) => k.name), view.time].find((c) => !source.columns.has(c))
  if (time === undefined || computed !== undefined) {
    return { kind: 'impossible', why: `${computed} is computed, so no index is in its order`, relation }
  }
  const leading = keys.filter((k) => k !== undefined)
  for (const [i, { name }] of view.entity.keys.entries()) {
    const own = columnType(relation, leading[i] ?? '')
    const other = asked[name]
    if (other !== undefined && own !== undefined && !sameFamily(own, other)) {
      return {
        kind: 'impossible',
        why: `${name} is ${own} and is asked with ${other}, which no index compares`,
        relation,
      }
    }
  }
  const indexes = relation.indexes.filter(
    (i) =>
      i.total &&
      leading.every((k) => i.columns.slice(0, leading.length).includes(k)) &&
      i.columns[leading.length] === time,
  )
  if (indexes.length > 0) return { kind: 'there', relation, indexes }
  if (relation.kind === 'foreign') {
    return { kind: 'impossible', why: `${relation.name} is a foreign table, which has no indexes here`, relation }
  }
  const columns = [...leading, time]
  const others = [...(view.knownAt === undefined ? [] : [view.knownAt]), ...read].map((c) => source.columns.get(c))
  return { kind: 'missing', relation, columns, create: createIndex(relation, columns, others, catalog) }
}

const families: readonly (readonly SqlType[])[] = [
  ['int2', 'int4', 'int8'],
  ['text', 'varchar'],
]

/** Types that one index compares with each other, and whose equality does not depend on which of them is converted. */
export const sameFamily = (a: SqlType, b: SqlType): boolean =>
  a === b || families.some((f) => f.includes(a) && f.includes(b))

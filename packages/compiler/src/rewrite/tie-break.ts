/** What decides between rows of one key and instant, so that every form and every run takes the same one. */
import type { Facts } from '../analyse/bind.ts'
import { simpleSource } from '../analyse/simple-source.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { viewText } from '../front/sql/view-text.ts'
import type { HistoryView } from '../ir/definition.ts'
import type { TieOrder } from '../ir/relation.ts'
import { isNumber, type SqlType } from '../ir/type.ts'

export interface TieBreaking {
  /** In the order they decide; empty where two such rows are proven not to exist. */
  readonly ties: readonly TieOrder[]
  /** The order follows from all columns of the view, so none may be cut. */
  readonly wholeRow: boolean
}

/** The declared order and, where rows may tie still, that of all other columns. */
export function tieBreaking(view: HistoryView, facts: Facts): TieBreaking {
  const { text } = viewText(view.query, facts.catalog, `view "${view.name}"`)
  const read = sqlFacts(text, { view: view.name, file: view.name })
  const instant = [...view.entity.keys.map((k) => k.name), view.time]
  if (isUniqueOn(read, instant, facts.catalog)) return { ties: [], wholeRow: false }
  const columns = facts.columns(view)
  const isEnum = new Set(columns.filter((c) => c.isEnum).map((c) => c.name))
  const typeOf = new Map(columns.map((c) => [c.name, c.type]))
  const order = (column: string, direction: 'asc' | 'desc'): TieOrder => ({
    column,
    direction,
    asText: !isEnum.has(column) && !hasOrder(typeOf.get(column) ?? ''),
  })
  const declared = (view.tieBreak ?? []).map((t) => order(t.column, t.direction))
  const names = declared.map((t) => t.column)
  // A unique index lets NULLs be many, so they could tie still.
  const source = names.length === 0 ? undefined : simpleSource(read, facts.catalog)
  const known = names.every((column) => {
    if (source === undefined || 'why' in source) return false
    const base = source.columns.get(column)
    return source.relation.columns.some((c) => c.name === base && !c.nullable)
  })
  if (known && isUniqueOn(read, [...instant, ...names], facts.catalog)) return { ties: declared, wholeRow: false }
  const rest = columns.map((c) => c.name).filter((c) => !instant.includes(c) && !names.includes(c))
  return { ties: [...declared, ...rest.map((c) => order(c, 'asc'))], wholeRow: true }
}

/**
 * Types whose own order tells all their values apart, as far as a model can see them. Others are compared as text: they
 * have no order, or one in which different values are equal (citext, interval, jsonb).
 */
const hasOrder = (type: SqlType): boolean =>
  isNumber(type) || ['text', 'varchar', 'bpchar', 'bool', 'date', 'timestamp', 'timestamptz', 'uuid'].includes(type)

/** The questions of a few keys as text: given as values or as parameters, free or anchored on the entity's own relation. */
import type { BoundDataset } from '../analyse/bind.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { printLiteral } from '../emit/literal.ts'
import { printType } from '../emit/type-name.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import type { Catalog } from '../ir/catalog.ts'
import type { EntityDef, RelationName } from '../ir/definition.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { Opaque, Select, Source } from '../ir/relation.ts'
import type { Column, SqlType } from '../ir/type.ts'

const q = quoteIdentifier

/**
 * The keys joined to the entity's relation, so that each shard answers for the keys it holds. Keys the relation does not
 * have are left out. Errors: `compile/no-anchor`.
 *
 * ```sql
 * SELECT e.place, _as_of.as_of FROM places AS e JOIN (VALUES ('a'), ('b')) AS k (place) ON k.place = e.place CROSS JOIN _as_of
 * ```
 */
export function anchoredKeys(
  bound: BoundDataset,
  rows: readonly (readonly Literal[])[],
  needed: readonly Column[],
  asOf: string | undefined,
  catalog: Catalog,
): Opaque {
  const keys = bound.dataset.sample.entity.keys.map((k) => k.name)
  const columns = needed.map((c) => (keys.includes(c.name) ? `e.${q(c.name)}` : `k.${q(c.name)}`))
  const values =
    rows.length === 0
      ? `SELECT ${needed.map((c) => `NULL::${printType(c.type)}`).join(', ')} WHERE false`
      : `VALUES ${rows.map((row) => `(${needed.map((c) => literalOf(row, c.name, needed)).join(', ')})`).join(', ')}`
  // One key is repeated as a constant, which the planner carries into every source that is joined on it.
  const only = rows.length === 1 ? rows[0] : undefined
  const where = only ? keys.map((k) => `e.${q(k)} = ${literalOf(only, k, needed)}`) : []
  return generated(
    `SELECT ${[...columns, ...(asOf === undefined ? [] : [`${q(asOf)}.as_of`])].join(', ')} FROM ${anchor(bound, catalog)} AS e ` +
      `JOIN (${values}) AS k (${needed.map((c) => q(c.name)).join(', ')}) ON ${keys.map((k) => `k.${q(k)} = e.${q(k)}`).join(' AND ')}` +
      (asOf === undefined ? '' : ` CROSS JOIN ${q(asOf)}`) +
      (where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`),
  )
}

/**
 * One question from the parameters `$1`, `$2`, … in the order of `needed`, the instant last.
 *
 * ```sql
 * SELECT k.place, k.as_of FROM (VALUES ($1::text, $2::timestamptz)) AS k (place, as_of)
 * SELECT e.place, k.as_of FROM (SELECT place FROM places) AS e CROSS JOIN (VALUES ($1::text, $2::timestamptz)) AS k (place, as_of)
 * WHERE e.place = $1::text
 * ```
 */
export function parameterSpine(
  bound: BoundDataset,
  needed: readonly Column[],
  anchored: boolean,
  catalog: Catalog,
): Select {
  const keys = bound.dataset.sample.entity.keys.map((k) => k.name)
  const asOf: Column[] = bound.hasAsOf ? [{ name: 'as_of', type: 'timestamptz', nullable: true }] : []
  const columns = [...needed, ...asOf]
  const given: Source = { relation: { kind: 'values', columns, rows: 'parameters' }, alias: 'k' }
  const rest = { kind: 'select', distinct: false, fence: false } as const
  const carried = (name: string) => (anchored && keys.includes(name) ? 'e' : 'k')
  const own = columns.map(({ name }) => ({ name, expr: expr.column(carried(name), name) }))
  if (!anchored) return { ...rest, from: given, joins: [], columns: own }
  const text = `SELECT ${keys.map((k) => `e.${q(k)}`).join(', ')} FROM ${anchor(bound, catalog)} AS e`
  const where = columns.flatMap((c, i) =>
    keys.includes(c.name) ? [expr.compare('=', expr.column('e', c.name), expr.parameter(i + 1, c.type))] : [],
  )
  const from: Source = { relation: generated(text), alias: 'e' }
  return { ...rest, from, joins: [{ type: 'cross', source: given, on: [] }], where: expr.and(where), columns: own }
}

/**
 * One question from the columns of a row around the statement, where arrays are texts: `unnest` would take them apart.
 *
 * ```sql
 * SELECT _q.c1 AS place, coalesce(_q.c2, now()) AS as_of
 * ```
 */
export function rowSpine(needed: readonly Column[], hasAsOf: boolean, row: string): Opaque {
  const cast = (type: SqlType): string => (type.startsWith('_') ? `::${printType(type)}` : '')
  const columns = needed.map((c, i) => `${q(row)}.c${i + 1}${cast(c.type)} AS ${q(c.name)}`)
  const instant = hasAsOf ? [`coalesce(${q(row)}.c${needed.length + 1}, now()) AS as_of`] : []
  return generated(`SELECT ${[...columns, ...instant].join(', ')}`)
}

/** The entity's relation with one row per key. */
function anchor(bound: BoundDataset, catalog: Catalog): string {
  const { entity } = bound.dataset.sample
  const { from } = entity
  if (!from) {
    const hint = `Keys are looked up in the relation that lists them. Declare it: entity('${entity.name}', { … }, { from: 'table' }).`
    fail('compile/no-anchor', { entity: entity.name, hint })
  }
  const keys = entity.keys.map((k) => q(k.name)).join(', ')
  return listsOnce(entity, from, catalog) ? quoteName(from) : `(SELECT DISTINCT ${keys} FROM ${quoteName(from)})`
}

/** Whether the entity's relation is proven to have one row per key. */
export function listsOnce(entity: EntityDef, from: RelationName, catalog: Catalog): boolean {
  const keys = entity.keys.map((k) => k.name)
  const text = `SELECT ${keys.map(q).join(', ')} FROM ${quoteName(from)}`
  return isUniqueOn(sqlFacts(text, { view: entity.name, file: entity.name }), keys, catalog)
}

const literalOf = (row: readonly Literal[], key: string, needed: readonly Column[]): string => {
  const i = needed.findIndex((c) => c.name === key)
  return printLiteral(row[i] ?? null, needed[i]?.type ?? 'text')
}

const generated = (text: string): Opaque => ({
  kind: 'opaque',
  text,
  origin: { kind: 'generated' },
  view: 'the keys asked for',
  targets: {},
})

/** What is known of a value's NULLs, and the columns a FROM clause offers. */
import type { Node } from '../../front/sql/parser.ts'
import { type Catalog, type CatalogRelation, findRelation } from '../../ir/catalog.ts'
import { isNumber, isText, type SqlType } from '../../ir/type.ts'

/**
 * Whether a column can be NULL: `never`, by proof; `possible`, because something that can be NULL reaches it; `unknown`
 * where neither is provable, such as the result of a function of your own.
 */
export type Nullability = 'never' | 'unknown' | 'possible'

/** Only as fine as NULLs need it: a cast from jsonb, or `lower` of a range, gives NULL for what is not NULL. */
export type Family = 'number' | 'text' | 'time' | 'bool' | undefined

export interface Value {
  readonly null: Nullability
  readonly family: Family
}

export interface Column extends Value {
  readonly name: string
  /** Outer joins that make it NULL where they find no partner; without them it is as `null` says. */
  readonly joins: readonly symbol[]
}

/** Columns in order; `open` when there may be more than these. */
export interface Columns {
  readonly columns: readonly (Value & { readonly name: string; readonly isAggregate?: true })[]
  readonly open: boolean
  /** Exactly one row, whatever the data. */
  readonly oneRow?: boolean
}

export interface Table {
  readonly schema?: string
  /** Undefined for what cannot be named. */
  readonly name: string | undefined
  readonly columns: readonly Column[]
  readonly open: boolean
}

/** `columns` is what `*` and bare names stand for; a column of USING stands there once, and in its tables as well. */
export interface From {
  readonly tables: readonly Table[]
  readonly columns: readonly Column[]
  readonly open: boolean
}

export interface Scope {
  readonly catalog: Catalog
  readonly ctes: ReadonlyMap<string, Columns>
  /** FROM clauses a column may come from, innermost first. */
  readonly levels: readonly From[]
  readonly group: Grouping
  /** The innermost level as windows see it, in whatever arm of a CASE they stand; they read other rows, too. */
  readonly rows?: From
  /** The innermost level as aggregates see it: before grouping. */
  readonly gathered?: From
  /** Definitions of WINDOW by name. */
  readonly windows: ReadonlyMap<string, Node>
  /** Columns of a query; here because queries and expressions contain each other. */
  readonly query: (select: Node, scope: Scope) => Columns
}

/**
 * How the rows of a query are gathered: `groups` are never empty; `one` group may be. `sets` puts NULL for what is not
 * grouped by in a set.
 */
export type Grouping = 'none' | 'groups' | 'sets'

export const never: Value = { null: 'never', family: undefined }
export const unknown: Value = { null: 'unknown', family: undefined }
export const possible: Value = { null: 'possible', family: undefined }
export const of = (value: Value, family: Family): Value => ({ null: value.null, family })

const order: readonly Nullability[] = ['never', 'unknown', 'possible']

/** Of what is NULL when any part is. */
export const anyNull = (parts: Iterable<Value>): Nullability =>
  [...parts].reduce<Nullability>((a, b) => (order.indexOf(b.null) > order.indexOf(a) ? b.null : a), 'never')

/** Of what is NULL when all parts are. */
export const allNull = (parts: Iterable<Value>): Nullability =>
  [...parts].reduce<Nullability>((a, b) => (order.indexOf(b.null) < order.indexOf(a) ? b.null : a), 'possible')

export function oneFamily(parts: readonly Value[]): Family {
  const [first] = parts
  return parts.every((p) => p.family === first?.family) ? first?.family : undefined
}

const times = new Set(['date', 'timestamp', 'timestamptz', 'time', 'timetz', 'interval'])

export function familyOf(type: SqlType, isEnum = false): Family {
  if (isNumber(type)) return 'number'
  if (isText(type) || isEnum) return 'text'
  if (type === 'bool') return 'bool'
  return times.has(type) ? 'time' : undefined
}

export const emptyFrom: From = { tables: [], columns: [], open: false }

/** A column where it stands: NULL as well where an outer join found no partner. */
export const standing = (c: Column): Value =>
  c.joins.length === 0 ? { null: c.null, family: c.family } : { null: 'possible', family: c.family }

/** The column a name stands for, and how many levels out; undefined when that cannot be said. */
export function resolve(
  fields: readonly string[],
  scope: Scope,
): { readonly column: Column; readonly level: number } | undefined {
  const name = fields.at(-1) ?? ''
  const table = fields.at(-2)
  const schema = fields.at(-3)
  for (const [level, from] of scope.levels.entries()) {
    if (table !== undefined) {
      const named = from.tables.filter((t) => t.name === table && (schema === undefined || t.schema === schema))
      if (named.length === 0) continue
      const column = named.length === 1 ? named[0]?.columns.filter((c) => c.name === name) : []
      return column?.[0] && column.length === 1 ? { column: column[0], level } : undefined
    }
    const found = from.columns.filter((c) => c.name === name)
    if (found.length > 0) return found[0] && found.length === 1 ? { column: found[0], level } : undefined
    // A name that may be of an inner table must not be looked up further out; nor one that is a table as a whole.
    if (from.open || from.tables.some((t) => t.name === name)) return undefined
  }
  return undefined
}

/** The columns of a relation as FROM names it: a CTE, a view by its definition, a table by its constraints. */
export function relationColumns(
  name: string,
  schema: string | undefined,
  scope: Scope,
  definition: (relation: CatalogRelation) => Columns,
): Columns & { readonly schema?: string } {
  const cte = schema === undefined ? scope.ctes.get(name) : undefined
  if (cte) return cte
  const relation = findRelation(scope.catalog, name, schema)
  if (!relation) return { columns: [], open: true }
  if (relation.definition !== undefined) return { schema: relation.schema, ...definition(relation) }
  // The server does not enforce what is declared of a foreign table.
  const declared: Nullability = relation.kind === 'table' ? 'never' : 'unknown'
  return {
    schema: relation.schema,
    columns: relation.columns.map((c) => ({
      name: c.name,
      null: c.nullable ? 'possible' : declared,
      family: familyOf(c.type, c.isEnum),
    })),
    open: false,
  }
}

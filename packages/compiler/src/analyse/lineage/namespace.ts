/**
 * Which column a name means, by PostgreSQL's rules: innermost level first, two owners on one level are ambiguous; a name
 * that is no column may be a relation's, and stands for its whole row.
 */
import { lost, merge, nothing, type Traced } from './influence.ts'

/** What a query returns, or a relation holds. */
export interface Relation {
  readonly columns: readonly (readonly [name: string, traced: Traced])[]
  /** What decides which rows there are. */
  readonly rows: Traced
  /** What puts its rows in order, where something does: those who take them one after the other depend on it. */
  readonly order?: Traced
  /** Where not all columns are known: what any other column is made of. */
  readonly open?: Traced
  /** Of a relation of the catalog that was found by its name: where it is, and whether it is stored. */
  readonly at?: { readonly schema: string; readonly stored: boolean }
}

/** A relation by the name it is called in a FROM clause. */
export interface Named {
  readonly name: string
  readonly relation: Relation
  /** Of a relation that goes by its own name: it may also be called by its schema. */
  readonly schema?: string
}

/** What one FROM clause offers. */
export interface Level {
  /** For `name.column` and `name.*`. */
  readonly named: readonly Named[]
  /** For a bare `column` and `*`: what joins have merged is there once. */
  readonly columns: Relation['columns']
  readonly open: readonly Traced[]
  /** Of a clause of one relation: its order. */
  readonly order?: Traced
}

export const emptyLevel: Level = { named: [], columns: [], open: [] }

export const together = (levels: readonly Level[]): Level => ({
  named: levels.flatMap((l) => l.named),
  columns: levels.flatMap((l) => l.columns),
  open: levels.flatMap((l) => l.open),
})

/** @param alias hides the relation's own name. */
export const levelOf = (alias: string | undefined, own: string | undefined, relation: Relation): Level => {
  const name = alias ?? own
  const schema = alias === undefined ? relation.at?.schema : undefined
  return {
    named: name === undefined ? [] : [{ name, relation, ...(schema === undefined ? {} : { schema }) }],
    columns: relation.columns,
    open: relation.open === undefined ? [] : [relation.open],
  }
}

// They tell where and when a row was stored: no column makes them up.
const systemColumns = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'])

/** The columns of one relation; a column that is there twice cannot be meant by name. */
export function columnOf(relation: Relation, column: string): Traced | undefined {
  const found = relation.columns.filter(([name]) => name === column)
  if (found.length > 0) return found.length === 1 ? found[0]?.[1] : lost
  return systemColumn([relation], column) ?? relation.open
}

const systemColumn = (relations: readonly Relation[], column: string): Traced | undefined =>
  systemColumns.has(column) && relations.some((r) => r.at?.stored === true) ? nothing : undefined

/** `[column]`, `[relation, column]` or `[schema, relation, column]`; undefined when it is no column. */
export function resolveColumn(fields: readonly string[], levels: readonly Level[]): Traced | undefined {
  const column = fields.at(-1) ?? ''
  if (fields.length > 1) {
    const owner = relationNamed(fields.slice(0, -1), levels)
    return owner === undefined ? undefined : columnOf(owner, column)
  }
  const open: Traced[] = []
  for (const level of levels) {
    const found = level.columns.filter(([name]) => name === column).map(([, t]) => t)
    const stored = level.named.map((n) => n.relation)
    const one = found.length === 0 ? systemColumn(stored, column) : found.length === 1 ? found[0] : lost
    // A relation further in whose columns are not known may have one of this name, too.
    if (one) return open.length === 0 ? one : lost
    open.push(...level.open)
  }
  if (open.length === 0 || relationNamed([column], levels)) return undefined
  return open.length === 1 ? open[0] : lost
}

/** What a reference is made of, a whole row included. */
export const resolve = (fields: readonly string[], levels: readonly Level[]): Traced =>
  resolveColumn(fields, levels) ?? wholeRow(relationNamed(fields, levels))

export const wholeRow = (relation: Relation | undefined): Traced =>
  relation === undefined
    ? lost
    : merge([...relation.columns.map(([, t]) => t), ...(relation.open ? [relation.open] : [])])

const ambiguous: Relation = { columns: [], rows: lost, open: lost }

/** `[relation]`, `[schema, relation]` or `[database, schema, relation]`. */
export function relationNamed(fields: readonly string[], levels: readonly Level[]): Relation | undefined {
  const [name = '', schema] = [...fields].reverse()
  for (const level of levels) {
    const found = level.named.filter((n) => n.name === name && (schema === undefined || n.schema === schema))
    if (found.length > 0) return found.length === 1 ? found[0]?.relation : ambiguous
  }
  return undefined
}

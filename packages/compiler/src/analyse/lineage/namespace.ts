/** Which column a name means, by PostgreSQL's rules: innermost level first, two owners on one level are ambiguous. */
import { lost, merge, type Traced } from './influence.ts'

/** What a query returns, or a relation holds. */
export interface Relation {
  readonly columns: readonly (readonly [name: string, traced: Traced])[]
  /** What decides which rows there are. */
  readonly rows: Traced
  /** For functions whose columns are not declared: what every column of theirs is made of. */
  readonly open?: Traced
}

/** A relation by the name it is called in a FROM clause. */
export interface Named {
  readonly name: string
  readonly relation: Relation
}

/** What one FROM clause offers. */
export interface Level {
  /** For `name.column` and `name.*`. */
  readonly named: readonly Named[]
  /** For a bare `column` and `*`: what joins have merged is there once. */
  readonly columns: Relation['columns']
  readonly open: readonly Traced[]
}

export const emptyLevel: Level = { named: [], columns: [], open: [] }

export const together = (levels: readonly Level[]): Level => ({
  named: levels.flatMap((l) => l.named),
  columns: levels.flatMap((l) => l.columns),
  open: levels.flatMap((l) => l.open),
})

export const levelOf = (name: string | undefined, relation: Relation): Level => ({
  named: name === undefined ? [] : [{ name, relation }],
  columns: relation.columns,
  open: relation.open === undefined ? [] : [relation.open],
})

/** The columns of one relation; a column that is there twice cannot be meant by name. */
export function columnOf(relation: Relation, column: string): Traced | undefined {
  const found = relation.columns.filter(([name]) => name === column)
  if (found.length > 1) return lost
  return found[0]?.[1] ?? relation.open
}

/** `[column]`, `[relation, column]` or `[schema, relation, column]`, seen from the innermost of `levels`. */
export function resolve(fields: readonly string[], levels: readonly Level[]): Traced {
  const column = fields.at(-1) ?? ''
  if (fields.length > 1) {
    const owner = namedAs(fields.at(-2) ?? '', levels)
    return owner === undefined ? lost : (columnOf(owner, column) ?? lost)
  }
  for (const level of levels) {
    const found = level.columns.filter(([name]) => name === column)
    if (found.length > 0) return found.length === 1 ? (found[0]?.[1] ?? lost) : lost
  }
  // A whole-row reference names the relation itself.
  const whole = namedAs(column, levels)
  if (whole) return merge([...whole.columns.map(([, t]) => t), ...(whole.open ? [whole.open] : [])])
  const open = levels.find((l) => l.open.length > 0)?.open ?? []
  return open.length === 1 ? (open[0] as Traced) : lost
}

export function namedAs(name: string, levels: readonly Level[]): Relation | undefined {
  for (const level of levels) {
    const found = level.named.find((n) => n.name === name)
    if (found) return found.relation
  }
  return undefined
}

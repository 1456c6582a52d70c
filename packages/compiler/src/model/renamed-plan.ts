import { type Expr, expr, mapChildren } from '../ir/expression.ts'
import type { Projection } from '../ir/relation.ts'
import type { ScorePlan } from './score-plan.ts'

/** Old name → new one; what is not there stays. */
export interface Renames {
  /** Of the columns the first stage reads, alias `f`. */
  readonly inputs: ReadonlyMap<string, string>
  /** Of the columns of the stages. */
  readonly columns: ReadonlyMap<string, string>
  /** Of the stages and the lists of levels. */
  readonly stages: ReadonlyMap<string, string>
}

/** The same plan under other names, so that several stand in one statement. Outputs keep theirs. */
export function renamedPlan(plan: ScorePlan, { inputs, columns, stages }: Renames): ScorePlan {
  const stage = (name: string): string => stages.get(name) ?? name
  const column = (name: string): string => columns.get(name) ?? name
  const lists = new Set(plan.lookups.map((l) => l.name))
  const renamed = (e: Expr): Expr => {
    if (e.kind !== 'column') return mapChildren(e, renamed)
    if (e.of === 'f') return expr.column('f', inputs.get(e.name) ?? e.name)
    if (e.of === 's') return expr.column('s', column(e.name))
    return lists.has(e.of) ? expr.column(stage(e.of), e.name) : e
  }
  const projections = (some: readonly Projection[]): Projection[] =>
    some.map((c) => ({ name: column(c.name), expr: renamed(c.expr) }))
  return {
    ...plan,
    lookups: plan.lookups.map((l) => {
      const name = stage(l.name)
      const source = { relation: { kind: 'table', name }, alias: name } as const
      return { ...l, name, join: { ...l.join, source, on: l.join.on.map(renamed) } }
    }),
    stages: plan.stages.map((s) => ({ name: stage(s.name), columns: projections(s.columns) })),
    outputs: plan.outputs.map((o) => ({ ...o, expr: renamed(o.expr) })),
    scores: plan.scores.map(column),
  }
}

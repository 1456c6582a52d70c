/** What scoring costs an engine, told before anything is deployed, and refused where an engine cannot take it. */
import { depth } from '../analyse/cost.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Dialect } from '../emit/dialect.ts'
import { printQuery } from '../emit/statement.ts'
import { children, type Expr } from '../ir/expression.ts'
import type { Relation, Select, Stage } from '../ir/relation.ts'

export interface ScoringCost {
  /** Products, comparisons and additions of a row, lookups not included. */
  readonly operations: number
  /** Joins to a list of levels. */
  readonly lookups: number
  /** Comparisons with missing, infinite or too small values that could not be proven unneeded. */
  readonly guards: number
  /** Calls of exp, ln, sqrt and the like. */
  readonly functions: number
  readonly stages: number
  /** Most columns of a stage. */
  readonly columns: number
  readonly depth: number
  /** Of the text of scoring, before it is laid out. */
  readonly bytes: number
  /** Processor time of a row, without reading it: see the constants. */
  readonly microseconds: number
}

/**
 * Microseconds each, as PostgreSQL 15 on a virtual machine of 2024 takes them (bench/score.ts and bench/score-shapes.ts):
 * orders of magnitude, to compare two models with.
 */
const each = { operation: 0.004, guard: 0.008, function: 0.03, lookup: 0.12, stage: 0.05, column: 0.004 } as const

const encoder = new TextEncoder()

/** The cost of the stages of scoring and of the SELECT over them. */
export function costOfScoring(stages: readonly Stage[], body: Select, dialect: Dialect): ScoringCost {
  const selects = [...stages.flatMap((s) => (s.relation.kind === 'select' ? [s.relation] : [])), body]
  const written = selects.flatMap((s) => s.columns.map((c) => c.expr))
  const count = (of: (e: Expr) => number): number => written.reduce((sum, e) => sum + total(e, of), 0)
  const operations = count(operationsOf)
  const guards = count(guardsOf)
  const functions = count(functionsOf)
  const lookups = selects.reduce((sum, s) => sum + s.joins.length, 0)
  const columns = Math.max(...selects.map((s) => s.columns.length))
  const handled = selects.reduce((sum, s) => sum + s.columns.length, 0)
  const microseconds =
    each.operation * operations +
    each.guard * guards +
    each.function * functions +
    each.lookup * lookups +
    each.stage * selects.length +
    each.column * handled
  return {
    operations,
    guards,
    functions,
    lookups,
    stages: stages.length,
    columns,
    depth: Math.max(...written.map(depth)),
    bytes: selects.reduce((sum, s) => sum + encoder.encode(printQuery(s, dialect)).length, 0),
    microseconds: Number(microseconds.toPrecision(2)),
  }
}

const total = (e: Expr, of: (e: Expr) => number): number =>
  children(e).reduce((sum, child) => sum + total(child, of), of(e))

function operationsOf(e: Expr): number {
  switch (e.kind) {
    case 'sum':
      return e.terms.length - 1
    case 'product':
      return e.factors.length - 1
    case 'divide':
    case 'negate':
      return 1
    default:
      return 0
  }
}

function guardsOf(e: Expr): number {
  if (e.kind === 'compare' || e.kind === 'isnull') return 1
  if (e.kind === 'sigmoid') return e.bounded ? 0 : 1
  return e.kind === 'call' && (e.name === 'coalesce' || e.name === 'nullif') ? 1 : 0
}

const slow: ReadonlySet<string> = new Set(['exp', 'ln', 'sqrt', 'sinh'])
const functionsOf = (e: Expr): number => (e.kind === 'sigmoid' || (e.kind === 'call' && slow.has(e.name)) ? 1 : 0)

/** Stages an engine plans in good time: planning takes 0.2 s at 100, 2 s at 200, 17 s at 400. */
const maxStages = 40
/** The server reads a statement of at most 1 GB; from here on it plans for minutes. */
const maxBytes = 32 * 1024 * 1024

/** Errors: `compile/too-deep`; `compile/too-large`. */
export function checkSize(
  model: string,
  cost: ScoringCost,
  relations: readonly Relation[],
  { maxDepth, maxColumns }: Dialect,
): void {
  if (cost.depth > maxDepth) fail('compile/too-deep', { depth: String(cost.depth), limit: String(maxDepth) })
  const refuse = (size: string, limit: string, hint: string): never =>
    fail('compile/too-large', { model, size, limit, hint })
  const columns = Math.max(...relations.map((r) => (r.kind === 'select' ? r.columns.length : 0)))
  if (columns > maxColumns) {
    refuse(
      `a stage of ${columns} columns`,
      `${maxColumns} columns`,
      'Choose fewer outputs, or train with fewer inputs.',
    )
  }
  if (cost.stages > maxStages) {
    refuse(`${cost.stages} stages for scoring`, `${maxStages} stages`, 'Choose fewer reasons.')
  }
  if (cost.bytes > maxBytes) {
    refuse(`${cost.bytes} bytes for scoring`, `${maxBytes} bytes`, 'Train with fewer inputs, levels or classes.')
  }
}

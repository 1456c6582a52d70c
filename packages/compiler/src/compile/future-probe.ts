/** Two queries that must agree: features as they are, and features over sources cut at the instant asked about. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { postgres } from '../emit/dialects/postgres.ts'
import { printStatement } from '../emit/statement.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { Stage } from '../ir/relation.ts'
import { bindSpine, questionColumns } from '../rewrite/bind-spine.ts'
import { cutSources } from '../rewrite/cut-sources.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { textsOf } from './training-query.ts'

export interface FutureProbe {
  readonly whole: string
  readonly cut: string
  /** Columns of both: the first `keys` identify a row, the rest are features. */
  readonly keys: number
  readonly features: readonly string[]
}

/** Builds the probe for some questions at one instant. Nothing is written; both queries only read. */
export function futureProbe(
  bound: BoundDataset,
  facts: Facts,
  rows: readonly Readonly<Record<string, Literal>>[],
  at: string,
): FutureProbe {
  const wanted = new Set(bound.features.map((f) => f.name))
  const asked = questionColumns(bound, wanted).map((c) => c.name)
  const questions = rows.map((row) => Object.fromEntries(asked.map((name) => [name, row[name] ?? null])))
  const statement = (cut: boolean): string => {
    const names = stageNames(reservedNames(textsOf(bound, facts), facts.catalog))
    const spine = bindSpine(bound, { kind: 'keys', rows: questions, at }, wanted, facts.catalog, names)
    const purpose = 'prediction'
    const pit = pointInTime({ bound, facts, names, spine, wanted, withTarget: false, purpose, options: {} })
    const inlined: Stage[] = inlineViews([...spine.stages, ...pit.stages], facts.catalog, names)
    const own = spine.columns.map((name) => ({ name, expr: expr.column(spine.name, name) }))
    const stages = cut ? cutSources(inlined, at, facts.catalog, names) : inlined
    const whole = overSpine(spine, pit, stages, [...own, ...pit.columns])
    const order = spine.columns.map((_, i) => i + 1).join(', ')
    return `${printStatement(whole, postgres)}\nORDER BY ${order}`
  }
  const count = bindSpine(bound, { kind: 'keys', rows: questions, at }, wanted, facts.catalog, stageNames([])).columns
    .length
  return { whole: statement(false), cut: statement(true), keys: count, features: [...wanted] }
}

/**
 * How a record scores rows: columns in stages, each computed once per row, and the outputs over the last of them.
 *
 * The query, its self-test, the functions and the interpreter all follow one plan, so that they cannot differ.
 */
import { children, type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection } from '../ir/relation.ts'
import type { SqlType } from '../ir/type.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { termColumn } from './contributions.ts'
import { type LookupStage, withLookups } from './lookups.ts'
import { isExplained, isUnguarded, plannedOutputs } from './outputs.ts'
import type { Output } from './planned-outputs.ts'
import { type Predictor, predictorsOf } from './predictors.ts'
import { scoreColumns } from './score-columns.ts'
import { constantOf, linearPredictors, predictorSum } from './scoring.ts'

export interface ScoreStage {
  readonly name: string
  /** Over the features (alias `f`) in the first stage, over the stage before (alias `s`) in the others. */
  readonly columns: readonly Projection[]
}

export interface ScorePlan {
  /** Lists of levels, which the first stage is joined to. */
  readonly lookups: readonly LookupStage[]
  readonly stages: readonly ScoreStage[]
  /** Over the last stage, alias `s`. */
  readonly outputs: readonly Output[]
  /** Columns of {@link ScorePlan.stages} that are the linear predictors. */
  readonly scores: readonly string[]
  /** The link of the mean has no guard, as no row can take the score beyond ±700. */
  readonly unguarded: boolean
}

/** The stage that carries the linear predictors; those after it are numbered. */
const scoreStage = '_score'
const termStage = '_terms'

/**
 * The plan of a record with the outputs it has chosen. `joined` reads categories of many levels from lists beside the rows;
 * without it they are CASE expressions of the same numbers, which need nothing but the row. Errors: `model/output`; `model/record`.
 */
export function scorePlan(record: ModelRecord, options: ScoreOptions): ScorePlan {
  return planOf(withTypes(record, options.types), options.joined)
}

export interface ScoreOptions {
  readonly joined: boolean
  /** Input → SQL type of the column it is read from. Without one an input may be any value the feature boundary lets through. */
  readonly types?: ReadonlyMap<string, SqlType>
}

/** Which guards are needed depends on the type that is read now, not on the one the model was trained on. */
const withTypes = (record: ModelRecord, types: ScoreOptions['types']): ModelRecord => ({
  ...record,
  inputs: record.inputs.map((i) => ({ ...i, type: types?.get(i.feature) ?? boundaryType(i) })),
})

function planOf(record: ModelRecord, joined: boolean): ScorePlan {
  const scores = scoreColumns(record)
  const { columns, outputs } = plannedOutputs(record)
  const { lookups, columns: written } = predictorColumns(record, scores, joined)
  const all = [...written, ...columns]
  const levels = levelsOf(all)
  const home = levels.get(scores[0] ?? '') ?? 0
  const stages = Array.from({ length: Math.max(...levels.values()) + 1 }, (_, level) => ({
    name: level < home ? termStage : level === home ? scoreStage : `${scoreStage}_${level - home + 1}`,
    columns: all.filter((c) => levels.get(c.name) === level),
  }))
  return { lookups, stages, outputs, scores, unguarded: isUnguarded(record) }
}

/** The scores, and where they are explained what they are summed of. */
function predictorColumns(
  record: ModelRecord,
  scores: readonly string[],
  joined: boolean,
): { readonly lookups: readonly LookupStage[]; readonly columns: readonly Projection[] } {
  const named = (exprs: readonly Expr[]) => scores.map((name, k) => ({ name, expr: exprs[k] ?? expr.float(0) }))
  if (record.trees !== undefined) return { lookups: [], columns: named(linearPredictors(record, 'f')) }
  const plain = predictorsOf(record, 'f')
  const { predictors, stages } = joined ? withLookups(record, plain, 'f') : { predictors: plain, stages: [] }
  if (!isExplained(record)) return { lookups: stages, columns: named(predictors.map(predictorSum)) }
  const terms = predictors.flatMap(({ parts }, k) => parts.map((p, i) => ({ name: termColumn(k, i), expr: p.expr })))
  return { lookups: stages, columns: [...terms, ...named(predictors.map(sumOfTerms))] }
}

/** Adds in the order of {@link predictorSum}: the score is the same to the bit. */
const sumOfTerms = (predictor: Predictor, score: number): Expr =>
  expr.sum([
    expr.float(constantOf(predictor)),
    ...predictor.parts.map((_, i) => expr.column('s', termColumn(score, i))),
  ])

/** The first stage a column can be computed in: after all that it reads. */
function levelsOf(columns: readonly Projection[]): ReadonlyMap<string, number> {
  const known = new Map<string, number>()
  const byName = new Map(columns.map((c) => [c.name, c]))
  const levelOf = (name: string): number => {
    const found = known.get(name)
    if (found !== undefined) return found
    const column = byName.get(name)
    const level = column === undefined ? -1 : Math.max(-1, ...[...stageColumns(column.expr)].map(levelOf)) + 1
    known.set(name, level)
    return level
  }
  for (const c of columns) levelOf(c.name)
  // A constant score is computed where the scores are, or it would be a stage of its own before them.
  const scores = columns.filter((c) => c.name.startsWith('_linear'))
  const latest = Math.max(0, ...scores.map((c) => known.get(c.name) ?? 0))
  for (const c of scores) known.set(c.name, latest)
  return known
}

/** Columns of earlier stages that an expression reads. */
function stageColumns(e: Expr, into = new Set<string>()): ReadonlySet<string> {
  if (e.kind === 'column' && e.of === 's') into.add(e.name)
  for (const child of children(e)) stageColumns(child, into)
  return into
}

/** Columns a stage hands on because a later one, or an output, reads them. */
export function handedOn(plan: ScorePlan, index: number, kept: readonly string[] = []): readonly string[] {
  const later = [...plan.stages.slice(index + 1).flatMap((s) => s.columns), ...plan.outputs]
  const read = new Set([...kept, ...later.flatMap((c) => [...stageColumns(c.expr)])])
  return plan.stages.slice(0, index).flatMap((s) => s.columns.map((c) => c.name).filter((name) => read.has(name)))
}

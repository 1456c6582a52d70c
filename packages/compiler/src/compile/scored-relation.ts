/** A model over the rows of any relation: the stages of its plan, each fenced, then the outputs. */
import { type CompileOptions, handOver, passesOf } from '../ir/compile-options.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection, Select, Source, Stage, Statement } from '../ir/relation.ts'
import { handedOn, type ScorePlan, scorePlan } from '../model/score-plan.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'
import { preparedSource } from './prepared-source.ts'

/**
 * The rows of `source` (alias `f`, with the record's inputs as columns): the columns `carried` along, the scores where
 * `withScores`, and the outputs.
 *
 * ```sql
 * WITH _score AS (SELECT f._row, 0.1::float8 + … AS _linear FROM (…) AS f OFFSET 0)
 * SELECT s._row, s._linear, CASE … END AS probability FROM _score AS s
 * ```
 */
export function scoredRelation(
  record: ModelRecord,
  relation: Source['relation'],
  carried: readonly string[],
  options: CompileOptions & { readonly withScores: boolean },
): Statement {
  const plan = scorePlan(record, { joined: true })
  const { withScores } = options
  const stages = scoreStages(record, plan, relation, carried, options)
  const own = carried.map((name) => ({ name, expr: expr.column('s', name) }))
  return { kind: 'with', stages, body: outputsOver(plan, stages, own, withScores) }
}

interface ScoreStagesOptions extends CompileOptions {
  readonly withScores: boolean
  /** Input → column of the relation, where that has another name. */
  readonly inputs?: ReadonlyMap<string, string>
}

/** The stages of a plan over a relation. Columns pass through them as long as something reads them. */
export function scoreStages(
  record: ModelRecord,
  plan: ScorePlan,
  relation: Source['relation'],
  carried: readonly string[],
  options: ScoreStagesOptions,
): Stage[] {
  const folded = (written: Expr): Expr => {
    const encoded = handOver(options, 'encode features', written)
    return passesOf(options).fold ? handOver(options, 'fold constants', foldConstants(encoded)) : encoded
  }
  const lists = plan.lookups.map(
    ({ name, feature, relation: list }): Stage => ({
      name,
      comment: `The weights of each level of ${feature}.`,
      relation: list,
    }),
  )
  const scoring = plan.stages.map((stage, i): Stage => {
    const alias = i === 0 ? 'f' : 's'
    const before = plan.stages[i - 1]?.name
    const passed = [...carried, ...handedOn(plan, i, options.withScores ? plan.scores : [])]
    return {
      name: stage.name,
      ...comment(stage.name, record),
      relation: {
        ...empty,
        from:
          before === undefined
            ? preparedSource(record, { relation, alias }, carried, options.inputs)
            : { relation: { kind: 'table', name: before }, alias },
        columns: [
          ...passed.map((name) => ({ name, expr: expr.column(alias, name) })),
          ...stage.columns.map((c) => ({ name: c.name, expr: folded(c.expr) })),
        ],
        joins: i === 0 ? plan.lookups.map((l) => l.join) : [],
        fence: true,
      },
    }
  })
  return [...lists, ...scoring]
}

/** The last SELECT: `own` columns, the scores where wanted, the outputs. */
export function outputsOver(
  plan: ScorePlan,
  stages: readonly Stage[],
  own: readonly Projection[],
  withScores: boolean,
): Select {
  const scores = withScores ? plan.scores.map((name) => ({ name, expr: expr.column('s', name) })) : []
  const outputs = plan.outputs.map(({ name, expr: written }) => ({ name, expr: written }))
  return {
    ...empty,
    from: { relation: { kind: 'table', name: stages.at(-1)?.name ?? '' }, alias: 's' },
    columns: [...own, ...scores, ...outputs],
  }
}

const empty = { kind: 'select', joins: [], distinct: false, fence: false } as const

const comments: Readonly<Record<string, string>> = {
  _terms: 'What each input adds to the linear predictor.',
  _score: 'The linear predictor, computed once per row; encoders and coefficients are folded into one term per input.',
}
const treesComment =
  'The score: a CASE for each tree, whose leaves are added in the order and the precision of the library that made them.'
const comment = (name: string, { trees }: ModelRecord): Pick<Stage, 'comment'> => {
  const text = trees !== undefined && name === '_score' ? treesComment : comments[name]
  return text === undefined ? {} : { comment: text }
}

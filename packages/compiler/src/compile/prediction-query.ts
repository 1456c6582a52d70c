/** The prediction query: every needed view and the trained model in one WITH … SELECT that any client can run. */
import { type BoundDataset, bindDataset, type Facts } from '../analyse/bind.ts'
import { canRead } from '../analyse/bind-model.ts'
import { type Diagnostic, diagnostic, fail, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { instant } from '../emit/instant.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, handOver, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { ModelDef } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { OutputChoice } from '../ir/output.ts'
import type { Projection, Select, Stage, Statement } from '../ir/relation.ts'
import { type Column, featureKind, type SqlType } from '../ir/type.ts'
import { outputs } from '../model/outputs.ts'
import { scoreColumns } from '../model/score-columns.ts'
import { type ScorePlan, scorePlan } from '../model/score-plan.ts'
import { bindSpine, questionColumns, type SpineBinding } from '../rewrite/bind-spine.ts'
import { boundaryType, crossed } from '../rewrite/feature-boundary.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { joinsInSteps } from '../rewrite/joins-in-steps.ts'
import { plannedWithReaders } from '../rewrite/planned-with-readers.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import type { CompiledQuery, QueryPlan } from './compiled-query.ts'
import { distributionWarnings } from './distribution-warnings.ts'
import { planOf } from './explain-report.ts'
import { type PredictionForm, predictionHeader } from './prediction-header.ts'
import { outputsOver, scoreStages } from './scored-relation.ts'
import { checkSize, costOfScoring } from './scoring-cost.ts'
import { textsOf } from './training-query.ts'
import { withOutputs } from './with-outputs.ts'

export interface PredictionOptions extends CompileOptions {
  readonly spine: SpineBinding
  /** Also return the features each prediction was made from, for verification. Default false. */
  readonly withFeatures?: boolean
  /** Also return what each question brought beside its keys and instant, as the columns of {@link questionName}. Default false. */
  readonly withQuestions?: boolean
  /** Output columns instead of those the record has. */
  readonly outputs?: readonly OutputChoice[]
  /** First rows only, in key order. */
  readonly limit?: number
}

/**
 * Compiles the prediction query of a trained model: spine → features → linear predictor (fenced, computed once) → outputs.
 *
 * Columns: the entity keys, `as_of` where the dataset has one, then `prediction` (linear) or `probability` (logistic). Views and columns the model does not use leave no trace.
 *
 * With the dialect `citus` the text stays one distributed plan and gives the same rows, but for keys that the entity's relation
 * does not have: those have no row, because each machine answers for the keys it holds.
 *
 * Errors: what binding finds; `model/stale` when the record has inputs the dataset lost, `model/input-type` when they are
 * of another kind now; `model/output` when an output has the name of a key, or of a feature returned beside it; `time/instant`; `compile/no-anchor`; `compile/needs-instant`; `compile/too-deep`.
 *
 * ```sql
 * WITH _as_of AS (VALUES (timestamptz '2001-02-01 12:00:00+00')), _spine AS (…), late AS (…),
 *   _features AS (…), _score AS (SELECT …, 0.1::float8 + … AS _linear FROM _features OFFSET 0)
 * SELECT origin, as_of, CASE … END AS probability FROM _score
 * ```
 */
export function predictionQuery(
  model: ModelDef,
  trained: ModelRecord,
  facts: Facts,
  options: PredictionOptions,
): CompiledQuery {
  const record = withOutputs(trained, options.outputs)
  const made = compiledPrediction(model, record, facts, options, 'query')
  const { text, columns, warnings, plan } = made
  const distributed = isDistributed(options)
  const head = predictionHeader({ ...made, record, form: 'query', distributed })
  return { sql: layout(`${head}\n${text}`, passesOf(options).format), columns, warnings, plan }
}

export interface CompiledPrediction {
  readonly bound: BoundDataset
  readonly binding: SpineBinding
  /** What a question brings, in the order of the parameters of the spine `parameters`; the instant comes after. */
  readonly asked: readonly Column[]
  /** Without header and layout. */
  readonly text: string
  /** The questions alone: a row for each that is answered. */
  readonly questions: () => string
  readonly columns: readonly Column[]
  readonly warnings: readonly Diagnostic[]
  readonly plan: QueryPlan
  /** The scores are proven to stay where the link needs no guard, and an output is the mean. */
  readonly unguarded: boolean
}

/** The parts of a prediction text, for whatever form is put around it. */
export function compiledPrediction(
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  options: PredictionOptions,
  form: PredictionForm,
): CompiledPrediction {
  const { value: bound, diagnostics } = bindDataset(model.dataset, facts)
  const problems = throwIfErrors(diagnostics)
  const inputs = record.inputs.map((i) => i.feature)
  checkInputs(model, bound, record)
  const binding = normalised(options.spine)
  const passes = passesOf(options)
  const dialect = dialectOf(options)
  const distributed = isDistributed(options)
  if (distributed && form === 'query' && bound.hasAsOf && readsClock(binding)) {
    fail('compile/needs-instant', { model: model.name })
  }
  const scoring = scorePlan(record, { joined: true, types: typesOf(bound, form) })
  const wanted = passes.prune ? new Set(inputs) : everyFeature(bound, new Set(inputs))
  const names = stageNames(
    reservedNames(textsOf(bound, facts), facts.catalog),
    '_as_of',
    '_features',
    ...[...scoring.lookups, ...scoring.stages].map((s) => s.name),
  )
  const spine = handOver(
    options,
    'bind the spine',
    bindSpine(bound, binding, wanted, facts.catalog, names, distributed),
  )
  const purpose = binding.kind === 'sample' ? 'training' : 'prediction'
  const question = { bound, facts, names, spine, wanted, withTarget: false, purpose, options } as const
  const pit = handOver(options, 'point in time', pointInTime(question))
  const keys = [...bound.dataset.sample.entity.keys.map((k) => k.name), ...(bound.hasAsOf ? ['as_of'] : [])]
  const extras = bound.extras.filter((c) => wanted.has(c.name))
  const values: Projection[] = [
    ...extras.map((c) => ({ name: c.name, expr: requestColumn(spine.name, c) })),
    ...pit.columns,
  ]
  const keyColumns = keys.map((name) => ({ name, expr: expr.column(spine.name, name) }))
  const carried = options.withFeatures ? values.map((f) => f.name).filter((f) => inputs.includes(f)) : []
  checkNames(record, scoring, keys, carried)
  const asked = questionColumns(bound, wanted)
  const brought = options.withQuestions ? besideKeys(bound, asked) : []
  const questionColumnsOf: Projection[] = brought.map((c, i) => ({
    name: questionName(i),
    expr: expr.column(spine.name, c.name),
  }))
  const questioned = questionColumnsOf.map((c) => c.name)
  const all = [...keyColumns, ...questionColumnsOf, ...values]
  const features = distributed
    ? [
        {
          name: '_features',
          relation: { ...select(spine.name, spine.name, all, { joins: pit.joins }), from: pit.from },
        },
      ]
    : joinsInSteps('_features', spine, pit.from, pit.joins, all, names)
  const withScores = options.withFeatures ?? false
  const scored = scoreStages(
    record,
    scoring,
    { kind: 'table', name: '_features' },
    [...keys, ...questioned, ...carried],
    {
      ...options,
      withScores,
    },
  )
  const stages: Stage[] = [...spine.stages, ...pit.stages, ...features, ...scored]
  const pass = [...keys, ...questioned, ...carried]
  const from = (alias: string) => pass.map((name) => ({ name, expr: expr.column(alias, name) }))
  const columns = outputColumns(record, bound, keys, brought, options)
  // PL/pgSQL takes rows of exactly the types it returns; an anchored key has the type it has in its table.
  const exact = distributed && form === 'function'
  const own = exact
    ? from('s').map((c, i) => ({ ...c, expr: expr.cast(c.expr, columns[i]?.type ?? 'text') }))
    : from('s')
  const body = outputsOver(scoring, scored, own, withScores)
  const scoringCost = costOfScoring(scored, body, dialect)
  checkSize(model.name, scoringCost, [...features, ...scored].map((st) => st.relation).concat(body), dialect)
  const inlined = inlineViews(stages, facts.catalog, names, passes.share)
  const few = binding.kind === 'keys' || binding.kind === 'parameters'
  const planned = few ? plannedWithReaders(inlined, body) : inlined
  const statement = handOver<Statement>(options, 'inline views', { kind: 'with', stages: planned, body })
  const limited =
    options.limit === undefined ? '' : `\nORDER BY ${keys.map((_, i) => i + 1).join(', ')} LIMIT ${options.limit}`
  const text = `${printStatement(statement, dialect)}${limited}`
  const questions = (): string => {
    const own = inlineViews(spine.stages, facts.catalog, names, passes.share)
    const asked = spine.columns.map((name) => ({ name, expr: expr.column('q', name) }))
    const sql = printStatement({ kind: 'with', stages: own, body: select(spine.name, 'q', asked) }, dialect)
    return options.limit === undefined ? sql : `${sql} LIMIT ${options.limit}`
  }
  const warnings = distributed ? [...problems, ...distributionWarnings(bound, wanted, statement, text)] : problems
  const { unguarded } = scoring
  const plan = planOf(statement, pit.views, dialect, { record, scoring: scoringCost, unguarded })
  return { bound, binding, asked, text, questions, columns, warnings, plan, unguarded }
}

/** The column with what a question brought: a request column may be an input, too, and is then there under its own name. */
export const questionName = (i: number): string => `_question_${i + 1}`

/** What a question brings that is no key of the entity. */
export const besideKeys = ({ dataset }: BoundDataset, asked: readonly Column[]): readonly Column[] =>
  asked.filter((c) => !dataset.sample.entity.keys.some((k) => k.name === c.name))

/** The types the inputs have now. */
export const typesOf = (bound: BoundDataset, form: PredictionForm): ReadonlyMap<string, SqlType> =>
  // What a scalar over columns is called with is not of the columns' types.
  form === 'scalar' ? new Map() : new Map([...bound.extras, ...bound.features].map((c) => [c.name, c.type]))

export const readsClock = (binding: SpineBinding): boolean =>
  (binding.kind === 'entities' || binding.kind === 'keys') && binding.at === undefined

/** With pruning off: every feature that can be asked for with the columns the inputs bring. */
export function everyFeature(bound: BoundDataset, inputs: ReadonlySet<string>): ReadonlySet<string> {
  const brought = new Set(questionColumns(bound, inputs).map((c) => c.name))
  const within = bound.uses.filter((u) => u.on.every(([, c]) => brought.has(c)))
  return new Set([...inputs, ...within.flatMap((u) => u.features.map((f) => f.name))])
}

export const select = (
  name: string,
  alias: string,
  columns: readonly Projection[],
  more: Partial<Pick<Select, 'joins' | 'fence'>> = {},
): Select => ({
  kind: 'select',
  from: { relation: { kind: 'table', name }, alias },
  joins: more.joins ?? [],
  columns,
  distinct: false,
  fence: more.fence ?? false,
})

/** A request column crosses the same boundary as a feature. */
export const requestColumn = (alias: string, c: Column): Projection['expr'] =>
  crossed(expr.column(alias, c.name), c.type)

/** Each input must still be there, and of the kind its encoder was trained on; all that are not are told at once. */
export function checkInputs(model: ModelDef, bound: BoundDataset, record: ModelRecord): void {
  const columns = new Map([...bound.extras, ...bound.features].map((c) => [c.name, c]))
  throwIfErrors(
    record.inputs.flatMap(({ feature: input, type, encoder }) => {
      const found = columns.get(input)
      if (!found) return [diagnostic('model/stale', { model: model.name, input })]
      if (
        encoder.kind === 'raw'
          ? featureKind(found.type, found.isEnum) === (featureKind(type) ?? 'category')
          : canRead(encoder, found) && boundaryType(found) === boundaryType({ type })
      )
        return []
      const hint = `The model was trained on ${type}. Run: viewcast train ${model.name}`
      const now = { input, type: found.type, encoder: `the ${encoder.kind} encoder`, hint }
      return [diagnostic('model/input-type', now)]
    }),
  )
}

/** A column is one thing: a name that is carried through scoring cannot be that of an output, or of what is computed for it. */
export function checkNames(
  record: ModelRecord,
  plan: ScorePlan,
  keys: readonly string[],
  carried: readonly string[],
): void {
  const made = new Set([...plan.stages.flatMap((s) => s.columns), ...plan.outputs].map((c) => c.name))
  const refuse = (output: string, reason: string, hint: string): never =>
    fail('model/output', { model: record.name, output, reason, hint })
  const key = keys.find((name) => made.has(name))
  if (key !== undefined) {
    const hint = 'Choose other outputs, or return the key under another name from the sample and its views.'
    refuse(key, 'the key column of that name stands beside it', hint)
  }
  const feature = carried.find((name) => made.has(name))
  if (feature === undefined) return
  const hint = "Rename the feature with .prefix('…') and train again, choose other outputs, or leave the features out."
  refuse(feature, 'the feature of that name is asked for beside it', hint)
}

/** With its instant as it is printed. Errors: `time/instant`. */
export function normalised(binding: SpineBinding): SpineBinding {
  if (binding.kind === 'sample' || binding.kind === 'parameters' || binding.at === undefined) return binding
  const at = instant(binding.at)
  if (at === undefined) fail('time/instant', { value: binding.at })
  return { ...binding, at }
}

function outputColumns(
  record: ModelRecord,
  bound: BoundDataset,
  keys: readonly string[],
  brought: readonly Column[],
  options: PredictionOptions,
): Column[] {
  const nullable = { nullable: true }
  const typeOf = (name: string) => bound.sampleColumns.find((c) => c.name === name)?.type ?? 'text'
  return [
    ...keys.map((name) => ({ name, type: typeOf(name), ...nullable })),
    ...brought.map((c, i) => ({ ...c, name: questionName(i), ...nullable })),
    ...(options.withFeatures
      ? [
          ...bound.extras
            .filter((c) => record.inputs.some((i) => i.feature === c.name))
            .map((c) => ({ name: c.name, type: boundaryType(c), ...nullable })),
          ...bound.features
            .filter((f) => record.inputs.some((i) => i.feature === f.name))
            .map((f) => ({ name: f.name, type: boundaryType(f), ...nullable })),
          ...scoreColumns(record).map((name) => ({ name, type: 'float8', ...nullable })),
        ]
      : []),
    ...outputs(record).map((o) => ({ name: o.name, type: o.type, ...nullable })),
  ]
}

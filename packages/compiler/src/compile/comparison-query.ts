/** Several models over the same questions in one WITH … SELECT: each view is read once, however many models read it. */
import { type BoundDataset, bindDataset, type Facts } from '../analyse/bind.ts'
import { type Diagnostic, fail, throwIfErrors } from '../diagnostics/diagnostic.ts'
import type { Dialect } from '../emit/dialect.ts'
import { dialectOf } from '../emit/dialect-of.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, handOver, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { ModelDef } from '../ir/definition.ts'
import { digest } from '../ir/digest.ts'
import { expr } from '../ir/expression.ts'
import { familyTitle } from '../ir/family.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { OutputChoice } from '../ir/output.ts'
import type { Projection, Select, Stage, Statement } from '../ir/relation.ts'
import type { Column } from '../ir/type.ts'
import type { Output } from '../model/planned-outputs.ts'
import { type ScorePlan, scorePlan } from '../model/score-plan.ts'
import { bindSpine, questionColumns, type SpineBinding } from '../rewrite/bind-spine.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { joinsInSteps } from '../rewrite/joins-in-steps.ts'
import { plannedWithReaders } from '../rewrite/planned-with-readers.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { type Asked, type AskedTogether, askedTogether, uniqueNames } from './asked-together.ts'
import type { CompiledQuery } from './compiled-query.ts'
import { distributionWarnings } from './distribution-warnings.ts'
import { planOf } from './explain-report.ts'
import { type KnownColumns, knownColumns, nothingKnown, withLabelOf } from './known-columns.ts'
import { type PredictionForm, predictionHeader } from './prediction-header.ts'
import {
  type CompiledPrediction,
  checkInputs,
  checkNames,
  everyFeature,
  normalised,
  type PredictionOptions,
  readsClock,
  requestColumn,
  select,
  typesOf,
} from './prediction-query.ts'
import { scoredInTurn } from './scored-in-turn.ts'
import { checkSize, costOfScoring } from './scoring-cost.ts'
import { textsOf } from './training-query.ts'
import { withOutputs } from './with-outputs.ts'

/** A model that answers. */
export interface Contender {
  readonly model: ModelDef
  readonly record: ModelRecord
  /** Output columns instead of those the record has. */
  readonly outputs?: readonly OutputChoice[]
}

export interface Challenger extends Contender {
  /** Starts the names of its columns: `next_probability`. */
  readonly label: string
}

export interface ComparisonOptions extends CompileOptions {
  readonly spine: SpineBinding
  /** Also return what the sample says of each row, for the spine `sample`: {@link ComparisonQuery.known}. Default false. */
  readonly withLabel?: boolean
  /** First rows only, in key order. */
  readonly limit?: number
}

/** A column of the result that is an output of one of the models. */
export interface ComparedOutput {
  /** As the model's own prediction query calls it. */
  readonly output: string
  /** As it is called here. */
  readonly column: string
  readonly type: Output['type']
}

export interface ComparisonQuery extends CompiledQuery {
  /** The key columns, and `as_of` where the champion's dataset has one. */
  readonly keys: readonly string[]
  readonly champion: readonly ComparedOutput[]
  /** In the order of the challengers. */
  readonly challengers: readonly (readonly ComparedOutput[])[]
  /** The columns that say what is known of a row; with `withLabel`. */
  readonly known?: KnownColumns
}

/**
 * Compiles one query that scores a champion and its challengers for the same questions.
 *
 * Columns: those of the champion's prediction query, as they are there, then `<label>_<output>` of each challenger, cut to
 * 63 bytes and numbered where two would be one. Every value is that of the model's own prediction query to the bit. A
 * view that several of them read is one stage; a challenger may have a dataset of its own, as long as it can be asked what
 * the champion is: the questions, and with the spine `entities` their relation, are the champion's.
 *
 * Errors: those of {@link predictionQuery} for each of them; `compile/challenger`.
 *
 * ```sql
 * WITH _spine AS (…), late AS (…), _features AS (…),
 *   _score AS (SELECT …, … AS _linear FROM _features OFFSET 0),
 *   _score_next AS (SELECT …, … AS _linear_next FROM _score OFFSET 0)
 * SELECT origin, as_of, CASE … END AS probability, CASE … END AS next_probability FROM _score_next
 * ```
 */
export function comparisonQuery(
  champion: Contender,
  challengers: readonly Challenger[],
  facts: Facts,
  options: ComparisonOptions,
): ComparisonQuery {
  const made = compiledComparison(champion, challengers, facts, options, 'query')
  const distributed = isDistributed(options)
  const record = withOutputs(champion.record, champion.outputs)
  const header = predictionHeader({ ...made, record, form: 'query', distributed }, made.lines)
  const { columns, warnings, plan, keys, outputs, known } = made
  const [own = [], ...others] = outputs
  const sql = layout(`${header}\n${made.text}`, passesOf(options).format)
  return { sql, columns, warnings, plan, keys, champion: own, challengers: others, ...(known ? { known } : {}) }
}

/** A column of the result that is an input of one of the models. */
export interface ComparedInput {
  /** As the model calls it. */
  readonly feature: string
  readonly column: string
  readonly type: string
}

/** What `compiledPrediction` gives of one model, of several. */
export interface CompiledComparison extends Omit<CompiledPrediction, 'questions'> {
  readonly keys: readonly string[]
  /** The columns that are outputs, the champion's first. */
  readonly outputs: readonly (readonly ComparedOutput[])[]
  /** With `withFeatures`: for each model the columns that are its inputs. */
  readonly inputs: readonly (readonly ComparedInput[])[]
  readonly known?: KnownColumns
  /** Of the header, about the challengers. */
  readonly lines: readonly (readonly [string, string])[]
}

/** The parts of a comparison, for whatever form is put around it. Records have the outputs that are wanted. */
export function compiledComparison(
  champion: Contender,
  challengers: readonly Challenger[],
  facts: Facts,
  options: ComparisonOptions & Pick<PredictionOptions, 'withFeatures'>,
  form: PredictionForm,
): CompiledComparison {
  const passes = passesOf(options)
  const dialect = dialectOf(options)
  const distributed = isDistributed(options)
  const binding = normalised(options.spine)
  const problems: Diagnostic[] = []
  const asked = [champion, ...challengers].map(({ model, record: trained, outputs }) => {
    const record = withOutputs(trained, outputs)
    const { value: bound, diagnostics } = bindDataset(model.dataset, facts)
    problems.push(...throwIfErrors(diagnostics))
    checkInputs(model, bound, record)
    const inputs = new Set(record.inputs.map((i) => i.feature))
    return { record, bound, wanted: passes.prune ? inputs : everyFeature(bound, inputs) }
  })
  const together = askedTogether(asked, binding)
  const { wanted } = together
  const isLabelled = options.withLabel === true && binding.kind === 'sample'
  const bound = isLabelled ? withLabelOf(asked[0], together.bound) : together.bound
  if (distributed && bound.hasAsOf && readsClock(binding)) fail('compile/needs-instant', { model: champion.model.name })
  const plans = asked.map(({ record, bound: own }) => scorePlan(record, { joined: true, types: typesOf(own, form) }))
  const reserved = reservedNames([...new Set(asked.flatMap((a) => textsOf(a.bound, facts)))], facts.catalog)
  const ours = plans[0] ? [...plans[0].lookups, ...plans[0].stages].map((s) => s.name) : []
  const names = stageNames(reserved, '_as_of', '_features', ...ours)
  const spine = handOver(
    options,
    'bind the spine',
    bindSpine(bound, binding, wanted, facts.catalog, names, distributed),
  )
  const purpose = binding.kind === 'sample' ? 'training' : 'prediction'
  const question = { bound, facts, names, spine, wanted, withTarget: isLabelled, purpose, options } as const
  const pit = handOver(options, 'point in time', pointInTime(question))
  const keys = [...bound.dataset.sample.entity.keys.map((k) => k.name), ...(bound.hasAsOf ? ['as_of'] : [])]
  const label = isLabelled && bound.labels.length > 0 ? pit.columns.at(-1) : undefined
  const values: Projection[] = [
    ...together.extras.map(({ name, column }) => ({ name, expr: requestColumn(spine.name, column) })),
    ...pit.columns.filter((c) => c !== label),
  ]
  const taken = [...keys, ...values.map((c) => c.name)]
  const known = isLabelled ? knownColumns(bound, spine.name, facts, names, { label, taken }) : nothingKnown
  const all = [...keys.map((name) => ({ name, expr: expr.column(spine.name, name) })), ...values, ...known.columns]
  const joins = [...pit.joins, ...known.joins]
  const features: readonly Stage[] =
    distributed || isLabelled
      ? [{ name: '_features', relation: { ...select(spine.name, spine.name, all, { joins }), from: pit.from } }]
      : joinsInSteps('_features', spine, pit.from, joins, all, names)
  const labels = challengers.map((c) => c.label)
  const [first] = asked
  const record = first?.record ?? champion.record
  if (plans[0]) checkNames(record, plans[0], keys, [])
  const beside = [...keys, ...known.columns.map((c) => c.name)]
  const carried = options.withFeatures ? inputsTogether(asked, together) : []
  const pass = [...beside, ...carried]
  const scored = scoredInTurn(
    asked.map((a) => a.record),
    plans,
    together,
    { pass, labels, names },
    options,
  )
  const outputs = columnsOf(scored.plans, beside, labels)
  const inputs = carriedColumns(carried, [...beside, ...outputs.flat().map((o) => o.column)], bound, together)
  const columns = [
    ...keyColumns(bound, keys),
    ...outputs.flat().map((o) => nullable(o.column, o.type)),
    ...known.columns.map((c) => nullable(c.name, c.type)),
    ...[...inputs.values()].map((c) => nullable(c.column, c.type)),
  ]
  // PL/pgSQL takes rows of exactly the types it returns; an anchored key has the type it has in its table.
  const exact = distributed && form === 'function'
  const body: Select = {
    ...select(scored.stages.at(-1)?.name ?? '', 's', [
      ...keys.map((name, i): Projection => {
        const key = expr.column('s', name)
        return { name, expr: exact ? expr.cast(key, columns[i]?.type ?? 'text') : key }
      }),
      ...scored.plans.flatMap((plan, i) =>
        plan.outputs.map((o, k) => ({ name: outputs[i]?.[k]?.column ?? o.name, expr: o.expr })),
      ),
      ...known.columns.map(({ name }) => ({ name, expr: expr.column('s', name) })),
      ...[...inputs].map(([name, { column }]) => ({ name: column, expr: expr.column('s', name) })),
    ]),
  }
  const stages: Stage[] = [...spine.stages, ...pit.stages, ...known.stages, ...features, ...scored.stages]
  const cost = costOfScoring(scored.stages, body, dialect)
  checkSize(champion.model.name, cost, [...features, ...scored.stages].map((s) => s.relation).concat(body), dialect)
  const inlined = inlineViews(stages, facts.catalog, names, passes.share)
  const few = binding.kind === 'keys' || binding.kind === 'parameters'
  const planned = few ? plannedWithReaders(inlined, body) : inlined
  const statement = handOver<Statement>(options, 'inline views', { kind: 'with', stages: planned, body })
  const text = limited(statement, dialect, keys, options.limit)
  const shape = distributed ? distributionWarnings(bound, wanted, statement, text) : []
  const sized = {
    ...record,
    inputs: asked.flatMap((a) => a.record.inputs),
    coefficients: asked.flatMap((a) => a.record.coefficients),
  }
  return {
    bound,
    binding,
    asked: questionColumns(bound, wanted),
    text,
    columns,
    warnings: [...new Map([...problems, ...shape].map((d) => [JSON.stringify(d), d])).values()],
    plan: planOf(statement, pit.views, dialect, {
      record: sized,
      scoring: cost,
      unguarded: plans.every((p) => p.unguarded),
    }),
    unguarded: plans[0]?.unguarded ?? false,
    keys,
    outputs,
    inputs: asked.map((a, i) =>
      a.record.inputs.flatMap(({ feature }) => {
        const found = inputs.get(together.names[i]?.get(feature) ?? feature)
        return found ? [{ feature, ...found }] : []
      }),
    ),
    ...(isLabelled ? { known: known.named } : {}),
    lines: challengersInWords(challengers, scored.plans, outputs),
  }
}

/** The inputs of all, each once, under the names they have together. */
const inputsTogether = (asked: readonly Asked[], { names }: AskedTogether): string[] => [
  ...new Set(asked.flatMap(({ record }, i) => record.inputs.map(({ feature }) => names[i]?.get(feature) ?? feature))),
]

/** As which columns inputs are returned: by the names they have together, none of them twice. */
function carriedColumns(
  carried: readonly string[],
  taken: readonly string[],
  bound: BoundDataset,
  { extras }: AskedTogether,
): ReadonlyMap<string, { readonly column: string; readonly type: string }> {
  const names = uniqueNames(taken)
  const types = new Map([
    ...extras.map(({ name, column }) => [name, boundaryType(column)] as const),
    ...bound.features.map((f) => [f.name, boundaryType(f)] as const),
  ])
  return new Map(carried.map((name) => [name, { column: names.take(name), type: types.get(name) ?? 'text' }]))
}

/** The outputs of each model and the columns they are, the champion's under their own names. Errors: `model/output`. */
function columnsOf(
  plans: readonly ScorePlan[],
  pass: readonly string[],
  labels: readonly string[],
): readonly (readonly ComparedOutput[])[] {
  const names = uniqueNames([...pass, ...(plans[0]?.outputs ?? []).map((o) => o.name)])
  return plans.map(({ outputs }, i) =>
    outputs.map(({ name, type }) => {
      const label = labels[i - 1]
      return { output: name, column: label === undefined ? name : names.take(`${label}_${name}`), type }
    }),
  )
}

function limited(statement: Statement, dialect: Dialect, keys: readonly string[], limit: number | undefined): string {
  const text = printStatement(statement, dialect)
  return limit === undefined ? text : `${text}\nORDER BY ${keys.map((_, i) => i + 1).join(', ')} LIMIT ${limit}`
}

const nullable = (name: string, type: string): Column => ({ name, type, nullable: true })

const keyColumns = (bound: AskedTogether['bound'], keys: readonly string[]): Column[] =>
  keys.map((name) => nullable(name, bound.sampleColumns.find((c) => c.name === name)?.type ?? 'text'))

function challengersInWords(
  challengers: readonly Challenger[],
  plans: readonly ScorePlan[],
  outputs: readonly (readonly ComparedOutput[])[],
): (readonly [string, string])[] {
  return challengers.flatMap(({ label, record }, i) => [
    [
      'challenger',
      `${label}: ${record.name} version ${record.version}, ${familyTitle(record.family, record.link)}, trained ` +
        `${record.trainedAt}, digest ${digest(record).slice(0, 16)}`,
    ] as const,
    ...(outputs[i + 1] ?? []).map(
      ({ column }, k) => [column, `${plans[i + 1]?.outputs[k]?.description ?? ''} (challenger ${label})`] as const,
    ),
  ])
}

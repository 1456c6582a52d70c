/** Training where the rows are: aggregates leave the database, rows do not. */
import {
  type CompiledQuery,
  fail,
  InternalError,
  type Literal,
  type ModelDef,
  refuseScorecard,
  rowFacts,
  trainingRows,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { CollectedInput } from '../collect/collect.ts'
import { type ExampleRow, endsOf, unseenLevel } from '../collect/example-rows.ts'
import type { FitModelOptions, FittedModel } from '../fit-model.ts'
import { coefficientsOf, factsOf } from '../measure/inference.ts'
import { conditionWarnings } from '../solve/condition.ts'
import type { Fit, FitOptions } from '../solve/fit.ts'
import { type Ask, askIn } from './ask.ts'
import { fitExactlyRemotely } from './exactly.ts'
import { iterateRemotely } from './iterate.ts'
import { isLearntInDatabase, learnInDatabase } from './learn-in-database.ts'
import { fitLinearRemotely } from './least-squares.ts'
import { measurePart } from './measure.ts'
import { type RemoteDesign, remoteDesign } from './remote-design.ts'
import { surveyRows } from './survey-rows.ts'

/**
 * Fits a model by aggregates over its training query; the same encoders, coefficients, statistics and metrics as from rows,
 * to rounding.
 *
 * All aggregates see one snapshot. What leaves the database: counts, sums, extremes and quantiles, and the levels of
 * categories that become columns. The example rows are made of these too, so there are no ordinary ones.
 *
 * Errors: those of fitting from rows; `train/not-in-database` for what is learned from rows only; those of the database.
 */
export async function fitInDatabase(
  db: Database,
  model: ModelDef,
  query: CompiledQuery,
  options: FitModelOptions,
): Promise<FittedModel> {
  const cause = staysOutOfDatabase(model)
  if (cause !== undefined) fail('train/not-in-database', { what: cause })
  return db.transaction(async (tx) => {
    await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    return fitOver(askIn(tx, options.signal), model, query, options)
  })
}

/** What a model may say and be fitted by aggregates; what is not in the list is left to rows, so that nothing is passed over. */
export const fittedByAggregates: ReadonlySet<string> = new Set([
  'kind',
  'name',
  'dataset',
  'family',
  'link',
  'label',
  'inputs',
  'penalty',
  'solver',
  'threshold',
  'outputs',
  'description',
])

/** What of a model only rows can teach; undefined when aggregates can teach all of it. */
export function staysOutOfDatabase(model: ModelDef): string | undefined {
  const option = Object.entries(model).find(([name, value]) => value !== undefined && !fittedByAggregates.has(name))
  if (option !== undefined) return `the option "${option[0]}"`
  const { family, link, solver, penalty } = model
  if (rowFacts(family, link) === undefined) return `the family ${family} (${link})`
  const isLinear = family === 'gaussian' && link === 'identity'
  if (solver !== 'irls' && !(isLinear && (solver === 'cholesky' || solver === 'exact'))) return `the solver "${solver}"`
  if (penalty.l1 > 0) return 'an L1 penalty'
  const other = Object.entries(model.inputs).find(([, spec]) => !isLearntInDatabase(spec))
  return other === undefined ? undefined : `the encoder of input "${other[0]}"`
}

async function fitOver(
  ask: Ask,
  model: ModelDef,
  query: CompiledQuery,
  { signal, onProgress }: FitModelOptions,
): Promise<FittedModel> {
  const rows = trainingRows(model, query)
  const surveyed = await surveyRows(ask, model, rows)
  const { train, test, validation } = surveyed.rows
  const total = train + test + validation
  onProgress?.('reading', total)
  const { inputs, warnings, statistics } = await learnInDatabase(ask, model.inputs, rows, surveyed.inputs)
  refuseScorecard(model.name, model.scorecard, inputs)
  const design = await remoteDesign(ask, rows, inputs)
  const fit = await solved(model, design, {
    penalty: model.penalty.l2,
    ...(signal === undefined ? {} : { signal }),
    onIteration: (iteration) => onProgress?.('fitting', iteration),
  })
  if (!fit.converged || !fit.coefficients.every(Number.isFinite)) {
    fail('train/not-converged', { solver: fit.solver, iterations: String(fit.iterations) })
  }
  onProgress?.('evaluating', 0, total)
  const theta = Float64Array.of(fit.intercept, ...fit.coefficients)
  const measured = (part: 'train' | 'test' | 'validation') =>
    measurePart(ask, model, rows, inputs, part, theta, design.labelMean)
  const onTrain = await measured('train')
  onProgress?.('evaluating', train, total)
  const onTest = test === 0 ? { metrics: {}, baseline: {} } : await measured('test')
  const onValidation = validation === 0 ? undefined : await measured('validation')
  onProgress?.('evaluating', total, total)
  return {
    inputs,
    threshold: model.threshold,
    coefficients: coefficientsOf(model, inputs, fit),
    ...(fit.covariance === null ? {} : { covariance: [...fit.covariance] }),
    fit: { ...factsOf(model, fit), where: 'database' },
    rows: surveyed.rows,
    leftOut: surveyed.leftOut,
    metrics: {
      train: onTrain.metrics,
      ...(onValidation === undefined ? {} : { validation: onValidation.metrics }),
      test: onTest.metrics,
      baseline: test > 0 ? onTest.baseline : onTrain.baseline,
    },
    warnings: [...surveyed.warnings, ...warnings, ...conditionWarnings(fit.condition)],
    exampleRows: rowsOfStatistics(statistics, inputs),
  }
}

const solved = (model: ModelDef, design: RemoteDesign, options: FitOptions): Promise<Fit> =>
  model.solver === 'exact'
    ? fitExactlyRemotely(design, options)
    : model.family === 'gaussian' && model.link === 'identity'
      ? fitLinearRemotely(design, options)
      : iterateRemotely(design, model.family, model.link, options)

/** Least, most, both by turns, mean or most frequent, missing, unseen. */
function rowsOfStatistics(statistics: readonly CollectedInput[], inputs: FittedModel['inputs']): ExampleRow[] {
  const ends = statistics.map((input, i) => endsOf(input, inputs[i]?.encoder))
  const row = (value: (i: number, input: CollectedInput) => Literal): ExampleRow =>
    Object.fromEntries(statistics.map((input, i) => [input.feature, value(i, input)]))
  const end = (i: number, which: 'least' | 'most'): Literal => {
    const own = ends[i]
    if (own === undefined) throw new InternalError('An input without statistics')
    return own[which]
  }
  return [
    row((i) => end(i, 'least')),
    row((i) => end(i, 'most')),
    row((i) => end(i, i % 2 === 0 ? 'least' : 'most')),
    row((i) => end(i, i % 2 === 0 ? 'most' : 'least')),
    row((i, { statistics: s }) => (s.kind === 'numeric' ? s.mean : end(i, 'least'))),
    row(() => null),
    row((i, { statistics: s }) => (s.kind === 'category' ? unseenLevel : end(i, 'most'))),
  ]
}

/** Model selection end to end: rows once → folds → candidates → comparison → the chosen one fitted on all training rows. */
import {
  bindDataset,
  bindModel,
  trainingQuery as compileTrainingQuery,
  type Diagnostic,
  digest,
  durationSeconds,
  type FoldKey,
  gapOf,
  type ModelDef,
  type ModelRecord,
  type SelectionRecord,
  throwIfErrors,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import type { Folds } from '../../define/folds.ts'
import type { SelectionDef } from '../../define/selection.ts'
import { duplicateKeys } from '../../project/duplicate-keys.ts'
import { prepareDataset } from '../../project/facts.ts'
import { namingFailedView, rowsNamingFailedView } from '../../project/failed-view.ts'
import { runningTraining } from '../../project/running-query.ts'
import { collectRows } from '../collect/collect.ts'
import { trainingColumns } from '../collect/training-columns.ts'
import { fitCollected } from '../fit-model.ts'
import { modelRecordOf } from '../model-record-of.ts'
import { solverOf } from '../solve/solvers.ts'
import { type Candidate, candidatesOf } from './candidates.ts'
import { type ComparedCandidate, type Comparison, compareOutcomes } from './choose.ts'
import { fingerprintOf } from './fingerprint.ts'
import { foldKeys, withInputsOnly } from './fold-view.ts'
import { foldKeyColumn, foldKeyOf, planFolds, withFoldKey } from './folds.ts'
import { candidateMeasure } from './measure-candidate.ts'
import { race } from './race.ts'
import { noSavedResults, openSavedResults } from './saved-results.ts'

/**
 * Called with `reading` and the rows read; `measuring` with the fits made, and how many there will be as far as is known;
 * then as training calls it.
 */
export type SelectProgress = (
  stage: 'reading' | 'measuring' | 'fitting' | 'evaluating',
  done: number,
  total?: number,
) => void

export interface SelectOptions {
  readonly onProgress?: SelectProgress
  /** Stops; results are kept in `resultsDirectory`. */
  readonly signal?: AbortSignal
  /** Where results are written as they are made, and looked for; nowhere by default. Usually `.viewcast`. */
  readonly resultsDirectory?: string
  /** Fits the chosen candidate on all training rows; true by default. */
  readonly refit?: boolean
  /** Version of the record; default 1. */
  readonly version?: number
  /** ISO instant written into the record; default the clock at the end. */
  readonly trainedAt?: string
  /** What relative `.sql` paths are relative to; default the working directory. */
  readonly directory?: string
  /** Bytes of rows kept in memory before they are spooled, and as many again for each part of a fold; default 256 MiB. */
  readonly memoryBudgetBytes?: number
}

export interface SelectResult {
  /** Of the model as chosen, with what was searched; undefined without a refit. */
  readonly record?: ModelRecord
  readonly chosen: ModelDef
  readonly table: readonly ComparedCandidate[]
  /** In words: `5 folds by hash of iata`. */
  readonly folds: string
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number }
  /** Fits of this run, and results taken over from earlier ones. */
  readonly measured: number
  readonly reused: number
  readonly warnings: readonly Diagnostic[]
  readonly trainingQuery: string
  readonly seconds: number
}

/**
 * Tries the candidates of a selection on its folds, chooses one, and fits it on all training rows.
 *
 * The training query runs once; encoders are learned anew on the training rows of each fold. Rows of the sample's test and
 * validation parts take no part in choosing. A candidate that cannot be fitted on a fold is told of in the table, and is
 * not chosen.
 *
 * Errors: those of {@link trainModel}; `select/folds`, `select/candidates`, `select/no-result`; `engine/interrupted`.
 *
 * @example
 * ```ts
 * const { record, table } = await selectModel(db, delayGrid, { resultsDirectory: '.viewcast' })
 * table[0].metrics.logLoss // { mean: 0.412, standardError: 0.006 }
 * ```
 */
export async function selectModel(
  db: Database,
  selection: SelectionDef,
  options: SelectOptions = {},
): Promise<SelectResult> {
  const started = performance.now()
  const { onProgress, signal, memoryBudgetBytes } = options
  const { dataset, facts, warnings } = await prepareDataset(db, selection.model.dataset, options.directory)
  const bound = bindDataset(dataset, facts)
  const declared = declaredModel({ ...selection.model, dataset }, bound.value)
  const compiled = throwIfErrors([
    ...bound.diagnostics,
    ...declared.diagnostics,
    ...choiceProblems(selection, declared.model, bound.value),
  ])
  const candidates = candidatesOf(selection, declared.model)
  for (const { model } of candidates) solverOf(model)

  const { folds } = selection
  const foldKey: FoldKey = foldKeyOf(folds)
  const query = compileTrainingQuery(dataset, facts)
  const read = compileTrainingQuery(dataset, facts, { foldKey })
  const running = runningTraining(bound.value, facts, signal)
  const found = [...compiled, ...(await namingFailedView(db, running, () => duplicateKeys(db, dataset, facts)))]
  const every = withFoldKey({ ...declared.model, inputs: inputsOfAll(candidates) })
  const { wanted } = trainingColumns(every, read.columns)
  const rows = db.streamNumbers(read.sql, wanted, signal ? { signal } : {})
  const collected = await collectRows(every, [...read.columns], rowsNamingFailedView(db, running, rows), {
    signal,
    memoryBudgetBytes,
    onRows: (n) => onProgress?.('reading', n),
  })
  try {
    const gap = folds.kind === 'time' ? gapOf(folds, bound.value.horizon) : ({ seconds: 0, edge: '<' } as const)
    const plan = planFolds(folds, gap, foldKeys(collected), `selection "${selection.name}"`)
    const identity = digest(['viewcast/selection@1', read.sql, folds, gap, fingerprintOf(collected)])
    const saved =
      options.resultsDirectory === undefined
        ? noSavedResults
        : await openSavedResults(options.resultsDirectory, selection.name, identity)
    const limits = {
      ...(signal === undefined ? {} : { signal }),
      ...(memoryBudgetBytes === undefined ? {} : { memoryBudgetBytes }),
    }
    const raced = await race(selection, candidates, plan.count, candidateMeasure(collected, plan, limits), saved, {
      signal,
      onResult: (done, total) => onProgress?.('measuring', done, total),
    })
    const comparison = compareOutcomes(selection, raced.outcomes)
    const { thresholdRule } = selection.model
    const chosen: ModelDef = {
      ...(candidates[comparison.chosen] as Candidate).model,
      ...(thresholdRule === undefined ? {} : { thresholdRule }),
    }
    const words = foldsInWords(
      folds,
      gap.seconds,
      dataset.sample.entity.keys.map((k) => k.name),
    )
    let record: ModelRecord | undefined
    let refitWarnings: readonly Diagnostic[] = []
    if (options.refit ?? true) {
      // In the order of the model, as a design is made by places.
      const own = withInputsOnly(collected, [...Object.keys(chosen.inputs), foldKeyColumn])
      const fitted = await fitCollected(chosen, own, {
        ...limits,
        folds: { folds, gap },
        ...(onProgress === undefined ? {} : { onProgress }),
      })
      refitWarnings = fitted.warnings
      record = {
        ...modelRecordOf(chosen, dataset, query.sql, fitted, {
          ...(options.version === undefined ? {} : { version: options.version }),
          ...(options.trainedAt === undefined ? {} : { trainedAt: options.trainedAt }),
        }),
        selection: selectionRecord(selection, words, comparison),
      }
    }
    return {
      ...(record === undefined ? {} : { record }),
      chosen,
      table: comparison.table,
      folds: words,
      rows: { ...collected.rows },
      measured: raced.measured,
      reused: raced.reused,
      warnings: [...warnings, ...found, ...(record === undefined ? collected.warnings : refitWarnings)],
      trainingQuery: query.sql,
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    collected.store.dispose()
  }
}

type Bound = Parameters<typeof bindModel>[1]

/** The model with all its inputs written out. */
function declaredModel(model: ModelDef, bound: Bound) {
  const { value, diagnostics } = bindModel(model, bound)
  const inputs = Object.fromEntries(value.map((i) => [i.feature, i.encoder]))
  return { model: { ...model, inputs }, diagnostics }
}

/** What is wrong with the encoders tried, each looked at once. */
function choiceProblems({ over }: SelectionDef, declared: ModelDef, bound: Bound): Diagnostic[] {
  const most = Math.max(0, ...Object.values(over.inputs).map((c) => c.length))
  const found = new Map<string, Diagnostic>()
  for (let i = 0; i < most; i++) {
    const tried = Object.entries(over.inputs).flatMap(([feature, choices]) => {
      const choice = choices[i]
      return choice === undefined || choice === 'out' ? [] : [[feature, choice] as const]
    })
    if (tried.length === 0) continue
    const { diagnostics } = bindModel({ ...declared, inputs: Object.fromEntries(tried) }, bound)
    for (const d of diagnostics) found.set(`${d.code} ${d.message}`, d)
  }
  return [...found.values()]
}

const inputsOfAll = (candidates: readonly Candidate[]): ModelDef['inputs'] =>
  Object.fromEntries(
    candidates.flatMap((c) => Object.keys(c.model.inputs)).map((feature) => [feature, 'auto' as const]),
  )

function foldsInWords(folds: Folds, gapSeconds: number, keys: readonly string[]): string {
  if (folds.kind === 'time') {
    const gap =
      folds.gap !== undefined && durationSeconds(folds.gap) === gapSeconds ? folds.gap : `${gapSeconds} seconds`
    return `${folds.count} ${plural(folds.count)} by time${gapSeconds === 0 ? '' : `, ${gap} apart`}`
  }
  const times = folds.repeats === 1 ? '' : `, ${folds.repeats} times`
  return `${folds.count} ${plural(folds.count)} by hash of ${(folds.by ?? keys).join(', ')}${times}`
}

const plural = (count: number): string => (count === 1 ? 'fold' : 'folds')

/** Lines of the table a record keeps. */
const mostLines = 100

function selectionRecord({ name, metric, rule }: SelectionDef, folds: string, { table }: Comparison): SelectionRecord {
  const none = { mean: null, standardError: null }
  const count = (state: ComparedCandidate['state']): number => table.filter((t) => t.state === state).length
  return {
    name,
    metric,
    rule,
    folds,
    candidates: { tried: table.length, pruned: count('pruned'), failed: count('failed') },
    chosen: table.find((t) => t.state === 'chosen')?.candidate ?? '',
    table: table.slice(0, mostLines).map((t) => ({
      candidate: t.candidate,
      state: t.state,
      folds: t.folds,
      score: { ...(t.metrics[metric] ?? none) },
      worseBy: { ...t.worseBy },
      nonZero: t.nonZero,
    })),
  }
}

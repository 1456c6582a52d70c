/** What a candidate scores on the rows of a fold that it was not fitted on. */
import type { Diagnostic, Metrics, ModelDef } from '@viewcast/compiler'
import type { Collected } from '../collect/collect.ts'
import { fitDesign } from '../fit-design.ts'
import { evaluateFit } from '../measure/evaluate-fit.ts'
import { type ClassFit, type Fit, scoresOf } from '../solve/fit.ts'
import type { Candidate } from './candidates.ts'
import type { FoldResult } from './choose.ts'
import { type EncodedFold, encodeFold, failureOf } from './fit-fold.ts'
import type { FoldPlan } from './folds.ts'

/**
 * Measures candidates on folds. The rows of a fold are encoded once for candidates that encode alike and follow each
 * other; encoders are learned on the fold's training rows alone.
 */
export function candidateMeasure(
  read: Collected,
  plan: FoldPlan,
  { signal, memoryBudgetBytes }: { readonly signal?: AbortSignal; readonly memoryBudgetBytes?: number },
): (candidate: Candidate, fold: number) => Promise<FoldResult> {
  let last: { readonly key: string; readonly encoded: EncodedFold | Diagnostic } | undefined
  const encodedFor = (model: ModelDef, fold: number): EncodedFold | Diagnostic => {
    const key = JSON.stringify([fold, Object.entries(model.inputs)])
    if (last?.key !== key) {
      // The rows of the last fold are given back before those of the next one are made.
      last = undefined
      last = { key, encoded: encodeFold(model, read, (k) => plan.partOf(fold, k), memoryBudgetBytes) }
    }
    return last.encoded
  }
  return async ({ model }, fold) => {
    const started = performance.now()
    const failed = ({ code, message }: Diagnostic): FoldResult => ({
      fold,
      metrics: {},
      nonZero: 0,
      seconds: secondsSince(started),
      failure: { code, message },
    })
    const encoded = encodedFor(model, fold)
    if ('code' in encoded) return failed(encoded)
    try {
      const fit = await fitDesign(model, encoded.train, { signal, classes: read.classes?.names })
      const { metrics } = await evaluateFit(model, fit, encoded.validation, 0, signal)
      return { fold, metrics: withDeviance(model, metrics), nonZero: nonZeros(fit), seconds: secondsSince(started) }
    } catch (e) {
      return failed(failureOf(e))
    }
  }
}

const secondsSince = (started: number): number => Number(((performance.now() - started) / 1000).toFixed(3))

/** The mean unit deviance of gaussian is the mean squared error. */
function withDeviance({ family }: ModelDef, metrics: Metrics): Metrics {
  const { rmse } = metrics
  return family === 'gaussian' && typeof rmse === 'number' ? { ...metrics, deviance: rmse * rmse } : metrics
}

const nonZeros = (fit: Fit | ClassFit): number =>
  scoresOf(fit).reduce((n, score) => n + (score?.slice(1).filter((v) => v !== 0 && !Number.isNaN(v)).length ?? 0), 0)

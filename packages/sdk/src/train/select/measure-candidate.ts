/** What a candidate scores on the rows of a fold that it was not fitted on. */
import { type Diagnostic, labelKind, type ModelDef } from '@viewcast/compiler'
import type { Collected } from '../collect/collect.ts'
import { fitDesign } from '../fit-design.ts'
import { evaluateFit, predictionsOf } from '../measure/evaluate-fit.ts'
import { familyFunctions } from '../solve/families.ts'
import { type ClassFit, type Design, type Fit, scoresOf } from '../solve/fit.ts'
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
      const fit = await fitDesign(model, encoded.train, { signal })
      const { metrics } = await evaluateFit(model, fit, encoded.validation, 0, signal)
      const deviance =
        labelKind(model.family) === 'number' ? await meanDeviance(model, fit, encoded.validation, signal) : {}
      return { fold, metrics: { ...metrics, ...deviance }, nonZero: nonZeros(fit), seconds: secondsSince(started) }
    } catch (e) {
      return failed(failureOf(e))
    }
  }
}

const secondsSince = (started: number): number => Number(((performance.now() - started) / 1000).toFixed(3))

/** Per row of weight 1: twice the log-likelihood that is missing, times the dispersion. */
async function meanDeviance(
  model: ModelDef,
  fit: Fit | ClassFit,
  design: Design,
  signal: AbortSignal | undefined,
): Promise<{ readonly deviance: number | null }> {
  const { loss } = familyFunctions(model.family, model.link)
  const { predictions, labels, weights } = await predictionsOf(model, fit, design, signal)
  let [sum, total] = [0, 0]
  for (let r = 0; r < labels.length; r++) {
    const w = weights === undefined ? 1 : (weights[r] as number)
    sum += 2 * w * loss(labels[r] as number, predictions[r] as number)
    total += w
  }
  const deviance = sum / total
  return { deviance: Number.isFinite(deviance) ? deviance : null }
}

const nonZeros = (fit: Fit | ClassFit): number =>
  scoresOf(fit).reduce((n, score) => n + (score?.slice(1).filter((v) => v !== 0 && !Number.isNaN(v)).length ?? 0), 0)

/** What a decision at a threshold comes to. */
import { type Estimate, shareEstimate } from './estimate.ts'
import type { Ranked } from './ranked.ts'

/** Weights of rows by label and by whether the prediction reaches the threshold. */
export interface Confusion {
  readonly threshold: number
  readonly truePositive: number
  readonly falsePositive: number
  readonly falseNegative: number
  readonly trueNegative: number
}

export function confusionAt({ steps, ones, zeros }: Ranked, threshold: number): Confusion {
  let truePositive = 0
  let falsePositive = 0
  for (const s of steps) {
    if (!(s.at >= threshold)) break
    truePositive += s.ones
    falsePositive += s.zeros
  }
  return {
    threshold,
    truePositive,
    falsePositive,
    falseNegative: ones - truePositive,
    trueNegative: zeros - falsePositive,
  }
}

export interface Decision {
  readonly threshold: number
  /** Share of rows that reach it. */
  readonly flagged: number
  readonly accuracy: Estimate
  readonly precision: Estimate
  readonly recall: Estimate
  readonly specificity: Estimate
  readonly f1: number
}

/** `perWeight` is the number of rows that a weight of 1 stands for in the intervals (1 without weights). */
export function decision(c: Confusion, perWeight = 1): Decision {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = c
  const total = tp + fp + fn + tn
  const share = (part: number, of: number): Estimate =>
    of === 0 ? { value: Number.NaN } : shareEstimate(part / of, of * perWeight)
  return {
    threshold: c.threshold,
    flagged: (tp + fp) / total,
    accuracy: share(tp + tn, total),
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    specificity: share(tn, tn + fp),
    f1: tp === 0 ? 0 : (2 * tp) / (2 * tp + fp + fn),
  }
}

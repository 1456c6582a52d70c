/** Weights by label, times the case weights of the rows a model is fitted on. */
import { type ClassWeights, fail } from '@viewcast/compiler'
import type { Block, ClassFit, Design, Fit } from '../solve/fit.ts'
import { eachBlock } from '../solve/passes.ts'

/** By the label as the design has it: 0 and 1, or the place of a class. */
export type ClassFactors = readonly number[]

/**
 * What rows count for by their label. `balanced` gives every class the same sum and keeps the total of all: n / (K · nₖ)
 * for K classes, counted by case weights.
 *
 * `classes` are the texts of the labels, in order. Errors: `train/class-weights` when a class named has no rows;
 * `engine/interrupted`.
 */
export async function classFactors(
  { weights }: ClassWeights,
  classes: readonly string[],
  label: string,
  design: Design,
  signal: AbortSignal | undefined,
): Promise<ClassFactors> {
  const totals = classes.map(() => 0)
  await eachBlock(design, signal, ({ rows, y, weight }) => {
    for (let r = 0; r < rows; r++) {
      const c = y[r] as number
      totals[c] = (totals[c] ?? 0) + (weight === undefined ? 1 : (weight[r] as number))
    }
  })
  if (weights === 'balanced') {
    const seen = totals.filter((t) => t > 0)
    const all = seen.reduce((a, b) => a + b, 0)
    return totals.map((t) => (t > 0 ? all / (seen.length * t) : 1))
  }
  const unknown = Object.keys(weights).find((c) => !((totals[classes.indexOf(c)] ?? 0) > 0))
  if (unknown !== undefined) fail('train/class-weights', { label, class: unknown, classes: classes.join(', ') })
  return classes.map((c) => weights[c] ?? 1)
}

/** The same rows, counting for more or less. */
export function weighedDesign(design: Design, factors: ClassFactors): Design {
  /** By the weights they stand for: a design that keeps its blocks gives the same ones in every pass. */
  const known = new WeakMap<Float64Array, Float64Array>()
  const weigh = ({ rows, y, weight }: Block): Float64Array => {
    const kept = known.get(y)
    // A design that does not keep its blocks fills the same arrays again.
    const into = kept !== undefined && kept.length >= rows ? kept : new Float64Array(Math.max(rows, y.length))
    for (let r = 0; r < rows; r++) {
      into[r] = (factors[y[r] as number] ?? 1) * (weight === undefined ? 1 : (weight[r] as number))
    }
    known.set(y, into)
    return into
  }
  return {
    ...design,
    *blocks() {
      for (const block of design.blocks()) yield { ...block, weight: weigh(block) }
    },
  }
}

/**
 * Takes the weights out of the intercepts: rows counting f times as much add ln f to the log-odds of their class, and
 * nothing else, when the model holds.
 *
 * Source: King and Zeng, Logistic Regression in Rare Events Data, Political Analysis 9 (2001), section 4.1.
 */
export function withoutPrior<F extends Fit | ClassFit>(fit: F, factors: ClassFactors): F {
  const logs = factors.map(Math.log)
  if (!('scores' in fit)) return { ...fit, intercept: fit.intercept - ((logs[1] as number) - (logs[0] as number)) }
  // A class without coefficients is the one the others are compared with; its score stays 0.
  const base = logs[fit.scores.indexOf(null)] ?? 0
  const scores = fit.scores.map((score, c) =>
    score === null ? null : score.map((v, i) => (i === 0 ? v - ((logs[c] as number) - base) : v)),
  )
  return { ...fit, scores }
}

/** The texts of an outcome's labels, in the order of the design's 0 and 1. */
export const outcomeClasses = ['false', 'true'] as const satisfies readonly string[]

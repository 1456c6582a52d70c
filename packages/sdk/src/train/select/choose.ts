/** Which candidate is chosen, and the table it is chosen from. */
import { fail } from '@viewcast/compiler'
import { isMoreBetter, type SelectionDef } from '../../define/selection.ts'
import type { Candidate } from './candidates.ts'
import { bestOf, summaryOf, worseBy } from './compare.ts'

/** What a candidate gave on one fold. */
export interface FoldResult {
  readonly fold: number
  readonly metrics: Readonly<Record<string, number | null>>
  /** Coefficients other than 0, without intercepts. */
  readonly nonZero: number
  readonly seconds: number
  /** Why it could not be fitted or measured. */
  readonly failure?: { readonly code: string; readonly message: string }
}

export interface Outcome {
  readonly candidate: Candidate
  /** By fold, in order, as far as it was measured. */
  readonly results: readonly FoldResult[]
  /** Stopped as clearly worse after the folds it has. */
  readonly pruned: boolean
}

/** Mean and standard error over folds; null where the folds do not define them. */
export interface MetricSummary {
  readonly mean: number | null
  readonly standardError: number | null
}

/** A line of the comparison table. */
export interface ComparedCandidate {
  readonly candidate: string
  readonly key: string
  readonly state: 'chosen' | 'measured' | 'pruned' | 'failed'
  /** Folds it was measured on. */
  readonly folds: number
  readonly metrics: Readonly<Record<string, MetricSummary>>
  /** How much worse than the best one on the folds both have, by the metric of the selection. */
  readonly worseBy: MetricSummary
  /** Mean number of coefficients other than 0. */
  readonly nonZero: number
  readonly seconds: number
  readonly failure?: { readonly code: string; readonly message: string; readonly fold: number }
}

export interface Comparison {
  readonly chosen: number
  /** With the best mean. */
  readonly best: number
  /** Best first; those that failed last. */
  readonly table: readonly ComparedCandidate[]
}

/** Errors: `select/no-result`. */
export function compareOutcomes(selection: SelectionDef, outcomes: readonly Outcome[]): Comparison {
  const { metric, rule, name } = selection
  const moreIsBetter = isMoreBetter(metric)
  const scores = outcomes.map((o) => scoresOf(o, metric))
  const complete = scores.map((s, i) => (outcomes[i]?.pruned ? undefined : s))
  const best = bestOf(complete, moreIsBetter)
  if (best === undefined) {
    const failed = outcomes.find((o) => failureOf(o) !== undefined)
    fail('select/no-result', {
      selection: name,
      candidate: failed?.candidate.title ?? 'each',
      detail: (failed && failureOf(failed)?.message) ?? `${metric} has no value`,
    })
  }
  const bestScores = complete[best] as number[]
  const summary = summaryOf(bestScores)
  const loss = (i: number): number => {
    const mean = summaryOf(scores[i] ?? [null])?.mean ?? Number.POSITIVE_INFINITY
    return moreIsBetter ? -mean : mean
  }
  const reach = loss(best) + (rule === 'best' ? 0 : (summary?.standardError ?? 0))
  const near = [...outcomes.keys()].filter((i) => complete[i] !== undefined && loss(i) <= reach)
  const chosen = rule === 'best' ? best : (near.sort((a, b) => compareSimplicity(outcomes, a, b) || a - b)[0] ?? best)

  const lines = outcomes.map((outcome, i): ComparedCandidate => {
    const failure = failureOf(outcome)
    const own = scores[i]
    const difference = own === undefined ? undefined : worseBy(own, bestScores, moreIsBetter)
    return {
      candidate: outcome.candidate.title,
      key: outcome.candidate.key,
      state:
        i === chosen
          ? 'chosen'
          : failure !== undefined || own === undefined
            ? 'failed'
            : outcome.pruned
              ? 'pruned'
              : 'measured',
      folds: outcome.results.filter((r) => r.failure === undefined).length,
      metrics: metricsOf(outcome),
      worseBy: { mean: difference?.mean ?? null, standardError: difference?.standardError ?? null },
      nonZero: complexity(outcome),
      seconds: outcome.results.reduce((s, r) => s + r.seconds, 0),
      ...(failure === undefined ? {} : { failure }),
    }
  })
  const order = [...lines.keys()].sort(
    (a, b) => rank(lines, outcomes, a) - rank(lines, outcomes, b) || loss(a) - loss(b) || a - b,
  )
  return { chosen, best, table: order.map((i) => lines[i] as ComparedCandidate) }
}

/** Those measured on every fold, those stopped, those that failed: means over different folds are not compared. */
const rank = (lines: readonly ComparedCandidate[], outcomes: readonly Outcome[], i: number): number =>
  lines[i]?.state === 'failed' ? 2 : outcomes[i]?.pruned ? 1 : 0

/** By fold; undefined for a candidate that failed in one or has no value there. */
export function scoresOf({ results }: Outcome, metric: string): number[] | undefined {
  const scores = results.map((r) => (r.failure === undefined ? (r.metrics[metric] ?? null) : null))
  return scores.length > 0 && scores.every((s) => s !== null) ? scores : undefined
}

function failureOf({ results }: Outcome): ComparedCandidate['failure'] | undefined {
  const failed = results.find((r) => r.failure !== undefined)
  return failed?.failure && { ...failed.failure, fold: failed.fold }
}

function metricsOf({ results }: Outcome): Record<string, MetricSummary> {
  const measured = results.filter((r) => r.failure === undefined)
  const names = [...new Set(measured.flatMap((r) => Object.keys(r.metrics)))]
  return Object.fromEntries(
    names.map((name) => {
      const found = summaryOf(measured.map((r) => r.metrics[name] ?? null))
      return [name, { mean: found?.mean ?? null, standardError: found?.standardError ?? null }]
    }),
  )
}

const complexity = ({ results }: Outcome): number => {
  const measured = results.filter((r) => r.failure === undefined)
  return measured.length === 0 ? 0 : measured.reduce((s, r) => s + r.nonZero, 0) / measured.length
}

/** Below 0 when the first is simpler: fewer coefficients other than 0, then the larger penalty. */
function compareSimplicity(outcomes: readonly Outcome[], a: number, b: number): number {
  const [one, other] = [outcomes[a] as Outcome, outcomes[b] as Outcome]
  const [p, q] = [one.candidate.model.penalty, other.candidate.model.penalty]
  return complexity(one) - complexity(other) || q.l1 - p.l1 || q.l2 - p.l2
}

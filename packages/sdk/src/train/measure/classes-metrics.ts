/** How well probabilities of several classes fit the classes of rows. */
import type { Metrics } from '@viewcast/compiler'
import { auc } from './auc.ts'
import { averageOf, logLossClip } from './metrics.ts'

/**
 * Metrics of the probabilities of several classes; empty without rows.
 *
 * `logLoss`, the mean of −ln of the probability given to a row's class, clipped at 1e-15; `brier`, the mean squared error of
 * all probabilities of a row together, 0 to 2; `accuracy` of the likeliest class, the first of equal ones; `auc`, the mean
 * over the classes of telling a class from all others, null when a class does not occur; `largestShare`, of the most
 * frequent class. `labels` are places of classes, −1 for one that has no probability. With `weights` all are weighted.
 */
export function classesMetrics(
  probabilities: readonly Float64Array[],
  labels: Float64Array,
  weights?: Float64Array,
): Metrics {
  const rows = labels.length
  if (rows === 0) return {}
  const average = (of: (r: number) => number): number | null =>
    averageOf(
      labels.map((_, r) => of(r)),
      weights,
    )
  const given = (r: number): number => probabilities[labels[r] as number]?.[r] ?? 0
  const likeliest = (r: number): number => {
    let best = 0
    for (let c = 0; c < probabilities.length; c++) {
      if ((probabilities[c]?.[r] as number) > (probabilities[best]?.[r] as number)) best = c
    }
    return Number.isNaN(probabilities[0]?.[r]) ? Number.NaN : best
  }
  const shares = probabilities.map((_, c) => average((r) => (labels[r] === c ? 1 : 0)) ?? 0)
  const areas = probabilities.map((p, c) =>
    auc(
      p,
      labels.map((y) => (y === c ? 1 : 0)),
      weights,
    ),
  )
  const area = areas.reduce((s, a) => s + a, 0) / areas.length
  return {
    auc: Number.isFinite(area) ? area : null,
    logLoss: average((r) => -Math.log(Math.min(1 - logLossClip, Math.max(logLossClip, given(r))))),
    brier: average((r) =>
      probabilities.reduce(
        (s, p, c) => s + ((p[r] as number) - (labels[r] === c ? 1 : 0)) ** 2,
        labels[r] === -1 ? 1 : 0,
      ),
    ),
    accuracy: average((r) => {
      const best = likeliest(r)
      return Number.isNaN(best) ? best : Number(best === labels[r])
    }),
    largestShare: Math.max(...shares),
  }
}

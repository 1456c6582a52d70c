/** Racing: candidates that are clearly worse than the best one are not measured on further folds. */
import type { Pruning, SelectionDef } from '../../define/selection.ts'
import { bestOf, type FoldScores, summaryOf, worseBy } from './compare.ts'

/**
 * Places of the candidates to stop, given the scores of those still running on the same folds.
 *
 * A candidate is stopped when its paired difference to the best one is more than `standardErrors` of its own standard
 * errors. With the rule `oneStandardError` it must also be further from the best mean than that rule can reach, or
 * pruning would change what is chosen: two standard errors of the best mean, as its last folds may still move it.
 */
export function toStop(
  running: readonly (FoldScores | undefined)[],
  { after, standardErrors }: Pruning,
  rule: SelectionDef['rule'],
  isMoreBetter: boolean,
): number[] {
  const best = bestOf(running, isMoreBetter)
  if (best === undefined) return []
  const scores = running[best] as FoldScores
  if (scores.length < after) return []
  const reach = rule === 'best' ? 0 : 2 * (summaryOf(scores)?.standardError ?? 0)
  return running.flatMap((own, i) => {
    if (own === undefined || i === best) return []
    const worse = worseBy(own, scores, isMoreBetter)
    if (worse === undefined || worse.standardError === null) return []
    return worse.mean > standardErrors * worse.standardError && worse.mean > reach ? [i] : []
  })
}

/** Measures candidates fold by fold, and stops those that are clearly worse. */
import { isMoreBetter, type SelectionDef } from '../../define/selection.ts'
import { stopIfAborted } from '../solve/passes.ts'
import type { Candidate } from './candidates.ts'
import { type FoldResult, type Outcome, scoresOf } from './choose.ts'
import { toStop } from './prune.ts'
import type { SavedResults } from './saved-results.ts'

export interface RaceOptions {
  /** Called with the results made and those to be made, as far as is known: earlier ones take no time. */
  readonly onResult?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Raced {
  readonly outcomes: readonly Outcome[]
  /** Results of this run, and of earlier ones. */
  readonly measured: number
  readonly reused: number
}

/**
 * All candidates are measured on a fold before the next one, so that they can be compared on the same rows. What a
 * candidate gives on a fold depends on nothing but both, so pruning changes no other result, and results of an
 * interrupted run can be taken over.
 *
 * Errors: `engine/interrupted`, when every result so far is saved.
 */
export async function race(
  selection: SelectionDef,
  candidates: readonly Candidate[],
  folds: number,
  measure: (candidate: Candidate, fold: number) => Promise<FoldResult>,
  saved: SavedResults,
  { onResult, signal }: RaceOptions,
): Promise<Raced> {
  const results: FoldResult[][] = candidates.map(() => [])
  const pruned = new Set<number>()
  const failed = new Set<number>()
  let [measured, reused] = [0, 0]
  const running = (): number[] => [...candidates.keys()].filter((i) => !pruned.has(i) && !failed.has(i))
  for (let fold = 0; fold < folds; fold++) {
    // Those that encode their rows alike follow each other.
    const order = running().sort((a, b) => compareText(encodingOf(candidates, a), encodingOf(candidates, b)) || a - b)
    const isMissing = (i: number, f: number): boolean => saved.find((candidates[i] as Candidate).key, f) === undefined
    let left = order.filter((i) => isMissing(i, fold)).length
    let later = 0
    for (let f = fold + 1; f < folds; f++) later += order.filter((i) => isMissing(i, f)).length
    for (const i of order) {
      stopIfAborted(signal)
      const candidate = candidates[i] as Candidate
      let result = saved.find(candidate.key, fold)
      if (result !== undefined) reused++
      else {
        result = await measure(candidate, fold)
        await saved.add(candidate.key, candidate.title, result)
        measured++
        left--
      }
      results[i]?.push(result)
      if (result.failure !== undefined) failed.add(i)
      onResult?.(measured, measured + left + later)
    }
    if (selection.pruning === null || fold === folds - 1) continue
    const outcomes = candidates.map((candidate, i) => ({
      candidate,
      results: results[i] as FoldResult[],
      pruned: false,
    }))
    const scores = outcomes.map((o, i) => (pruned.has(i) || failed.has(i) ? undefined : scoresOf(o, selection.metric)))
    for (const i of toStop(scores, selection.pruning, selection.rule, isMoreBetter(selection.metric))) pruned.add(i)
  }
  const outcomes = candidates.map((candidate, i) => ({
    candidate,
    results: results[i] as FoldResult[],
    pruned: pruned.has(i),
  }))
  return { outcomes, measured, reused }
}

const encodingOf = (candidates: readonly Candidate[], i: number): string =>
  JSON.stringify(Object.entries(candidates[i]?.model.inputs ?? {}))

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Target encoding of the training rows: each row by the labels of the other folds, so that its own label is no part of
 * what it is predicted from.
 */
import type { LearnedInput } from '@viewcast/compiler'
import type { Collected, CollectedInput } from '../collect/collect.ts'
import type { ColumnEncoder } from './column-encoder.ts'
import { meanOf, smoothed } from './learn-levels.ts'
import { type FoldSums, foldOf, labelSums, levelOf } from './levels-of.ts'

/** Undefined where an input is encoded alike in all parts. Reads the store once. */
export function outOfFoldEncoder(
  { encoder }: LearnedInput,
  collected: Pick<Collected, 'store' | 'inputs'>,
  input: number,
): ColumnEncoder | undefined {
  if (encoder.kind !== 'levels' || encoder.outOfFold === undefined) return undefined
  const { folds, smoothing, prior } = encoder.outOfFold
  const sums = labelSums(collected, input, folds)
  const priors = Array.from({ length: folds }, (_, fold) => prior ?? meanOf(sums.all, fold))
  const valuesOf = (own: FoldSums): number[] => priors.map((p, fold) => smoothed(own, smoothing, p, fold))
  const known = new Set(encoder.levels)
  const byLevel = new Map([...sums.levels].map(([level, own]) => [level, known.has(level) ? valuesOf(own) : priors]))
  const hasOwnLevel = encoder.missing !== encoder.unseen
  const whereMissing = encoder.missing === null ? undefined : hasOwnLevel ? valuesOf(sums.missing) : priors
  const byStored = new Map<number, readonly number[]>()
  const collectedInput = collected.inputs[input] as CollectedInput
  const valuesOfStored = (stored: number): readonly number[] => {
    const found = byStored.get(stored) ?? byLevel.get(levelOf(collectedInput, stored)) ?? priors
    byStored.set(stored, found)
    return found
  }
  const stride = collected.store.width
  return {
    width: 1,
    encode(values, chosen, x, column, width, firstRow) {
      for (let r = 0, to = column; r < chosen.length; r++, to += width) {
        const at = chosen[r] as number
        const stored = values[at + input] as number
        const own = Number.isNaN(stored) ? whereMissing : valuesOfStored(stored)
        x[to] = own?.[foldOf(firstRow + at / stride, folds)] ?? Number.NaN
      }
    },
  }
}

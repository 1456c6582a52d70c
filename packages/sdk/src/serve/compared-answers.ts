/** How a challenger's answer differs from the champion's, as `challenge` counts it. */
import { labelKind, type ModelRecord, outputName, outputs } from '@viewcast/compiler'

type Said = Readonly<Record<string, unknown>>

export interface ComparedAnswer {
  /** Whether both give the same label; undefined where one of both gives none. */
  readonly agrees: boolean | undefined
  /** Output → challenger less champion, where both give a number. */
  readonly differences: readonly (readonly [output: string, by: number])[]
}

/** Numbers beyond this are no scores; see `challenge`. */
const largest = 1e70

const isScore = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= largest

export function comparedAnswers(champion: ModelRecord, challenger: ModelRecord): (a: Said, b: Said) => ComparedAnswer {
  const numbers = (record: ModelRecord) => outputs(record).flatMap((o) => (o.type === 'float8' ? [o.name] : []))
  const theirs = new Set(numbers(challenger))
  const both = numbers(champion).filter((name) => theirs.has(name))
  const isSameKind = labelKind(champion.family) === labelKind(challenger.family)
  const [own, other] = [labelOf(champion), labelOf(challenger)]
  return (a, b) => {
    const [x, y] = isSameKind ? [own(a), other(b)] : []
    return {
      agrees: x === undefined || y === undefined ? undefined : x === y,
      differences: both.flatMap((name) => {
        const [from, to] = [a[name], b[name]]
        return isScore(from) && isScore(to) ? [[name, to - from] as const] : []
      }),
    }
  }
}

/** The label it gives, or the one its number stands for. */
function labelOf(record: ModelRecord): (said: Said) => unknown {
  const names = new Set(outputs(record).map((o) => o.name))
  if (names.has('label')) return (said) => said['label'] ?? undefined
  const value = labelKind(record.family) === 'outcome' ? outputName(record.family) : undefined
  if (value === undefined || !names.has(value)) return () => undefined
  const least = record.family === 'svm' ? 0 : record.threshold
  return (said) => {
    const found = said[value]
    // NaN is greater than any number to the database.
    return typeof found === 'number' ? found >= least || Number.isNaN(found) : undefined
  }
}

/** What repeated measurements of a busy machine still say: the middle, and the least. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? at(sorted, half) : (at(sorted, half - 1) + at(sorted, half)) / 2
}
export const least = (values: readonly number[]): number => Math.min(...values)

const at = (values: readonly number[], i: number): number => values[i] ?? Number.NaN

/** `683 ms`, or `2.14 s` from ten seconds on. */
export const duration = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`)

/**
 * Runs every contender once per round, each round in another order: what else the machine does meets all of them.
 * The first round warms up and is not counted.
 */
export async function inRounds<K extends string>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<void>>>,
): Promise<void> {
  const names = Object.keys(contenders) as K[]
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]
      if (name !== undefined) await contenders[name]()
    }
  }
}

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
 * Runs every contender once per round, each round in another order: what else the machine does meets all of them, and none
 * always comes after the one that leaves the caches warm.
 */
export async function inRounds(
  rounds: number,
  contenders: Readonly<Record<string, (() => Promise<unknown>) | undefined>>,
): Promise<void> {
  const all = Object.values(contenders).filter((c) => c !== undefined)
  for (let round = 0; round < rounds; round++) {
    for (const i of shuffled(all.length, round)) await all[i]?.()
  }
}

/** The same order each time the benchmark runs. */
function shuffled(length: number, round: number): number[] {
  const place = (i: number): number => Math.imul((i + 1) * 0x9e3779b1 + round * 0x85ebca6b, 0xc2b2ae35) >>> 8
  return Array.from({ length }, (_, i) => i).sort((a, b) => place(a) - place(b))
}

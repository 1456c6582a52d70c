/** Whether two databases give the same predictions. */
import type { Database } from '@viewcast/sdk'

export interface Comparison {
  readonly rows: number
  /** Keys that only one side has. */
  readonly missing: number
  /** Largest difference of two probabilities, in units in the last place. */
  readonly maxUlp: number
}

/** Runs one text, with columns Key and probability, on both. */
export async function compare(here: Database, there: Database, sql: string): Promise<Comparison> {
  const read = async (db: Database) =>
    new Map((await db.rows<{ Key: number; probability: number }>(sql)).map((r) => [r.Key, r.probability]))
  const [mine, theirs] = [await read(here), await read(there)]
  const keys = new Set([...mine.keys(), ...theirs.keys()])
  let missing = 0
  let maxUlp = 0
  for (const key of keys) {
    const [a, b] = [mine.get(key), theirs.get(key)]
    if (a === undefined || b === undefined) missing++
    else maxUlp = Math.max(maxUlp, ulps(a, b))
  }
  return { rows: keys.size, missing, maxUlp }
}

/** Between two numbers of one sign, neighbours are neighbouring bit patterns. */
const ulps = (a: number, b: number): number => {
  const [x = 0n, y = 0n] = new BigInt64Array(new Float64Array([a, b]).buffer)
  return Number(x > y ? x - y : y - x)
}

/**
 * Isotonic regression: the curve that never falls and is closest to the labels.
 *
 * Rows of equal scores are one. Neighbours that fall are pooled to their mean until none does; a pool is flat from its
 * first score to its last, and straight lines lead from one to the next, so that two scores in a gap keep their order.
 *
 * Source: Barlow, Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions (1972), 1.2.
 */
import type { CalibrationCurve } from '@viewcast/compiler'
import type { ScoredRows } from '../measure/scored-rows.ts'

/** Pools kept in the curve: it is part of every prediction query. */
const mostPools = 100

interface Pool {
  from: number
  to: number
  weight: number
  /** Σ w² of its rows, by which pools of uneven weights count for fewer rows. */
  squares: number
  /** Mean label. */
  mean: number
}

/**
 * A pool at either end whose rows all have the same label gets ½/(n + 1), or 1 less that, for its n rows, as far as its
 * neighbour leaves room: a finite number of rows proves no certainty. Of more than 100 pools the two neighbours that are
 * closest, by the rise of the squared error, are joined until 100 are left.
 */
export function fitIsotonic(rows: ScoredRows): CalibrationCurve {
  const pools = fewer(pooled(rows))
  const probabilities = pools.map((p) => p.mean)
  const first = pools[0] as Pool
  const last = pools.at(-1) as Pool
  if (first.mean === 0) probabilities[0] = Math.min(doubt(first), probabilities[1] ?? 1)
  if (last.mean === 1) {
    probabilities[pools.length - 1] = Math.max(1 - doubt(last), probabilities[pools.length - 2] ?? 0)
  }
  const knots = pools.flatMap(({ from, to }, i) => {
    const probability = probabilities[i] as number
    return from === to ? [{ score: from, probability }] : [from, to].map((score) => ({ score, probability }))
  })
  return { kind: 'isotonic', knots }
}

const doubt = ({ weight, squares }: Pool): number => 0.5 / ((weight * weight) / squares + 1)

function pooled({ scores, labels, weights }: ScoredRows): Pool[] {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const pools: Pool[] = []
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i] as number] as number
    const pool: Pool = { from: score, to: score, weight: 0, squares: 0, mean: 0 }
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      const r = order[i] as number
      const w = weights?.[r] ?? 1
      pool.weight += w
      pool.squares += w * w
      pool.mean += (w / pool.weight) * ((labels[r] as number) - pool.mean)
    }
    pools.push(pool)
    while (pools.length > 1 && (pools.at(-2) as Pool).mean >= (pools.at(-1) as Pool).mean) join(pools, pools.length - 2)
  }
  return pools
}

/** Puts pool `i + 1` into pool `i`. */
function join(pools: Pool[], i: number): void {
  const a = pools[i] as Pool
  const b = pools[i + 1] as Pool
  a.weight += b.weight
  a.squares += b.squares
  a.mean += (b.weight / a.weight) * (b.mean - a.mean)
  a.to = b.to
  pools.splice(i + 1, 1)
}

function fewer(pools: Pool[]): Pool[] {
  while (pools.length > mostPools) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i + 1 < pools.length; i++) {
      const a = pools[i] as Pool
      const b = pools[i + 1] as Pool
      const rise = ((a.weight * b.weight) / (a.weight + b.weight)) * (b.mean - a.mean) ** 2
      if (rise < least) {
        least = rise
        best = i
      }
    }
    join(pools, best)
  }
  return pools
}

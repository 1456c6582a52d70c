/**
 * Area under the ROC curve: the probability that a row of class 1 scores above a row of class 0, ties counting one half.
 *
 * Exact, by sorting: each class's scores are sorted on their own and merged, which takes 8 bytes per row and no index.
 * NaN without rows of both classes, or when a score is NaN. Source: Hanley and McNeil, The meaning and use of the area
 * under a receiver operating characteristic (ROC) curve, Radiology 143 (1982).
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): number {
  return weights === undefined ? plainAuc(scores, labels) : weightedAuc(scores, labels, weights)
}

function plainAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = scores.length
  let ones = 0
  for (let r = 0; r < rows; r++) if (labels[r] === 1) ones++
  const positive = new Float64Array(ones)
  const negative = new Float64Array(rows - ones)
  for (let r = 0, p = 0, n = 0; r < rows; r++) {
    const s = scores[r] as number
    if (Number.isNaN(s)) return Number.NaN
    if (labels[r] === 1) positive[p++] = s
    else negative[n++] = s
  }
  positive.sort()
  negative.sort()
  let below = 0
  let upTo = 0
  let wins = 0
  for (const s of positive) {
    while (below < negative.length && (negative[below] as number) < s) below++
    while (upTo < negative.length && (negative[upTo] as number) <= s) upTo++
    wins += below + upTo
  }
  return wins / 2 / ones / (rows - ones)
}

function weightedAuc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: scores.length }, (_, r) => r)
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number))
  let ones = 0
  let zerosBelow = 0
  let wins = 0
  for (let from = 0; from < order.length; ) {
    const s = scores[order[from] as number] as number
    if (Number.isNaN(s)) return Number.NaN
    let tiedOnes = 0
    let tiedZeros = 0
    let to = from
    for (; to < order.length && scores[order[to] as number] === s; to++) {
      const r = order[to] as number
      if (labels[r] === 1) tiedOnes += weights[r] as number
      else tiedZeros += weights[r] as number
    }
    wins += tiedOnes * (zerosBelow + tiedZeros / 2)
    zerosBelow += tiedZeros
    ones += tiedOnes
    from = to
  }
  return wins / ones / zerosBelow
}

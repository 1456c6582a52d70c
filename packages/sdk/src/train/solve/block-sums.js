// What one pass adds up over some blocks. Plain JavaScript, as workspace.js is; the types are in block-sums.d.ts.

export function beginSums(workspace, kind, theta, withProducts) {
  workspace.clear()
  workspace.theta.set(theta)
  const sums = { value: 0, logWeights: 0, furthest: 0 }
  const look = kind === 'logistic' ? logistic : squares
  return {
    add(block) {
      for (let from = 0; from < block.rows; from += workspace.capacity) {
        const rows = Math.min(workspace.capacity, block.rows - from)
        workspace.load(block.x, from, rows)
        workspace.predict()
        look(workspace, block, from, rows, sums)
        workspace.addVector()
        if (withProducts) workspace.addProducts()
      }
    },
    end() {
      const products = withProducts ? { products: workspace.productSum() } : {}
      return { ...sums, vector: workspace.vectorSum(), ...products }
    },
  }
}

function logistic(workspace, block, from, rows, sums) {
  workspace.label.set(block.y.subarray(from, from + rows))
  const { loss, furthest } = workspace.logistic()
  if (!(furthest <= sums.furthest)) sums.furthest = furthest
  sums.value += block.weight === undefined ? loss : weighted(workspace, block.weight, from, rows)
}

/** Applies case weights to what `logistic` left, and returns the weighted −log-likelihood. */
function weighted({ predictor, label, vector, weight }, caseWeight, from, rows) {
  let loss = 0
  for (let r = 0; r < rows; r++) {
    const e = predictor[r]
    const w = caseWeight[from + r]
    loss += w * (Math.max(e, 0) - label[r] * e + Math.log1p(Math.exp(-Math.abs(e))))
    vector[r] = w * vector[r]
    weight[r] = w * weight[r]
  }
  return loss
}

function squares({ predictor, vector, weight }, block, from, rows, sums) {
  let sum = 0
  for (let r = 0; r < rows; r++) {
    const w = block.weight === undefined ? 1 : block.weight[from + r]
    const offset = block.offset === undefined ? 0 : block.offset[from + r]
    const e = block.y[from + r] - offset - predictor[r]
    if (w !== 1) sums.logWeights += Math.log(w)
    sum += w * e * e
    vector[r] = w * e
    weight[r] = w
  }
  sums.value += sum
}

/** The first becomes the sum of both. */
export function addSums(total, more) {
  if (total === undefined) return more
  total.value += more.value
  total.logWeights += more.logWeights
  if (!(more.furthest <= total.furthest)) total.furthest = more.furthest
  add(total.vector, more.vector)
  if (more.products !== undefined) add(total.products, more.products)
  return total
}

function add(to, from) {
  for (let i = 0; i < to.length; i++) to[i] += from[i]
}

// The workspace of kernels.ts. Plain JavaScript, because another thread runs it too and Node itself loads what a thread
// runs: version 20 does not read TypeScript. The types are in kernels.ts.

/** Index of the first element of row `i` in a packed lower triangle; also its length for size `i`. */
export const packed = (i) => (i * (i + 1)) / 2

const pageDoubles = 8192

/** Rows are loaded in portions of about 64 kB, so that the second and third look at them find them in cache. */
const portionDoubles = 8192

/** `logistic` multiplies up to half as many factors between 1 and 2 before their logarithm is taken: 2^256 at most. */
const mostRows = 512

/** See `createWorkspace` in kernels.ts, which compiles the module. */
export function workspaceOf(module, width, shift) {
  const isShifted = shift.some((s) => s !== 0)
  const capacity = Math.min(mostRows, Math.max(32, 2 * Math.floor(portionDoubles / 2 / Math.max(1, width))))
  const lead = Math.ceil(width / 4) * 4
  const padded = Math.ceil(width / 8) * 8

  let top = 0
  const area = (length) => {
    const at = top
    top += Math.ceil(length / 2) * 2
    return { at, length }
  }
  const areas = {
    theta: area(width + 1),
    predictor: area(capacity),
    vector: area(capacity),
    weight: area(capacity),
    label: area(capacity),
    sums: area(6),
    vectorSum: area(padded),
    weightSum: area(padded),
    productSum: area(lead * lead),
    x: area(capacity * width + 8),
  }
  const kernels = new WebAssembly.Instance(module).exports
  kernels.memory.grow(Math.ceil(top / pageDoubles))
  const { buffer } = kernels.memory
  const view = (a) => new Float64Array(buffer, a.at * 8, a.length)
  const pointer = (a) => a.at * 8

  const memory = view(areas.x)
  const vector = view(areas.vector)
  const weight = view(areas.weight)
  const predictor = view(areas.predictor)
  const label = view(areas.label)
  const sums = view(areas.sums)
  const vectorSum = view(areas.vectorSum)
  const weightSum = view(areas.weightSum)
  const productSum = view(areas.productSum)
  let rows = 0
  let vectorTotal = 0
  let weightTotal = 0

  return {
    capacity,
    theta: view(areas.theta),
    predictor,
    vector,
    weight,
    label,
    load(x, from, count) {
      rows = count
      const start = from * width
      const length = count * width
      if (!isShifted) memory.set(x.subarray(start, start + length))
      else {
        for (let i = 0; i < length; ) {
          for (let j = 0; j < width; j++, i++) memory[i] = x[start + i] - shift[j]
        }
      }
    },
    predict() {
      kernels.predictor(pointer(areas.x), rows, width, pointer(areas.theta), pointer(areas.predictor))
    },
    logistic() {
      const odd = rows % 2
      if (odd) {
        predictor[rows] = 0
        label[rows] = 0
      }
      kernels.logistic(
        pointer(areas.predictor),
        pointer(areas.label),
        rows,
        pointer(areas.vector),
        pointer(areas.weight),
        pointer(areas.sums),
      )
      const [a, b, c, d, e, f] = sums
      // The pad of an odd row has the predictor 0: a factor of 2 in the product, nothing elsewhere.
      return { loss: a + b + Math.log(c) + Math.log(odd ? d / 2 : d), furthest: Math.max(e, f) }
    },
    addVector() {
      vectorTotal += sumOf(vector, rows)
      kernels.crossVector(pointer(areas.x), rows, width, pointer(areas.vector), pointer(areas.vectorSum))
    },
    addProducts() {
      weightTotal += sumOf(weight, rows)
      kernels.crossVector(pointer(areas.x), rows, width, pointer(areas.weight), pointer(areas.weightSum))
      kernels.crossProducts(pointer(areas.x), rows, width, pointer(areas.weight), pointer(areas.productSum), lead)
    },
    clear() {
      vectorTotal = 0
      weightTotal = 0
      vectorSum.fill(0)
      weightSum.fill(0)
      productSum.fill(0)
    },
    vectorSum() {
      const sum = new Float64Array(width + 1)
      sum[0] = vectorTotal
      sum.set(vectorSum.subarray(0, width), 1)
      return sum
    },
    productSum() {
      const sum = new Float64Array(packed(width + 1))
      sum[0] = weightTotal
      for (let i = 0, h = 1; i < width; i++) {
        sum[h++] = weightSum[i]
        for (let j = 0; j <= i; j++) sum[h++] = productSum[i * lead + j]
      }
      return sum
    },
  }
}

function sumOf(v, length) {
  let s = 0
  for (let i = 0; i < length; i++) s += v[i]
  return s
}

/**
 * Arithmetic over a few hundred rows at a time: what a solver does with a block of its design.
 *
 * The loops are in `kernels.wat`. A workspace is the memory of one WebAssembly instance: rows are loaded into it, the
 * caller fills `vector` and `weight` between the calls, and the sums stay in it until they are read.
 */
import { kernelsModule } from './kernels.gen.ts'

/** Index of the first element of row `i` in a packed lower triangle; also its length for size `i`. */
export const packed = (i: number): number => (i * (i + 1)) / 2

export interface Workspace {
  /** Rows a load may hold. */
  readonly capacity: number
  /** Intercept, then a coefficient per column. */
  readonly theta: Float64Array
  /** `theta[0] + Σⱼ x[r, j] · theta[j + 1]` after `predict`. */
  readonly predictor: Float64Array
  readonly vector: Float64Array
  readonly weight: Float64Array
  readonly label: Float64Array
  /** Takes rows `from … from + rows` of a row-major matrix, less the shift. */
  load(x: Float64Array, from: number, rows: number): void
  predict(): void
  /**
   * For labels 0 and 1 and p = 1 / (1 + e^−predictor): vector = label − p and weight = p (1 − p).
   * Returns −log-likelihood and the largest |predictor|.
   */
  logistic(): { readonly loss: number; readonly furthest: number }
  /** Adds `Xᵀ vector`, with X led by a column of ones. */
  addVector(): void
  /** Adds `Xᵀ diag(weight) X`, with X led by a column of ones. */
  addProducts(): void
  /** Sets the sums to zero. */
  clear(): void
  /** The summed `Xᵀ vector`, intercept first. */
  vectorSum(): Float64Array
  /** The summed `Xᵀ diag(weight) X`, a packed lower triangle, intercept first. */
  productSum(): Float64Array
}

interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  predictor(x: number, rows: number, width: number, theta: number, out: number): void
  crossVector(x: number, rows: number, width: number, v: number, into: number): void
  crossProducts(x: number, rows: number, width: number, w: number, into: number, lead: number): void
  logistic(e: number, y: number, rows: number, residual: number, curvature: number, sums: number): void
}

/** The part of the global that is used here; its types are in the browser's library only. */
interface Assembly {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}
const assembly = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

const pageDoubles = 8192

/** Rows are loaded in portions of about 64 kB, so that the second and third look at them find them in cache. */
const portionDoubles = 8192

/** `logistic` multiplies up to half as many factors between 1 and 2 before their logarithm is taken: 2^256 at most. */
const mostRows = 512

let compiled: object | undefined

/** Memory for designs of `width` columns; `shift` has an element per column and is subtracted on loading. */
export function createWorkspace(width: number, shift: Float64Array): Workspace {
  const isShifted = shift.some((s) => s !== 0)
  const capacity = Math.min(mostRows, Math.max(32, 2 * Math.floor(portionDoubles / 2 / Math.max(1, width))))
  const lead = Math.ceil(width / 4) * 4
  const padded = Math.ceil(width / 8) * 8

  let top = 0
  const area = (length: number): { at: number; length: number } => {
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
  compiled ??= new assembly.Module(Buffer.from(kernelsModule, 'base64'))
  const kernels = new assembly.Instance(compiled).exports as Kernels
  kernels.memory.grow(Math.ceil(top / pageDoubles))
  const { buffer } = kernels.memory
  const view = (a: { at: number; length: number }): Float64Array => new Float64Array(buffer, a.at * 8, a.length)
  const pointer = (a: { at: number }): number => a.at * 8

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
          for (let j = 0; j < width; j++, i++) memory[i] = (x[start + i] as number) - (shift[j] as number)
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
      const [a, b, c, d, e, f] = sums as unknown as [number, number, number, number, number, number]
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
        sum[h++] = weightSum[i] as number
        for (let j = 0; j <= i; j++) sum[h++] = productSum[i * lead + j] as number
      }
      return sum
    },
  }
}

function sumOf(v: Float64Array, length: number): number {
  let s = 0
  for (let i = 0; i < length; i++) s += v[i] as number
  return s
}

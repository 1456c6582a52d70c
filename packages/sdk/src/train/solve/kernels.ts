/**
 * Arithmetic over a few hundred rows at a time: what a solver does with a block of its design.
 *
 * The loops are in `kernels.wat`. A workspace is the memory of one WebAssembly instance: rows are loaded into it, the
 * caller fills `vector` and `weight` between the calls, and the sums stay in it until they are read.
 */
import { kernelsModule } from './kernels.gen.ts'
import { workspaceOf } from './workspace.js'

export { packed } from './workspace.js'

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

/** The part of the global that is used here; its types are in the browser's library only. */
const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } }).WebAssembly

let compiled: object | undefined

/** The loops of `kernels.wat`; a thread is sent it compiled. */
export function kernelsProgram(): object {
  compiled ??= new Module(Buffer.from(kernelsModule, 'base64'))
  return compiled
}

/** Memory for designs of `width` columns; `shift` has an element per column and is subtracted on loading. */
export const createWorkspace = (width: number, shift: Float64Array): Workspace =>
  workspaceOf(kernelsProgram(), width, shift)

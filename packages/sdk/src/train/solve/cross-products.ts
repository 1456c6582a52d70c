/**
 * Everything least squares needs to know of the rows, one set per fold: cross-products of the shifted columns and the
 * shifted label, less its offset. Training sets of a cross-validation are sums of the other folds', held-out losses are quadratic forms.
 */
import type { Design } from './fit.ts'
import { foldOf } from './folds.ts'
import { createWorkspace, type Workspace } from './kernels.ts'
import { eachBlock } from './passes.ts'

/** Sums over rows of a design; the columns are led by one of ones. */
export interface CrossProducts {
  readonly rows: number
  /** Σ w x xᵀ, packed. */
  readonly products: Float64Array
  /** Σ w x y */
  readonly vector: Float64Array
  /** Σ w y² */
  readonly squares: number
}

export interface Origin {
  /** Subtracted from the columns and from the label, so that sums keep their digits. */
  readonly shift: Float64Array
  readonly labelMean: number
}

/** One pass over the rows; `folds` sets, 1 for no division. */
export async function crossProducts(
  design: Design,
  { shift, labelMean }: Origin,
  folds: number,
  signal: AbortSignal | undefined,
): Promise<readonly CrossProducts[]> {
  const width = design.columns.length
  const sets = Array.from({ length: folds }, () => createSet(width, shift))
  let before = 0
  await eachBlock(design, signal, (block) => {
    for (let r = 0; r < block.rows; r++) {
      const set = sets[folds === 1 ? 0 : foldOf(block, r, before, folds)] as ProductSet
      const y = (block.y[r] as number) - (block.offset?.[r] ?? 0) - labelMean
      set.add(block.x, r * width, y, block.weight?.[r] ?? 1)
    }
    before += block.rows
  })
  return sets.map((s) => s.read())
}

/** The sums of several sets together. */
export function together(sets: readonly CrossProducts[]): CrossProducts {
  const [first, ...others] = sets as readonly [CrossProducts, ...CrossProducts[]]
  const products = first.products.slice()
  const vector = first.vector.slice()
  let { rows, squares } = first
  for (const s of others) {
    for (let i = 0; i < products.length; i++) products[i] = (products[i] as number) + (s.products[i] as number)
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) + (s.vector[i] as number)
    rows += s.rows
    squares += s.squares
  }
  return { rows, products, vector, squares }
}

/** Σ w (y − θᵀx)², never below 0. */
export function squaredError({ products, vector, squares }: CrossProducts, theta: Float64Array): number {
  let sum = squares
  for (let i = 0, at = 0; i < theta.length; i++) {
    const ti = theta[i] as number
    sum -= 2 * ti * (vector[i] as number)
    for (let j = 0; j <= i; j++, at++) {
      sum += (i === j ? 1 : 2) * ti * (theta[j] as number) * (products[at] as number)
    }
  }
  return Math.max(0, sum)
}

interface ProductSet {
  add(x: Float64Array, at: number, y: number, weight: number): void
  read(): CrossProducts
}

/** Gathers rows until the workspace is full. */
function createSet(width: number, shift: Float64Array): ProductSet {
  const workspace: Workspace = createWorkspace(width, shift)
  const { capacity, vector, weight } = workspace
  const gathered = new Float64Array(capacity * width)
  let count = 0
  let rows = 0
  let squares = 0
  const flush = (): void => {
    if (count === 0) return
    workspace.load(gathered, 0, count)
    workspace.addVector()
    workspace.addProducts()
    count = 0
  }
  return {
    add(x, at, y, w) {
      for (let j = 0, to = count * width; j < width; j++) gathered[to + j] = x[at + j] as number
      vector[count] = w * y
      weight[count] = w
      squares += w * y * y
      rows++
      if (++count === capacity) flush()
    },
    read() {
      flush()
      return { rows, products: workspace.productSum(), vector: workspace.vectorSum(), squares }
    },
  }
}

/**
 * Cholesky factorisation of a packed symmetric matrix that may be singular.
 *
 * The matrix is scaled to a unit diagonal first, so a pivot is 1 − R² of its column given the ones before it and one
 * threshold serves every unit of measure. A column below the threshold is set aside as dependent; the others are
 * factorised as if it were not there.
 */
import { packed } from './kernels.ts'

/**
 * Pivot (1 − R²) below which a column counts as a combination of the others. Rounding leaves exact dependence at
 * about 1e-15; 1e-11 also catches columns that were rounded to single precision.
 */
export const dependenceThreshold = 1e-11

export interface Cholesky {
  readonly size: number
  /** Packed lower factor of the scaled matrix. */
  readonly lower: Float64Array
  /** 1 / √diagonal of the matrix; 0 where the diagonal is 0. */
  readonly scale: Float64Array
  /** 1 where the column was set aside. */
  readonly dependent: Uint8Array
}

/** Factorises; `matrix` is left as it is. */
export function factorise(matrix: Float64Array, size: number, threshold = dependenceThreshold): Cholesky {
  const lower = new Float64Array(packed(size))
  const scale = new Float64Array(size)
  const dependent = new Uint8Array(size)
  for (let i = 0; i < size; i++) {
    const d = matrix[packed(i) + i] as number
    scale[i] = d > 0 ? 1 / Math.sqrt(d) : 0
  }
  for (let i = 0; i < size; i++) {
    const row = packed(i)
    const si = scale[i] as number
    for (let j = 0; j <= i; j++) {
      if (j < i && dependent[j]) continue
      const other = packed(j)
      let s = (matrix[row + j] as number) * si * (scale[j] as number)
      for (let k = 0; k < j; k++) s -= (lower[row + k] as number) * (lower[other + k] as number)
      if (j < i) lower[row + j] = s / (lower[other + j] as number)
      else if (si === 0 || !(s > threshold)) dependent[i] = 1
      else lower[row + i] = Math.sqrt(s)
    }
  }
  return { size, lower, scale, dependent }
}

/** Solves `matrix · x = right`; the components of dependent columns are 0. */
export const solve = (c: Cholesky, right: Float64Array): Float64Array => backward(c, forward(c, right))

/** `L⁻¹ S x` with L the factor and S the scale, so that vectors with this matrix as covariance become uncorrelated. */
export function forward({ size, lower, scale, dependent }: Cholesky, right: Float64Array): Float64Array {
  const x = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    if (dependent[i]) continue
    const row = packed(i)
    let s = (right[i] as number) * (scale[i] as number)
    for (let k = 0; k < i; k++) s -= (lower[row + k] as number) * (x[k] as number)
    x[i] = s / (lower[row + i] as number)
  }
  return x
}

/** `S L⁻ᵀ x`, the transpose of {@link forward}. */
export function backward({ size, lower, scale, dependent }: Cholesky, right: Float64Array): Float64Array {
  const x = right.slice()
  for (let i = size - 1; i >= 0; i--) {
    if (dependent[i]) continue
    const row = packed(i)
    const xi = (x[i] as number) / (lower[row + i] as number)
    x[i] = xi
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (lower[row + k] as number) * xi
  }
  for (let i = 0; i < size; i++) x[i] = dependent[i] ? 0 : (x[i] as number) * (scale[i] as number)
  return x
}

/** The inverse, packed; 0 in the rows of dependent columns. */
export function inverse({ size, lower, scale, dependent }: Cholesky): Float64Array {
  const triangle = new Float64Array(packed(size))
  for (let j = 0; j < size; j++) {
    if (dependent[j]) continue
    for (let i = j; i < size; i++) {
      if (dependent[i]) continue
      const row = packed(i)
      let s = i === j ? 1 : 0
      for (let k = j; k < i; k++) s -= (lower[row + k] as number) * (triangle[packed(k) + j] as number)
      triangle[row + j] = s / (lower[row + i] as number)
    }
  }
  const product = new Float64Array(packed(size))
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let s = 0
      for (let k = i; k < size; k++) s += (triangle[packed(k) + i] as number) * (triangle[packed(k) + j] as number)
      product[packed(i) + j] = s * (scale[i] as number) * (scale[j] as number)
    }
  }
  return product
}

/** Diagonal of the inverse; NaN for dependent columns. */
export function inverseDiagonal(c: Cholesky): Float64Array {
  const { size, lower, scale, dependent } = c
  const diagonal = new Float64Array(size)
  const column = new Float64Array(size)
  for (let j = 0; j < size; j++) {
    if (dependent[j]) {
      diagonal[j] = Number.NaN
      continue
    }
    let sum = 0
    for (let i = j; i < size; i++) {
      if (dependent[i]) {
        column[i] = 0
        continue
      }
      const row = packed(i)
      let s = i === j ? 1 : 0
      for (let k = j; k < i; k++) s -= (lower[row + k] as number) * (column[k] as number)
      const v = s / (lower[row + i] as number)
      column[i] = v
      sum += v * v
    }
    const d = scale[j] as number
    diagonal[j] = sum * d * d
  }
  return diagonal
}

/** Whether some column follows from the others; columns with a zero diagonal do not count, they are constant. */
export const hasDependence = ({ scale, dependent }: Cholesky): boolean => dependent.some((d, i) => d && scale[i] !== 0)

/** For each dependent column the columns it follows from, itself last. */
export function dependences(c: Cholesky): readonly (readonly number[])[] {
  const { size, lower, scale, dependent } = c
  const found: number[][] = []
  for (let i = 0; i < size; i++) {
    if (!dependent[i] || scale[i] === 0) continue
    const row = packed(i)
    const weights = new Float64Array(i)
    for (let k = i - 1; k >= 0; k--) {
      if (dependent[k]) continue
      let s = lower[row + k] as number
      for (let m = k + 1; m < i; m++) s -= (weights[m] as number) * (lower[packed(m) + k] as number)
      weights[k] = s / (lower[packed(k) + k] as number)
    }
    const partners: number[] = []
    for (let k = 0; k < i; k++) if (Math.abs(weights[k] as number) > 1e-5) partners.push(k)
    found.push([...partners, i])
  }
  return found
}

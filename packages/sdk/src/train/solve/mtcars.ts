/** Test data: the cars of R's `mtcars`, and designs of their standardised columns. */
import type { Design } from './fit.ts'
import { arrayDesign } from './passes.ts'

export const cars = {
  cyl: [6, 6, 4, 6, 8, 6, 8, 4, 4, 6, 6, 8, 8, 8, 8, 8, 8, 4, 4, 4, 4, 8, 8, 8, 8, 4, 4, 4, 8, 6, 8, 4],
  disp: [
    160, 160, 108, 258, 360, 225, 360, 146.7, 140.8, 167.6, 167.6, 275.8, 275.8, 275.8, 472, 460, 440, 78.7, 75.7, 71.1,
    120.1, 318, 304, 350, 400, 79, 120.3, 95.1, 351, 145, 301, 121,
  ],
  hp: [
    110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 180, 180, 180, 205, 215, 230, 66, 52, 65, 97, 150, 150, 245,
    175, 66, 91, 113, 264, 175, 335, 109,
  ],
  drat: [
    3.9, 3.9, 3.85, 3.08, 3.15, 2.76, 3.21, 3.69, 3.92, 3.92, 3.92, 3.07, 3.07, 3.07, 2.93, 3, 3.23, 4.08, 4.93, 4.22,
    3.7, 2.76, 3.15, 3.73, 3.08, 4.08, 4.43, 3.77, 4.22, 3.62, 3.54, 4.11,
  ],
  wt: [
    2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.2,
    1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
  ],
  qsec: [
    16.46, 17.02, 18.61, 19.44, 17.02, 20.22, 15.84, 20, 22.9, 18.3, 18.9, 17.4, 17.6, 18, 17.98, 17.82, 17.42, 19.47,
    18.52, 19.9, 20.01, 16.87, 17.3, 15.41, 17.05, 18.9, 16.7, 16.9, 14.5, 15.5, 14.6, 18.6,
  ],
  gear: [4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 4, 4, 4, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5, 4],
  carb: [4, 4, 1, 1, 2, 1, 4, 2, 2, 4, 4, 3, 3, 3, 4, 4, 4, 1, 2, 1, 1, 2, 2, 4, 2, 1, 2, 2, 4, 6, 8, 2],
  mpg: [
    21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 32.4, 30.4, 33.9,
    21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4,
  ],
  am: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
}
export const names = ['cyl', 'disp', 'hp', 'drat', 'wt', 'qsec', 'gear', 'carb'] as const

function standardised(values: readonly number[]): readonly number[] {
  const mean = values.reduce((s, v) => s + v, 0) / values.length
  const deviation = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length)
  return values.map((v) => (v - mean) / deviation)
}

/** The key of row i is i, so that folds take turns. */
export function designOf(
  label: readonly number[],
  columns: readonly (keyof typeof cars)[] = names,
  weight?: number[],
): Design {
  const x = columns.map((c) => standardised(cars[c]))
  const rows = label.length
  const matrix = Float64Array.from({ length: rows * columns.length }, (_, i) => {
    return x[i % columns.length]?.[Math.floor(i / columns.length)] as number
  })
  const given = weight === undefined ? undefined : Float64Array.from(weight)
  const design = arrayDesign(columns, matrix, Float64Array.from(label), given, 7)
  return {
    ...design,
    *blocks() {
      let at = 0
      for (const block of design.blocks()) {
        yield { ...block, key: Float64Array.from({ length: block.rows }, () => at++) }
      }
    },
  }
}

/** The largest difference, as a share of the size of what is expected or of 1; NaN when there are more or fewer. */
export const farthest = (actual: readonly number[], expected: readonly number[]): number =>
  actual.length === expected.length
    ? Math.max(0, ...expected.map((e, i) => Math.abs((actual[i] as number) - e) / Math.max(1, Math.abs(e))))
    : Number.NaN

/**
 * A first look at a design: where its columns lie, how wide they are, and some rows of it for a warm start.
 *
 * Columns far from zero (|mean| above four standard deviations) are shifted to their mean before anything is squared;
 * the others are left alone, so that an indicator column keeps its zeros. A fit is the same whatever the shift, only
 * the intercept moves, and it is moved back at the end.
 */
import type { Design } from './fit.ts'
import { arrayDesign, eachBlock } from './passes.ts'

export interface Survey {
  /** To be subtracted from each column while fitting. */
  readonly shift: Float64Array
  /** Standard deviation of each column over the rows looked at; exactly 0 where they are all equal. */
  readonly deviation: Float64Array
  /** Of the labels less their offsets. */
  readonly labelMean: number
  /** The rows looked at, when they are not all rows. */
  readonly sample?: Design
}

const farFromZero = 4

/** Looks at every n-th row, beginning with the first. */
export async function survey(design: Design, every: number, signal: AbortSignal | undefined): Promise<Survey> {
  const width = design.columns.length
  const isSample = every > 1
  const kept = isSample ? Math.ceil(design.rows / every) : 0
  const sampleX = new Float64Array(kept * width)
  const sampleY = new Float64Array(kept)
  const sampleWeight = new Float64Array(kept)
  const first = new Float64Array(width)
  const sum = new Float64Array(width)
  const squares = new Float64Array(width)
  let firstLabel = 0
  let labelSum = 0
  let weightSum = 0
  let isWeighted = false
  let count = 0
  let next = 0
  let seen = 0
  await eachBlock(design, signal, ({ rows, x, y, weight, offset }) => {
    if (weight !== undefined) isWeighted = true
    for (; next < seen + rows; next += every) {
      const r = next - seen
      const at = r * width
      const label = (y[r] as number) - (offset === undefined ? 0 : (offset[r] as number))
      if (count === 0) {
        first.set(x.subarray(at, at + width))
        firstLabel = label
      }
      const w = weight === undefined ? 1 : (weight[r] as number)
      for (let j = 0; j < width; j++) {
        const d = (x[at + j] as number) - (first[j] as number)
        sum[j] = (sum[j] as number) + d
        squares[j] = (squares[j] as number) + d * d
      }
      labelSum += w * (label - firstLabel)
      weightSum += w
      if (isSample) {
        sampleX.set(x.subarray(at, at + width), count * width)
        sampleY[count] = label
        sampleWeight[count] = w
      }
      count++
    }
    seen += rows
  })
  const shift = new Float64Array(width)
  const deviation = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    const m = (sum[j] as number) / count
    const mean = (first[j] as number) + m
    const d = Math.sqrt(Math.max(0, (squares[j] as number) / count - m * m))
    deviation[j] = d
    shift[j] = Math.abs(mean) > farFromZero * d ? mean : 0
  }
  const sample = isSample
    ? arrayDesign(design.columns, sampleX, sampleY, isWeighted ? sampleWeight : undefined)
    : undefined
  return { shift, deviation, labelMean: firstLabel + labelSum / weightSum, ...(sample === undefined ? {} : { sample }) }
}

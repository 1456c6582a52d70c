/** A design matrix that stays in the database: where its columns lie, and the sums over its rows. */
import {
  type ColumnScaling,
  encodedColumns,
  type Family,
  type FitSumsRequest,
  fitSums,
  type LearnedInput,
  type Link,
  surveyQuery,
  type TrainingDesign,
  type TrainingRows,
  trainingDesign,
} from '@viewcast/compiler'
import { type Ask, askNumbers } from './ask.ts'

export interface RemoteDesign {
  readonly ask: Ask
  readonly design: TrainingDesign
  /** Names of the encoded columns. */
  readonly columns: readonly string[]
  readonly rows: number
  /** Weighted. */
  readonly labelMean: number
  readonly shift: Float64Array
  readonly scale: Float64Array
  readonly scaling: ColumnScaling
}

/** Columns whose magnitudes a sum of squares takes as they are. */
const largest = 1e60
const smallest = 1e-60

/**
 * Looks at the columns once. A column whose mean is beyond a quarter of its range is shifted to it, and one of extreme
 * magnitude is divided by a power of two; the others are left alone, so that an indicator keeps its zeros.
 */
export async function remoteDesign(
  ask: Ask,
  rows: TrainingRows,
  inputs: readonly LearnedInput[],
): Promise<RemoteDesign> {
  const columns = encodedColumns(inputs).map((c) => c.name)
  const width = columns.length
  const design = trainingDesign(rows, inputs, 'train')
  const [count = 0, weight = 0, labels = 0, ...facts] = await askNumbers(ask, surveyQuery(design))
  const shift = new Float64Array(width)
  const scale = new Float64Array(width).fill(1)
  const tiny = new Set<number>()
  for (let j = 0; j < width; j++) {
    const [min, max, sum, least] = facts.slice(4 * j, 4 * j + 4) as [number, number, number, number]
    const mean = min === max ? min : sum / count
    if (Math.abs(mean) > (max - min) / 4) shift[j] = mean
    const reach = Math.max(Math.abs(max - (shift[j] as number)), Math.abs(min - (shift[j] as number)))
    if (reach > 0 && (reach > largest || reach < smallest)) scale[j] = 2 ** Math.round(Math.log2(reach))
    // After a shift any distance down to the last bit of the mean occurs.
    const nearest = shift[j] === 0 ? least : Math.abs(mean) * 2e-16
    if (!(nearest / (scale[j] as number) > 1e-60)) tiny.add(j)
  }
  return {
    ask,
    design,
    columns,
    rows: count,
    labelMean: labels / weight,
    shift,
    scale,
    scaling: { shift, scale, tiny },
  }
}

/** Sums over the rows at one point. */
export interface RemoteSums {
  /** Half the deviance. */
  readonly loss: number
  /** Least weight of a row in Fisher's information, without its case weight. */
  readonly leastWeight: number
  readonly weight: number
  readonly rows: number
  readonly logWeights: number
  /** Σ w v z, the intercept first. */
  readonly gradient: Float64Array
  /** Σ w q z zᵀ, packed. */
  readonly products?: Float64Array
}

/** A coefficient so small adds nothing, but its product with a column may be no float8. */
export const flushed = (theta: Float64Array): Float64Array => theta.map((v) => (Math.abs(v) < 1e-150 ? 0 : v))

/** `theta` belongs to the shifted and scaled columns; `every` looks at one row in so many. */
export async function remoteSums(
  { ask, design, scaling }: RemoteDesign,
  family: Family,
  link: Link,
  theta: Float64Array,
  withProducts: boolean,
  every = 1,
): Promise<RemoteSums> {
  const request: FitSumsRequest = { family, link, theta: flushed(theta), scaling, withProducts, every }
  const row = await askNumbers(ask, fitSums(design, request))
  const [loss, leastWeight, weight, rows, logWeights] = row as unknown as [number, number, number, number, number]
  const end = 6 + design.width
  const gradient = row.slice(5, end)
  const facts = { loss, leastWeight, weight, rows, logWeights, gradient }
  return withProducts ? { ...facts, products: row.slice(end) } : facts
}

/** Coefficients of the columns as they are, from those of the shifted and scaled ones. */
export function unscaled({ shift, scale }: Pick<RemoteDesign, 'shift' | 'scale'>, theta: Float64Array): Float64Array {
  const own = theta.map((v, i) => (i === 0 ? v : v / (scale[i - 1] as number)))
  for (let j = 0; j < shift.length; j++) own[0] = (own[0] as number) - (own[j + 1] as number) * (shift[j] as number)
  return own
}

/** How much each feature moves the scores of the rows a model was fitted to. */
import { encodedColumns, type LearnedInput } from '@viewcast/compiler'
import { type Block, type ClassFit, type Design, type Fit, scoresOf } from '../solve/fit.ts'

export interface Contributions {
  /** The design, counting its rows as they are read, so that no pass is made for this alone. */
  readonly design: Design
  /** Feature → E|c − E c| of what it adds to the linear predictor, of the rows that were read, as the mean over scores. */
  readonly sizes: () => Readonly<Record<string, number>> | undefined
}

export interface ContributionOptions {
  /** Weighted mean of each column. */
  readonly means: readonly number[]
  readonly interactions?: readonly (readonly string[])[] | undefined
  /** The input whose coefficient is 1, and its mean. */
  readonly offset?: { readonly feature: string; readonly mean: number } | undefined
}

interface Part {
  /** One, or those of an interaction, which is split between them equally. */
  readonly features: readonly string[]
  readonly first: number
  readonly end: number
}

/** `inputs` are those of the design, in the order of its columns. */
export function contributionsOf(
  fit: Fit | ClassFit,
  design: Design,
  inputs: readonly LearnedInput[],
  { means, interactions = [], offset }: ContributionOptions,
): Contributions {
  const parts = partsOf(inputs, interactions)
  const width = design.columns.length
  const thetas = scoresOf(fit).filter((theta) => theta !== null)
  const centres = thetas.map((theta) =>
    parts.map(({ first, end }) => {
      let sum = 0
      for (let j = first; j < end; j++) sum += (theta[j + 1] as number) * (means[j] as number)
      return sum
    }),
  )
  const sums = new Float64Array(parts.length)
  let ofOffset = 0
  let total = 0
  const count = ({ rows, x, weight, offset: added }: Block): void => {
    for (let r = 0; r < rows; r++) {
      const w = weight === undefined ? 1 : (weight[r] as number)
      total += w
      for (const [s, theta] of thetas.entries()) {
        const centre = centres[s] as number[]
        for (let p = 0; p < parts.length; p++) {
          const { first, end } = parts[p] as Part
          let c = -(centre[p] as number)
          for (let j = first; j < end; j++) c += (theta[j + 1] as number) * (x[r * width + j] as number)
          sums[p] = (sums[p] as number) + w * Math.abs(c)
        }
      }
      if (added !== undefined && offset !== undefined) ofOffset += w * Math.abs((added[r] as number) - offset.mean)
    }
  }
  return {
    design: {
      ...design,
      *blocks() {
        for (const block of design.blocks()) {
          count(block)
          yield block
        }
      },
    },
    sizes() {
      const sizes = new Map<string, number>()
      const add = (feature: string, size: number): void => void sizes.set(feature, (sizes.get(feature) ?? 0) + size)
      for (const [p, { features }] of parts.entries()) {
        const size = (sums[p] as number) / total / thetas.length
        for (const f of features) add(f, size / features.length)
      }
      if (offset !== undefined) add(offset.feature, ofOffset / total)
      return [...sizes.values()].every(Number.isFinite) ? Object.fromEntries(sizes) : undefined
    },
  }
}

function partsOf(inputs: readonly LearnedInput[], interactions: readonly (readonly string[])[]): readonly Part[] {
  let next = 0
  const part = (features: readonly string[], columns: number): Part => {
    const first = next
    next += columns
    return { features, first, end: next }
  }
  const own = inputs.map((input) => part([input.feature], encodedColumns([input]).length))
  const alone = next
  return [
    ...own,
    ...interactions.map((features) => {
      const between = encodedColumns(inputs, [features]).length - alone
      return part(features, between)
    }),
  ]
}

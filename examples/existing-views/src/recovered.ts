/** Truth beside estimate. */
import type { ModelRecord } from '@viewcast/sdk'
import { truth } from './truth.ts'

export interface Recovered {
  readonly name: string
  readonly truth: number
  readonly estimate: number
  readonly standardError: number
  /** Distance between the two, in standard errors. */
  readonly distance: number
}

/** Every coefficient of the record with the one the data was drawn with. */
export const recovered = (record: ModelRecord): Recovered[] =>
  record.coefficients.map(({ name, feature, estimate, standardError }) => {
    const known: Readonly<Record<string, number>> = truth
    const drawn = known[feature === null ? '(intercept)' : name]
    if (drawn === undefined || standardError === null) throw new Error(`No truth or no standard error for ${name}`)
    return { name, truth: drawn, estimate, standardError, distance: Math.abs(estimate - drawn) / standardError }
  })

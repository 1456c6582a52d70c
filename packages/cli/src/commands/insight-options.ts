/** What `plan` and `apply` say beside statements, and what that may cost. */
import type { PlanOptions } from '@viewcast/sdk'
import { z } from 'zod'

export const insightOptions = {
  noMovement: z
    .boolean()
    .default(false)
    .describe('Do not compare predictions with those of what is deployed, where that takes too long'),
  sample: z
    .union([z.literal('all'), z.coerce.number().int().positive()])
    .default(10_000)
    .meta({
      value: 'keys',
      description: 'Keys whose predictions are compared, at most; or all',
      expects: 'a number of keys, or all',
    }),
  showKeys: z.boolean().default(false).describe('With --json: also the key whose prediction moves furthest'),
}

export interface InsightRequest {
  readonly noMovement?: boolean
  readonly sample?: number | 'all'
  readonly showKeys?: boolean
}

export const insightOf = ({
  noMovement = false,
  sample = 10_000,
  showKeys = false,
}: InsightRequest): Pick<PlanOptions, 'sample' | 'showKeys'> => ({
  sample: noMovement ? 0 : sample,
  showKeys,
})

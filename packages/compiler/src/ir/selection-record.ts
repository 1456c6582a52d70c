/** What a model record keeps of how it was chosen: class weights, threshold, and the search it comes from. */
import { z } from 'zod'
import { nullableNumber } from './record-number.ts'

export const classWeightsSchema = z.strictObject({
  weights: z.union([z.literal('balanced'), z.record(z.string(), z.number())]),
  priorCorrection: z.boolean(),
})

const thresholdRow = z.strictObject({
  threshold: z.number(),
  truePositives: z.number(),
  falsePositives: z.number(),
  trueNegatives: z.number(),
  falseNegatives: z.number(),
  value: nullableNumber,
})

export const thresholdChoiceSchema = z.strictObject({
  rule: z.union([
    z.enum(['accuracy', 'f1', 'youden']),
    z.strictObject({ cost: z.strictObject({ falsePositive: z.number(), falseNegative: z.number() }) }),
  ]),
  /** The rows it was chosen on; `cross-validated` are the training rows, each predicted by a model of other folds. */
  rows: z.enum(['validation', 'cross-validated', 'train']),
  /** Of the rule at the threshold: cost per row of weight 1, or accuracy, F1, Youden's J. */
  value: nullableNumber,
  /** Weighted counts at some thresholds, ascending, the chosen one among them. */
  table: z.array(thresholdRow),
})

const summary = z.strictObject({ mean: nullableNumber, standardError: nullableNumber })

export const selectionSchema = z.strictObject({
  name: z.string(),
  metric: z.string(),
  rule: z.enum(['best', 'oneStandardError']),
  /** `5 folds by hash of customer_id`. */
  folds: z.string(),
  /** Tried, and of those stopped early as clearly worse, and not to be fitted. */
  candidates: z.strictObject({ tried: z.number().int(), pruned: z.number().int(), failed: z.number().int() }),
  chosen: z.string(),
  /** The best candidates, at most 100, best first. */
  table: z.array(
    z.strictObject({
      candidate: z.string(),
      state: z.enum(['chosen', 'measured', 'pruned', 'failed']),
      folds: z.number().int(),
      /** Of the metric, over folds. */
      score: summary,
      /** How much worse than the best, fold by fold. */
      worseBy: summary,
      nonZero: z.number(),
    }),
  ),
})
export type SelectionRecord = z.infer<typeof selectionSchema>

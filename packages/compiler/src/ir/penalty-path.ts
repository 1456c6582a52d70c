/** A path of penalties: how it is declared, and what the record keeps of it. */
import { z } from 'zod'

/** `min` takes the penalty of the least loss, `1se` the largest one whose loss is within a standard error of that. */
export const pathRuleSchema = z.enum(['min', '1se'])
export type PathRule = z.infer<typeof pathRuleSchema>

/** λ from the one that leaves nothing down to a small one; the penalty is λ₁ = λ · l1Ratio and λ₂ = λ · (1 − l1Ratio). */
export interface PenaltyPath {
  readonly l1Ratio: number
  /** Parts the training rows are divided into, each left out once. */
  readonly folds: number
  readonly rule: PathRule
  /** The λ themselves, or how many. */
  readonly lambdas: number | readonly number[]
}

export const pathRecordSchema = z.strictObject({
  l1Ratio: z.number(),
  folds: z.number().int(),
  rule: pathRuleSchema,
  /** Place in `steps` of the penalty the model has. */
  chosen: z.number().int().nonnegative(),
  /** From the largest λ to the smallest. */
  steps: z
    .array(
      z.strictObject({
        lambda: z.number(),
        /** Coefficients that are not 0, without the intercept. */
        nonZero: z.number().int(),
        /** Share of the null deviance that the fit to all training rows explains. */
        devianceShare: z.number(),
        /** Deviance per unit of weight on the rows left out, averaged over the folds. */
        cvMean: z.number(),
        /** Standard error of that mean. */
        cvError: z.number(),
      }),
    )
    .min(1),
})
export type PathRecord = z.infer<typeof pathRecordSchema>

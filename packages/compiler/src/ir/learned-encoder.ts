/** Encoders with what they learned from the training rows, as they are stored in a model record. */
import { z } from 'zod'
import { recordNumber } from './record-number.ts'

const learnedEncoderSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('numeric'),
    transform: z.enum(['identity', 'log1p']),
    /** Replaces NULL and NaN, on the scale before the transform. */
    impute: recordNumber,
    indicator: z.boolean(),
    /** The encoded value is (transform(x) − center) / scale. 0 and 1 when not standardised. */
    center: recordNumber,
    scale: recordNumber,
  }),
  z.strictObject({
    kind: z.literal('onehot'),
    /** Levels with a column each; every other value, NULL included, is the base level (all zeros). */
    levels: z.array(z.string()),
    base: z.string(),
  }),
  z.strictObject({ kind: z.literal('boolean') }),
  /** As it is, for trees: a usable number, a level, or missing. */
  z.strictObject({ kind: z.literal('raw') }),
])
export type LearnedEncoder = z.infer<typeof learnedEncoderSchema>

export const learnedInputSchema = z.strictObject({
  /** Feature name in the dataset. */
  feature: z.string(),
  /** SQL type of the feature when it was trained. */
  type: z.string(),
  encoder: learnedEncoderSchema,
})
export type LearnedInput = z.infer<typeof learnedInputSchema>

/** Calibration: a curve from scores to probabilities, learned on rows the model was not fitted on. */
import { z } from 'zod'
import { nullableNumber, recordNumber } from './record-number.ts'

export const calibrationMethodSchema = z.enum(['platt', 'isotonic'])
export type CalibrationMethod = z.infer<typeof calibrationMethodSchema>

const curveSchema = z.discriminatedUnion('kind', [
  /** 1 / (1 + exp(−(intercept + slope · score))) */
  z.strictObject({ kind: z.literal('platt'), intercept: recordNumber, slope: recordNumber }),
  z.strictObject({
    kind: z.literal('isotonic'),
    /** Scores rise, probabilities do not fall. Between two knots a straight line; before the first and after the last, theirs. */
    knots: z.array(z.strictObject({ score: z.number(), probability: z.number().min(0).max(1) })).min(1),
  }),
])
export type CalibrationCurve = z.infer<typeof curveSchema>

const qualitySchema = z.strictObject({
  logLoss: nullableNumber,
  brier: nullableNumber,
  /** Expected calibration error: mean distance of probability and share over ten equal ranges of the probability. */
  ece: nullableNumber,
})
export type CalibrationQuality = z.infer<typeof qualitySchema>

/** Where rows come from that the model was not fitted on. */
const heldOut = z.enum(['validation', 'cross-fit', 'test'])

export const calibrationSchema = z.strictObject({
  curve: curveSchema,
  fitted: z.strictObject({ on: heldOut, rows: z.number().int(), folds: z.number().int().optional() }),
  /** Measured on the test part where there is one, else on the rows the curve was fitted on, which flatters it. */
  measured: z.strictObject({
    on: heldOut,
    rows: z.number().int(),
    /** Null where scores are no probabilities before: distances of a margin. */
    before: qualitySchema.nullable(),
    after: qualitySchema,
  }),
})
export type Calibration = z.infer<typeof calibrationSchema>

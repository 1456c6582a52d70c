/**
 * The model record: the stored, versioned result of training, as validated JSON. It carries everything a prediction
 * needs (encoders with what they learned, coefficients) and everything a reader asks (statistics, metrics, dataset).
 */
import { z } from 'zod'
import { diagnostic, ViewcastError } from '../diagnostics/diagnostic.ts'
import { calibrationSchema } from './calibration.ts'
import { familySchema, linkSchema } from './family.ts'
import { learnedInputSchema } from './learned-encoder.ts'
import { upgradedRecord } from './model-record-upgrade.ts'
import { outputChoiceSchema } from './output.ts'
import { pathRecordSchema } from './penalty-path.ts'
import { nullableNumber, recordNumber } from './record-number.ts'
import { scorecardSchema } from './scorecard.ts'
import { classWeightsSchema, selectionSchema, thresholdChoiceSchema } from './selection-record.ts'
import { treesSchema } from './trees.ts'

const coefficient = z.strictObject({
  /** Name of the encoded column: `distance`, `state=CA`, `distance?` for a missing indicator. */
  name: z.string(),
  /** Feature it belongs to; null for the intercept. */
  feature: z.string().nullable(),
  /** The class whose score it is part of, where there is a score per class. */
  class: z.string().optional(),
  estimate: recordNumber,
  standardError: nullableNumber,
  /** t where the dispersion was estimated, z elsewhere. */
  statistic: nullableNumber,
  pValue: nullableNumber,
  /** Wald's interval of 95 %; absent where there is no standard error, and in older records. */
  interval: z.tuple([recordNumber, recordNumber]).optional(),
})
export type Coefficient = z.infer<typeof coefficient>

const metrics = z.record(z.string(), nullableNumber)
export type Metrics = z.infer<typeof metrics>

const value = z.union([recordNumber, z.string(), z.boolean(), z.null()])

const recordSchema = z.strictObject({
  format: z.literal('viewcast/model@2'),
  name: z.string(),
  version: z.number().int().positive(),
  /** ISO instant of the end of training. */
  trainedAt: z.string(),
  family: familySchema,
  link: linkSchema,
  label: z.string(),
  /**
   * The classes of a multinomial label, as text, in order. Each has a score; that of a class without coefficients is 0
   * (the class the others are compared with).
   */
  classes: z.array(z.string()).min(2).optional(),
  threshold: z.number(),
  /** How the threshold was chosen, where a rule was declared. */
  thresholdChoice: thresholdChoiceSchema.optional(),
  /** What training rows counted for by their label. */
  classWeights: classWeightsSchema.optional(),
  /** The search the model comes from. */
  selection: selectionSchema.optional(),
  /** The output columns, in order; those usual for the family when absent. */
  outputs: z.array(outputChoiceSchema).min(1).optional(),
  /** The input whose coefficient is fixed at 1. */
  offset: z.string().optional(),
  inputs: z.array(learnedInputSchema),
  /** Inputs whose encoded columns are multiplied with each other; these columns follow those of the inputs. */
  interactions: z.array(z.array(z.string()).min(2).max(3)).optional(),
  /** For each score, the intercept first, the others in the order of the encoded columns. */
  coefficients: z.array(coefficient),
  /** Instead of coefficients: the scores are sums over trees, and every input is raw. */
  trees: treesSchema.optional(),
  /** Weighted mean of each encoded column over the training rows, in the order of the coefficients of a score. */
  means: z.array(recordNumber).optional(),
  /**
   * How much each feature moves the scores of the training rows: E|c − E c|, c being what it adds to the linear predictor,
   * as the mean over the scores; interactions count for their features equally. Absent where rows were not read.
   */
  contributions: z.record(z.string(), recordNumber).optional(),
  /** Covariance of the coefficients, in their order: a lower triangle, row by row. Absent where a penalty makes it meaningless. */
  covariance: z.array(recordNumber).optional(),
  fit: z.strictObject({
    solver: z.string(),
    /** Where the sums were made: in this process, or in the database. */
    where: z.enum(['process', 'database']),
    /** Why there, in words, where it was not asked for. */
    reason: z.string().optional(),
    /** λ₁ ‖β‖₁ + λ₂/2 ‖β‖², the intercepts unpenalised, added to the negative log-likelihood (½ Σ w e² for gaussian). */
    penalty: z.strictObject({ l1: z.number(), l2: z.number() }),
    iterations: z.number().int(),
    converged: z.boolean(),
    deviance: nullableNumber,
    nullDeviance: nullableNumber,
    residualDegrees: nullableNumber,
    nullDegrees: nullableNumber,
    /** Variance of a row of weight 1 over the variance function: σ² of gaussian, 1 of binomial and poisson. */
    dispersion: nullableNumber,
    logLikelihood: nullableNumber,
    /** Condition number of the scaled columns of least squares: digits lost to rounding are about its logarithm. */
    condition: recordNumber.optional(),
    /** Digits of every coefficient and standard error that the arithmetic guarantees. */
    certifiedDigits: z.number().int().optional(),
    aic: nullableNumber,
    /** Of least squares without a penalty: the share of the variance explained, adjusted for the columns, and its test. */
    rSquared: nullableNumber.optional(),
    adjustedRSquared: nullableNumber.optional(),
    fTest: z
      .strictObject({
        statistic: recordNumber,
        /** Of the columns, of the residuals. */
        degrees: z.tuple([z.number(), z.number()]),
        pValue: nullableNumber,
      })
      .nullable()
      .optional(),
  }),
  /** How the penalty was chosen, where a path was asked for. */
  path: pathRecordSchema.optional(),
  /** Makes probabilities of scores, instead of the link. */
  calibration: calibrationSchema.optional(),
  /** The log-odds as points. */
  scorecard: scorecardSchema.optional(),
  dataset: z.strictObject({
    name: z.string(),
    /** SHA-256 of the training query. */
    queryHash: z.string(),
    trainRows: z.number().int(),
    testRows: z.number().int(),
    validationRows: z.number().int().optional(),
    /** Rows of the training query in no part, by the first reason that holds; absent in older records. */
    leftOut: z
      .strictObject({
        censored: z.number().int(),
        gap: z.number().int(),
        unlabelled: z.number().int(),
        weightless: z.number().int(),
        missing: z.number().int().optional(),
      })
      .optional(),
  }),
  metrics: z.strictObject({ train: metrics, validation: metrics.optional(), test: metrics, baseline: metrics }),
  /** Rows with the scores and outputs the interpreter gives; an engine that disagrees is refused at deployment. */
  verification: z.array(
    z.strictObject({
      inputs: z.record(z.string(), value),
      scores: z.array(nullableNumber),
      outputs: z.record(z.string(), value),
    }),
  ),
})
export const modelRecordSchema = recordSchema.superRefine((record, context) => {
  const problem = problemOf(record)
  if (problem !== undefined) context.addIssue({ code: 'custom', path: [problem[0]], message: problem[1] })
})
export type ModelRecord = z.infer<typeof modelRecordSchema>

function problemOf({
  coefficients,
  trees,
  inputs,
  classes,
}: z.infer<typeof recordSchema>): [string, string] | undefined {
  if (trees === undefined) return coefficients.length === 0 ? ['coefficients', 'has no intercept'] : undefined
  if (coefficients.length > 0) return ['coefficients', 'stand beside trees']
  const scores = classes?.length ?? 1
  if (trees.base.length !== scores) return ['trees', `${trees.base.length} bases for ${scores} scores`]
  const known = new Set(inputs.flatMap((i) => (i.encoder.kind === 'raw' ? [i.feature] : [])))
  const unknown = trees.inputs.find((name) => !known.has(name))
  return unknown === undefined ? undefined : ['trees', `reads "${unknown}", which is not a raw input`]
}

/** Reads a model record of any version of the format from JSON text; `file` is named in the error. Errors: `model/record`. */
export function parseModelRecord(text: string, file: string): ModelRecord {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    throw new ViewcastError([diagnostic('model/record', { file, detail: (e as Error).message })])
  }
  const parsed = modelRecordSchema.safeParse(upgradedRecord(json))
  if (parsed.success) return parsed.data
  throw new ViewcastError(
    parsed.error.issues.map((i) =>
      diagnostic('model/record', { file, detail: `${i.path.join('.') || 'the file'}: ${i.message}` }),
    ),
  )
}

/** Writes a model record as JSON text that {@link parseModelRecord} reads back to the same value. */
export function printModelRecord(record: ModelRecord): string {
  const text = JSON.stringify(
    record,
    (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : Object.is(v, -0) ? 0 : v),
    2,
  )
  return `${text}\n`
}

/**
 * The model record: the stored, versioned result of training, as validated JSON. It carries everything a prediction
 * needs (encoders with what they learned, coefficients) and everything a reader asks (statistics, metrics, dataset).
 */
import { z } from 'zod'
import { diagnostic, ViewcastError } from '../diagnostics/diagnostic.ts'

/**
 * JSON has no NaN and no infinities; they are written as strings. A literal rather than an enum: TypeScript 7 writes the
 * key `-Infinity` of an enum into declarations as an expression, which no compiler reads back.
 */
const number = z.union([z.number(), z.literal(['NaN', 'Infinity', '-Infinity']).transform(Number)])
const nullableNumber = number.nullable()

/** An encoder with what it learned from the training rows. */
const learnedEncoder = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('numeric'),
    transform: z.enum(['identity', 'log1p']),
    /** Replaces NULL and NaN, on the scale before the transform. */
    impute: number,
    indicator: z.boolean(),
    /** The encoded value is (transform(x) − center) / scale. 0 and 1 when not standardised. */
    center: number,
    scale: number,
  }),
  z.strictObject({
    kind: z.literal('onehot'),
    /** Levels with a column each; every other value, NULL included, is the base level (all zeros). */
    levels: z.array(z.string()),
    base: z.string(),
  }),
  z.strictObject({ kind: z.literal('boolean') }),
])
export type LearnedEncoder = z.infer<typeof learnedEncoder>

const learnedInput = z.strictObject({
  /** Feature name in the dataset. */
  feature: z.string(),
  /** SQL type of the feature when it was trained. */
  type: z.string(),
  encoder: learnedEncoder,
})
export type LearnedInput = z.infer<typeof learnedInput>

const coefficient = z.strictObject({
  /** Name of the encoded column: `distance`, `state=CA`, `distance?` for a missing indicator. */
  name: z.string(),
  /** Feature it belongs to; null for the intercept. */
  feature: z.string().nullable(),
  estimate: number,
  standardError: nullableNumber,
  /** z for logistic, t for linear. */
  statistic: nullableNumber,
  pValue: nullableNumber,
})
export type Coefficient = z.infer<typeof coefficient>

const metrics = z.record(z.string(), nullableNumber)
export type Metrics = z.infer<typeof metrics>

const inputValue = z.union([number, z.string(), z.boolean(), z.null()])

export const modelRecordSchema = z.strictObject({
  format: z.literal('viewcast/model@1'),
  name: z.string(),
  version: z.number().int().positive(),
  /** ISO instant of the end of training. */
  trainedAt: z.string(),
  family: z.enum(['linear', 'logistic']),
  label: z.string(),
  threshold: z.number(),
  inputs: z.array(learnedInput),
  /** The intercept comes first; the others follow the order of the encoded columns. */
  coefficients: z.array(coefficient).min(1),
  fit: z.strictObject({
    solver: z.string(),
    penalty: z.number(),
    iterations: z.number().int(),
    converged: z.boolean(),
    deviance: nullableNumber,
    nullDeviance: nullableNumber,
    /** Residual standard deviation; linear only. */
    sigma: nullableNumber,
  }),
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
      })
      .optional(),
  }),
  metrics: z.strictObject({ train: metrics, validation: metrics.optional(), test: metrics, baseline: metrics }),
  /** Rows with the outputs the interpreter gives; an engine that disagrees is refused at deployment. */
  verification: z.array(
    z.strictObject({
      inputs: z.record(z.string(), inputValue),
      linear: nullableNumber,
      prediction: nullableNumber,
    }),
  ),
})
export type ModelRecord = z.infer<typeof modelRecordSchema>

/** Reads a model record from JSON text; `file` is named in the error. Errors: `model/record`. */
export function parseModelRecord(text: string, file: string): ModelRecord {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    throw new ViewcastError([diagnostic('model/record', { file, detail: (e as Error).message })])
  }
  const parsed = modelRecordSchema.safeParse(json)
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

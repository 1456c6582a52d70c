/** Encoders with what they learned from the training rows, as they are stored in a model record. */
import { z } from 'zod'
import { recordNumber } from './record-number.ts'

const ascending = z.array(recordNumber).refine((v) => v.every((x, i) => i === 0 || x > (v[i - 1] as number)), {
  message: 'is not ascending',
})

/** Several columns of one number, each a polynomial between neighbouring breaks. */
const basis = z.discriminatedUnion('kind', [
  /** z, z², … z^degree. */
  z.strictObject({ kind: z.literal('polynomial'), degree: z.number().int().min(2).max(8) }),
  /** 1 in the bin between two neighbouring edges and 0 in the others; the lowest bin is the base, without a column. */
  z.strictObject({
    kind: z.literal('bins'),
    edges: ascending,
    /** The end of a bin that belongs to it: `left` is [a, b). */
    closed: z.enum(['left', 'right']),
  }),
  /** B-splines without the first, whose sum with the others is 1. */
  z.strictObject({
    kind: z.literal('bspline'),
    degree: z.number().int().min(1).max(5),
    /** The ends first and last. */
    knots: ascending.min(2),
    beyond: z.enum(['constant', 'linear']),
  }),
  /** Natural cubic splines: z, and for each knot but the last two a function that is linear beyond the ends. */
  z.strictObject({ kind: z.literal('natural'), knots: ascending.min(3) }),
])
export type LearnedBasis = z.infer<typeof basis>

const learnedEncoderSchema = z.discriminatedUnion('kind', [
  /** In this order: origin, clip, transform, center and scale, basis. */
  z.strictObject({
    kind: z.literal('numeric'),
    /** Subtracted first: the day a date counts from, in days since 1970-01-01. */
    origin: recordNumber.optional(),
    /** Smallest and largest value, on the scale of the feature less its origin; values beyond count as these. */
    clip: z.tuple([recordNumber, recordNumber]).optional(),
    transform: z.enum(['identity', 'log1p', 'boxCox', 'yeoJohnson']),
    /** λ of Box-Cox and Yeo-Johnson. */
    lambda: recordNumber.optional(),
    /** Replaces a missing value, on the scale of the feature less its origin, before the clip. */
    impute: recordNumber,
    /**
     * Instead of imputing: `level`, where the columns of a missing value are 0 and the indicator is 1; `null`, where
     * the score of the row is NULL.
     */
    missing: z.enum(['level', 'null']).optional(),
    indicator: z.boolean(),
    /** The encoded value is (transform(x) − center) / scale. 0 and 1 when not scaled. */
    center: recordNumber,
    scale: recordNumber,
    basis: basis.optional(),
  }),
  z.strictObject({
    kind: z.literal('onehot'),
    /** Levels with a column each; every other value, where nothing else is said, is the base level (all zeros). */
    levels: z.array(z.string()),
    /** Null where each level has a column. */
    base: z.string().nullable(),
    /** Levels that share a column, which values never seen have too where `unseen` is true; they are all zeros otherwise. */
    rare: z.strictObject({ levels: z.array(z.string()), unseen: z.boolean() }).optional(),
    /** `level` where NULL has a column of its own, `null` where the score is NULL; the base otherwise. */
    missing: z.enum(['level', 'null']).optional(),
  }),
  z.strictObject({ kind: z.literal('boolean'), missing: z.enum(['level', 'null']).optional() }),
  /** One column: a number for each level. */
  z.strictObject({
    kind: z.literal('levels'),
    /** What the numbers are: the place in an order, the mean label, the share of rows. */
    by: z.enum(['ordinal', 'target', 'frequency']),
    levels: z.array(z.string()),
    values: z.array(recordNumber),
    /** The number of NULL; null makes the score NULL. */
    missing: recordNumber.nullable(),
    /** The number of a value never seen. */
    unseen: recordNumber,
    /** How the training rows were encoded, where not with these numbers: without the rows of their own fold. */
    outOfFold: z
      .strictObject({
        folds: z.number().int().min(2),
        smoothing: z.number().nonnegative(),
        /** Where it was given; otherwise the mean label of the other folds. */
        prior: recordNumber.optional(),
      })
      .optional(),
  }),
  /** Column of a text: the first 32 bits of the MD5 of its UTF-8 bytes, modulo the number of columns. */
  z.strictObject({
    kind: z.literal('hashed'),
    columns: z.number().int().min(1).max(4096),
    /** Whether half of the texts count −1: those whose hash modulo twice the columns is not below the columns. */
    signed: z.boolean(),
    missing: z.enum(['level', 'null']).optional(),
  }),
  /** As it is, for trees: a usable number, a level, or missing. */
  z.strictObject({ kind: z.literal('raw') }),
])
export type LearnedEncoder = z.infer<typeof learnedEncoderSchema>
export type LearnedEncoderOf<K extends LearnedEncoder['kind']> = Extract<LearnedEncoder, { kind: K }>

export const learnedInputSchema = z.strictObject({
  /** Feature name in the dataset. */
  feature: z.string(),
  /** SQL type of the feature when it was trained. */
  type: z.string(),
  encoder: learnedEncoderSchema,
})
export type LearnedInput = z.infer<typeof learnedInputSchema>

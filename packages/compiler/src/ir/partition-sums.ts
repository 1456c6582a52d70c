/** The sums a least-squares model can be fitted again from, by partition, as validated JSON beside its record. */
import { z } from 'zod'
import { diagnostic, ViewcastError } from '../diagnostics/diagnostic.ts'

const finite = z.number()
const count = z.number().int().nonnegative()

const partition = z.strictObject({
  /** Null holds the rows that have none. */
  value: z.string().nullable(),
  rows: count,
  /** Σ ln w. */
  logWeights: finite,
  /** Σ w (y − center)². */
  squares: finite,
  /** Σ w (y − center) z for z = (1, (x − shift) / scale). */
  gradient: z.array(finite),
  /** Σ w z zᵀ: a lower triangle, row by row. */
  products: z.array(finite),
  /** Rows where each input is missing, in the order of the inputs. */
  missing: z.array(count),
  /** Rows where each input has a level without a column that is not the base. */
  others: z.array(count),
})
export type PartitionSum = z.infer<typeof partition>

const sumsSchema = z
  .strictObject({
    format: z.literal('viewcast/sums@1'),
    model: z.string(),
    /** A column of the training query, or the periods of one, in UTC. */
    by: z.strictObject({
      column: z.string(),
      every: z.enum(['day', 'week', 'month', 'quarter', 'year']).optional(),
    }),
    /** SHA-256 of the inputs of the record with their encoders, which the sums are sums of. */
    encodersHash: z.string(),
    /** SHA-256 of the training query. */
    queryHash: z.string(),
    center: finite,
    /** Of the encoded columns. */
    shift: z.array(finite),
    /** Powers of two. */
    scale: z.array(finite.positive()),
    partitions: z.array(partition),
  })
  .superRefine(({ shift, scale, partitions }, context) => {
    const issue = (message: string): void => context.addIssue({ code: 'custom', path: ['partitions'], message })
    const size = shift.length + 1
    const isWhole = partitions.every((p) => p.gradient.length === size && p.products.length === (size * (size + 1)) / 2)
    if (scale.length !== shift.length || !isWhole) issue('sums are missing')
    if (new Set(partitions.map((p) => p.value)).size !== partitions.length) issue('a partition is there twice')
  })
export type PartitionSums = z.infer<typeof sumsSchema>

/** Reads sums from JSON text; `file` is named in the error. Errors: `train/refit`. */
export function parsePartitionSums(text: string, model: string, file: string): PartitionSums {
  const refuse = (detail: string): never => {
    throw new ViewcastError([diagnostic('train/refit', { model, cause: `${file} does not hold sums: ${detail}` })])
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    return refuse((e as Error).message)
  }
  const parsed = sumsSchema.safeParse(json)
  return parsed.success
    ? parsed.data
    : refuse(parsed.error.issues.map((i) => `${i.path.join('.') || 'the file'}: ${i.message}`).join('; '))
}

/** Queries for what encoders learn, each an aggregate over the training rows: no value leaves but least and most. */
import { printLiteral } from '../../emit/literal.ts'
import { aggregateStatement, type TrainingStage } from './aggregate-statement.ts'
import { partStage, type TrainingInput, type TrainingRows, usableStage } from './training-rows.ts'

/**
 * One row per part, or reason to be in none: `part`, rows, bad weights, labels that are neither 0 nor 1, labels that are not
 * finite, labels of 1, the least label; then per input, in order, four numbers: of a numeric one the count, the
 * mean, least and most; of a boolean one the count and how many are true; of a category the count.
 */
export function partsQuery(rows: TrainingRows): string {
  const label = "count(*) FILTER (WHERE abs(q.y) = 'Infinity'::float8)"
  const aggregates = [
    'q.part',
    'count(*)::float8',
    `(count(*) FILTER (WHERE q.w IS NULL OR NOT (q.w >= 0::float8 AND q.w < 'Infinity'::float8)))::float8`,
    `(count(*) FILTER (WHERE q.y <> 0::float8 AND q.y <> 1::float8))::float8`,
    `(${label})::float8`,
    `(count(*) FILTER (WHERE q.y = 1::float8))::float8`,
    'min(q.y)',
    ...rows.inputs.flatMap(({ kind, column: f }) => {
      const count = `count(q.${f})::float8`
      const none = '0::float8'
      if (kind === 'numeric') return [count, `sum(q.${f}) / nullif(count(q.${f}), 0)`, `min(q.${f})`, `max(q.${f})`]
      if (kind === 'boolean') return [count, `(count(*) FILTER (WHERE q.${f}))::float8`, none, none]
      return [count, none, none, none]
    }),
  ]
  const stages = [...rows.stages, usableStage(rows, '_parts', ['part', 'y', 'w'])]
  return aggregateStatement(rows.sql, stages, aggregates, rows.dialect, 'GROUP BY q.part')
}

/** A number whose mean and spread are asked for, with a value near its mean and the least power of two above its range. */
export interface MomentRequest {
  readonly input: TrainingInput
  readonly transform: 'identity' | 'log1p'
  readonly center: number
  readonly range: number
}

/** Per request Σd and Σd² of d = (x − center) / range over the training rows that have a value. */
export function momentsQuery(rows: TrainingRows, requests: readonly MomentRequest[]): string {
  const shifted: TrainingStage = {
    name: '_shifted',
    from: '_usable',
    columns: requests.map(({ input, transform, center, range }, i) => {
      const x = transform === 'log1p' ? logarithm(`q.${input.column}`) : `q.${input.column}`
      return { name: `d${i + 1}`, sql: `(${x} - ${float(center)}) / ${float(range)}` }
    }),
  }
  // The square of a number below 1e-154 underflows, which is an error.
  const aggregates = requests.flatMap((_, i) => [
    `sum(q.d${i + 1})`,
    `sum(CASE WHEN abs(q.d${i + 1}) > 1e-100::float8 THEN q.d${i + 1} * q.d${i + 1} ELSE 0::float8 END)`,
  ])
  return aggregateStatement(rows.sql, [...trainingValues(rows), shifted], aggregates, rows.dialect)
}

/** ln(1 + x), with amounts below 0 as 0; NULL stays NULL. */
const logarithm = (x: string): string => `ln(1::float8 + CASE WHEN ${x} < 0::float8 THEN 0::float8 ELSE ${x} END)`

/** A quantile of an input over the training rows that have a value, exact, between two of them their weighted mean. */
export interface QuantileRequest {
  readonly input: TrainingInput
  /** Between 0 and 1. */
  readonly share: number
}

/** One column per request. */
export function quantilesQuery(rows: TrainingRows, requests: readonly QuantileRequest[]): string {
  const aggregates = requests.map(
    ({ input, share }) => `percentile_cont(${float(share)}) WITHIN GROUP (ORDER BY q.${input.column})`,
  )
  return aggregateStatement(rows.sql, trainingValues(rows), aggregates, rows.dialect)
}

/** Rows per level of one category: `level`, rows, by frequency and code point, at most `limit` of them. */
export function levelsQuery(rows: TrainingRows, input: TrainingInput, limit: number): string {
  const rest = `WHERE q.level IS NOT NULL GROUP BY q.level ORDER BY 2 DESC, q.level COLLATE "C" LIMIT ${limit}`
  const level: TrainingStage = {
    name: '_levels',
    from: '_part',
    columns: [{ name: 'level', sql: `q.${input.column}` }],
  }
  const stages = [...rows.stages, partStage(rows, 'train'), level]
  return aggregateStatement(rows.sql, stages, ['q.level', 'count(*)::float8'], rows.dialect, rest)
}

const trainingValues = (rows: TrainingRows): TrainingStage[] => [
  ...rows.stages,
  partStage(rows, 'train'),
  usableStage(rows, '_part', []),
]

const float = (value: number): string => printLiteral(value, 'float8')

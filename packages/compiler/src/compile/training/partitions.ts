/** Sums by partition: which partition a row is in, as SQL, and what is counted in each. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { quoteIdentifier } from '../../emit/identifier.ts'
import { printLiteral } from '../../emit/literal.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Column } from '../../ir/type.ts'
import type { CompiledQuery } from '../compiled-query.ts'
import { aggregateStatement, type TrainingStage } from './aggregate-statement.ts'
import { type TrainingRows, usableStage } from './training-rows.ts'

/** Lengths of time that a column with instants can be cut into, at midnight in UTC. */
export const periods = ['day', 'week', 'month', 'quarter', 'year'] as const

/** A column of the training query whose values are the partitions, or the first days of whose periods are. */
export interface PartitionKey {
  readonly column: string
  readonly every?: (typeof periods)[number] | undefined
}

const asText: ReadonlySet<string> = new Set(['int2', 'int4', 'int8', 'text', 'varchar', 'bpchar', 'bool', 'uuid'])

/**
 * The partition of a row of the training query as text, whatever the session's DateStyle and time zone are.
 *
 * Errors: `train/partition` for a column there is not, and for types whose values have no one text.
 */
export function partitionExpression(columns: readonly Column[], { column, every }: PartitionKey): string {
  const found = columns.find((c) => c.name === column)
  if (found === undefined) {
    const names = columns.map((c) => c.name).filter((name) => !name.startsWith('_'))
    return fail('train/partition', {
      partition: column,
      problem: 'is no column of the training query',
      hint: `Columns are ${names.join(', ')}.`,
    })
  }
  const value = `q.${quoteIdentifier(column)}`
  const { type } = found
  const isInstant = type === 'date' || type === 'timestamp' || type === 'timestamptz'
  if (every !== undefined && isInstant) {
    const local = type === 'timestamptz' ? `${value} AT TIME ZONE 'UTC'` : `${value}::timestamp`
    return `to_char(date_trunc('${every}', ${local}), 'YYYY-MM-DD')`
  }
  if (every === undefined && type === 'date') return `to_char(${value}, 'YYYY-MM-DD')`
  if (every === undefined && (asText.has(type) || found.isEnum === true)) return `(${value})::text COLLATE "C"`
  return fail('train/partition', {
    partition: column,
    problem: every === undefined ? `has the type ${type}` : `has the type ${type}, which has no ${every}`,
    hint: isInstant
      ? 'Say how long a partition is: { column, every: "month" }.'
      : 'Partition by a whole number, a text, a truth value, a date, or a period of an instant.',
  })
}

/** The training query with the rows of some partitions only; null is the partition of rows that have none. */
export function withPartitions(
  query: CompiledQuery,
  partition: string,
  values: readonly (string | null)[],
): CompiledQuery {
  const named = values.filter((v) => v !== null).map((v) => printLiteral(v, 'text'))
  const conditions = [
    ...(named.length === 0 ? [] : [`${partition} IN (${named.join(', ')})`]),
    ...(named.length === values.length ? [] : [`${partition} IS NULL`]),
  ]
  const where = conditions.length === 0 ? 'false' : conditions.join(' OR ')
  return { ...query, sql: `SELECT q.* FROM (\n${query.sql}\n) AS q WHERE ${where}` }
}

/** Stages that hand the partition on, as `pt`. */
export const partitioned = (stages: readonly TrainingStage[], partition: string): TrainingStage[] =>
  stages.map((stage) => ({
    ...stage,
    columns: [{ name: 'pt', sql: stage.from === '_rows' ? partition : 'q.pt' }, ...stage.columns],
  }))

/**
 * One row per partition: it, training rows, bad weights, labels that are not finite, then per input the training rows where
 * it is missing and those with a level that has no column and is not the base.
 */
export function partitionFactsQuery(rows: TrainingRows, inputs: readonly LearnedInput[], partition: string): string {
  const count = (condition: string): string => `(count(*) FILTER (WHERE ${condition}))::float8`
  const inTrain = `q.part = 'train'`
  const aggregates = [
    'q.pt',
    count(inTrain),
    count(
      `q.part IN ('train', 'validation', 'test', 'weightless') AND (q.w IS NULL OR NOT (q.w >= 0::float8 AND q.w < 'Infinity'::float8))`,
    ),
    count(`${inTrain} AND abs(q.y) = 'Infinity'::float8`),
    ...rows.inputs.flatMap(({ column }, i) => {
      const encoder = inputs[i]?.encoder
      const missing = count(`${inTrain} AND q.${column} IS NULL`)
      if (encoder?.kind !== 'onehot') return [missing, '0::float8']
      const known = [encoder.base, ...encoder.levels].map((level) => printLiteral(level, 'text'))
      return [missing, count(`${inTrain} AND q.${column}::text NOT IN (${known.join(', ')})`)]
    }),
  ]
  const stages = partitioned([...rows.stages, usableStage(rows, '_parts', ['part', 'y', 'w'])], partition)
  return aggregateStatement(rows.sql, stages, aggregates, rows.dialect, 'GROUP BY q.pt')
}

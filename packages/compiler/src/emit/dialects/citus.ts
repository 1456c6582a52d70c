import type { Dialect } from '../dialect.ts'

/**
 * Citus 13: text that stays one distributed plan. It is plain PostgreSQL, which runs it too and gives the same rows.
 *
 * A stage without the mark that is read twice is collected on the coordinator and sent back to every node (6.3 s against
 * 0.3 s), and so is a subquery with OFFSET. The fence that stays on the shards is an `unnest` of one value: 0.5 s for 253
 * aggregates over a score, against 14 s unfenced and 0.5 s on plain PostgreSQL. DISTINCT ON leaves a sort on the coordinator;
 * a window partitioned by the key does not.
 */
export const citus: Dialect = {
  name: 'citus',
  maxDepth: 100,
  maxColumns: 1664,
  marks: 'every',
  fence: 'unnest',
  firstRow: 'row-number',
}

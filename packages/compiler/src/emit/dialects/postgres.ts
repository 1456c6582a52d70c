import type { Dialect } from '../dialect.ts'

/**
 * PostgreSQL 15 to 18 and PGlite.
 *
 * OFFSET 0 is the fence: the planner never pulls up a subquery with it. Measured for a 3-class softmax over 1 million
 * rows: 0.87 s against 12.8 s unfenced. It keeps the plan serial, which for one row in, one row out costs little.
 */
export const postgres: Dialect = {
  name: 'postgres',
  maxDepth: 100,
  maxColumns: 1664,
  marks: 'asked',
  fence: 'offset',
  firstRow: 'distinct-on',
}

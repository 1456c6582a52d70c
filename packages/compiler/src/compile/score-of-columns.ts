/** The model alone, as a query over its inputs given as `$1`, `$2`, …: what a function over columns computes. */
import { dialectOf } from '../emit/dialect-of.ts'
import { printStatement } from '../emit/statement.ts'
import type { CompileOptions } from '../ir/compile-options.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { scoredRelation } from './scored-relation.ts'

/** `WITH _score AS (SELECT … AS _linear FROM (VALUES ($1::float8, …)) AS f (area, …)) SELECT … FROM _score`. */
export function scoreOfColumns(record: ModelRecord, options: CompileOptions): string {
  const columns = record.inputs.map((i) => ({ name: i.feature, type: boundaryType(i) }))
  const given = { kind: 'values', columns, rows: 'parameters' } as const
  return printStatement(scoredRelation(record, given, [], { ...options, withScores: false }), dialectOf(options))
}

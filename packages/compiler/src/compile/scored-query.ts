/** The model alone, over the rows of any query that has its inputs. */
import { dialectOf } from '../emit/dialect-of.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Opaque } from '../ir/relation.ts'
import { scoredRelation } from './scored-relation.ts'

/**
 * Scores the rows of `rows`, a SELECT with the inputs of the record as columns of the types models read: float8, bool, text.
 * Columns: `carried`, the scores, the outputs.
 *
 * ```sql
 * WITH _score AS (SELECT f.id, 0.1::float8 + … AS _linear FROM (SELECT …) AS f OFFSET 0)
 * SELECT s.id, s._linear, CASE … END AS probability FROM _score AS s
 * ```
 */
export function scoredQuery(
  record: ModelRecord,
  rows: string,
  carried: readonly string[] = [],
  options: CompileOptions = {},
): string {
  const text: Opaque = { kind: 'opaque', text: rows, origin: { kind: 'generated' }, view: 'rows', targets: {} }
  const statement = scoredRelation(record, text, carried, { ...options, withScores: true })
  return layout(printStatement(statement, dialectOf(options)), passesOf(options).format)
}

/** A model's verification rows as a query any client can run: the model alone, over VALUES. */
import { postgres } from '../emit/dialects/postgres.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import type { CompileOptions } from '../ir/compile-options.ts'
import type { Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Statement } from '../ir/relation.ts'
import { scoreColumns } from '../model/score-columns.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { scoredRelation } from './scored-relation.ts'

export interface VerificationQuery {
  /** Columns: `_row` (from 1), the scores, and the outputs; in row order. */
  readonly sql: string
  /** Names of the columns that are scores. */
  readonly scores: readonly string[]
  readonly expected: readonly Pick<ModelRecord['verification'][number], 'scores' | 'outputs'>[]
}

/**
 * Scores the verification rows of a record.
 *
 * ```sql
 * WITH _score AS (SELECT f._row, … AS _linear FROM (VALUES (1, 0.5::float8), …) AS f (_row, delay_7d) OFFSET 0)
 * SELECT s._row, s._linear, CASE … END AS probability FROM _score AS s ORDER BY 1
 * ```
 */
export function verificationQuery(record: ModelRecord): VerificationQuery {
  return {
    sql: layout(`${printStatement(scoredRows(record), postgres)}\nORDER BY 1`),
    scores: scoreColumns(record),
    expected: record.verification,
  }
}

/** The verification rows with their scores: `_row`, the scores, the outputs. */
export function scoredRows(record: ModelRecord, options: CompileOptions = {}): Statement {
  const columns = [
    { name: '_row', type: 'int4' },
    ...record.inputs.map((i) => ({ name: i.feature, type: boundaryType(i) })),
  ]
  const rows = record.verification.map((v, i): Literal[] => [
    i + 1,
    ...record.inputs.map((input) => v.inputs[input.feature] ?? null),
  ])
  const values = { kind: 'values', columns, rows } as const
  return scoredRelation(record, values, ['_row'], { ...options, withScores: true })
}

/** A model's verification rows as a query any client can run: the model alone, over VALUES. */
import { postgres } from '../emit/dialects/postgres.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection, Select, Statement } from '../ir/relation.ts'
import { linearPredictors, outputs, scoreColumns } from '../model/scoring.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'

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
  const names = scoreColumns(record)
  const { fold } = passesOf(options)
  const scores: Projection[] = linearPredictors(record, 'f').map((score, i) => ({
    name: names[i] ?? '',
    expr: fold ? foldConstants(score) : score,
  }))
  const row: Projection = { name: '_row', expr: expr.column('f', '_row') }
  const score: Select = {
    kind: 'select',
    from: { relation: { kind: 'values', columns, rows }, alias: 'f' },
    joins: [],
    columns: [row, ...scores],
    distinct: false,
    fence: true,
  }
  const own = ['_row', ...names].map((name) => ({ name, expr: expr.column('s', name) }))
  const out = outputs(
    record,
    names.map((name) => expr.column('s', name)),
  )
  return {
    kind: 'with',
    stages: [{ name: '_score', relation: score }],
    body: {
      kind: 'select',
      from: { relation: { kind: 'table', name: '_score' }, alias: 's' },
      joins: [],
      columns: [...own, ...out.map((o) => ({ name: o.name, expr: o.expr }))],
      distinct: false,
      fence: false,
    },
  }
}

/** A model's verification rows as a query any client can run: the model alone, over VALUES. */
import { postgres } from '../emit/dialects/postgres.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import { expr, type Literal } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection, Select, Statement } from '../ir/relation.ts'
import { linearPredictor, outputs } from '../model/scoring.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'

export interface VerificationQuery {
  /** Columns: `_row` (from 1), `_linear`, and the output; in row order. */
  readonly sql: string
  readonly expected: readonly { readonly linear: number | null; readonly prediction: number | null }[]
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
    expected: record.verification.map((v) => ({ linear: v.linear, prediction: v.prediction })),
  }
}

/** The verification rows with their scores: `_row`, `_linear`, the output. */
export function scoredRows(record: ModelRecord, options: CompileOptions = {}): Statement {
  const columns = [
    { name: '_row', type: 'int4' },
    ...record.inputs.map((i) => ({ name: i.feature, type: boundaryType(i) })),
  ]
  const rows = record.verification.map((v, i): Literal[] => [
    i + 1,
    ...record.inputs.map((input) => v.inputs[input.feature] ?? null),
  ])
  const predictor = linearPredictor(record, 'f')
  const linear = passesOf(options).fold ? foldConstants(predictor) : predictor
  const row: Projection = { name: '_row', expr: expr.column('f', '_row') }
  const score: Select = {
    kind: 'select',
    from: { relation: { kind: 'values', columns, rows }, alias: 'f' },
    joins: [],
    columns: [row, { name: '_linear', expr: linear }],
    distinct: false,
    fence: true,
  }
  const own = ['_row', '_linear'].map((name) => ({ name, expr: expr.column('s', name) }))
  return {
    kind: 'with',
    stages: [{ name: '_score', relation: score }],
    body: {
      kind: 'select',
      from: { relation: { kind: 'table', name: '_score' }, alias: 's' },
      joins: [],
      columns: [...own, ...outputs(record, expr.column('s', '_linear')).map((o) => ({ name: o.name, expr: o.expr }))],
      distinct: false,
      fence: false,
    },
  }
}

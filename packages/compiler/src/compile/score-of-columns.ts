/** The model alone, as a query over its inputs given as `$1`, `$2`, …: what a function over columns computes. */
import { dialectOf } from '../emit/dialect-of.ts'
import { printStatement } from '../emit/statement.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import { expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Select } from '../ir/relation.ts'
import { linearPredictors, outputs, scoreColumns } from '../model/scoring.ts'
import { boundaryType } from '../rewrite/feature-boundary.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'

/** `WITH _score AS (SELECT … AS _linear FROM (VALUES ($1::float8, …)) AS f (area, …)) SELECT … FROM _score`. */
export function scoreOfColumns(record: ModelRecord, options: CompileOptions): string {
  const inputs = record.inputs.map((i) => ({ name: i.feature, type: boundaryType(i) }))
  const names = scoreColumns(record)
  const { fold } = passesOf(options)
  const score: Select = {
    kind: 'select',
    from: { relation: { kind: 'values', columns: inputs, rows: 'parameters' }, alias: 'f' },
    joins: [],
    columns: linearPredictors(record, 'f').map((score, i) => ({
      name: names[i] ?? '',
      expr: fold ? foldConstants(score) : score,
    })),
    distinct: false,
    fence: true,
  }
  const body: Select = {
    kind: 'select',
    from: { relation: { kind: 'table', name: '_score' }, alias: 's' },
    joins: [],
    columns: outputs(
      record,
      names.map((name) => expr.column('s', name)),
    ).map((o) => ({ name: o.name, expr: o.expr })),
    distinct: false,
    fence: false,
  }
  return printStatement({ kind: 'with', stages: [{ name: '_score', relation: score }], body }, dialectOf(options))
}

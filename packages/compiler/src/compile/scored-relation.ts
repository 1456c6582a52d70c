/** A model over the rows of any relation: score stage, fenced, then the outputs. */
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import { expr } from '../ir/expression.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Projection, Select, Source, Statement } from '../ir/relation.ts'
import { linearPredictors, outputs, scoreColumns } from '../model/scoring.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'
import { preparedSource } from './prepared-source.ts'

/**
 * The rows of `source` (alias `f`, with the record's inputs as columns): the columns `carried` along, the scores where
 * `withScores`, and the outputs.
 *
 * ```sql
 * WITH _score AS (SELECT f._row, 0.1::float8 + … AS _linear FROM (…) AS f OFFSET 0)
 * SELECT s._row, s._linear, CASE … END AS probability FROM _score AS s
 * ```
 */
export function scoredRelation(
  record: ModelRecord,
  relation: Source['relation'],
  carried: readonly string[],
  options: CompileOptions & { readonly withScores: boolean },
): Statement {
  const names = scoreColumns(record)
  const { fold } = passesOf(options)
  const scores: Projection[] = linearPredictors(record, 'f').map((score, i) => ({
    name: names[i] ?? '',
    expr: fold ? foldConstants(score) : score,
  }))
  const score: Select = {
    kind: 'select',
    from: preparedSource(record, { relation, alias: 'f' }, carried),
    joins: [],
    columns: [...carried.map((name) => ({ name, expr: expr.column('f', name) })), ...scores],
    distinct: false,
    fence: true,
  }
  const own = [...carried, ...(options.withScores ? names : [])]
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
      columns: [
        ...own.map((name) => ({ name, expr: expr.column('s', name) })),
        ...out.map((o) => ({ name: o.name, expr: o.expr })),
      ],
      distinct: false,
      fence: false,
    },
  }
}

/** How good predictions are, from aggregates over the rows of a part. */
import { printExpression } from '../../emit/expression.ts'
import { printLiteral } from '../../emit/literal.ts'
import { expr } from '../../ir/expression.ts'
import { aggregateStatement, passedOn, type TrainingStage } from './aggregate-statement.ts'
import { columnNames, designStages, type TrainingDesign } from './design.ts'

const float = (value: number): string => printLiteral(value, 'float8')

function predicted(design: TrainingDesign, theta: ArrayLike<number>): TrainingStage[] {
  const x = columnNames(design.width)
  const terms = x.flatMap((name, j) => {
    const beta = theta[j + 1] as number
    return beta === 0 ? [] : [expr.product([expr.float(beta), expr.column('q', name)])]
  })
  const e = printExpression(expr.sum([expr.float(theta[0] as number), ...terms]))
  return [
    ...designStages(design),
    { name: '_predicted', from: '_design', columns: [...passedOn(['y', 'w']), { name: 'e', sql: e }] },
  ]
}

/**
 * One row: Σw of label 1, Σw of label 0, Σw ln of the probability of what happened (negated, clipped at `clip`), Σw of squared
 * errors, Σw of rows on the right side of the threshold, and the area under the ROC curve times both weights.
 *
 * The area is exact: rows are grouped by probability, and a window adds up the zeros below each.
 */
export function outcomeMetrics(
  design: TrainingDesign,
  theta: ArrayLike<number>,
  threshold: number,
  clip: number,
): string {
  const stages: TrainingStage[] = [
    ...predicted(design, theta),
    {
      name: '_probabilities',
      from: '_predicted',
      columns: [...passedOn(['y', 'w']), { name: 'p', sql: printExpression(expr.sigmoid(expr.column('q', 'e'))) }],
    },
  ]
  const inner = aggregateStatement(
    design.rows.sql,
    stages,
    ['q.p', 'sum(q.w * q.y) AS ones', 'sum(q.w * (1::float8 - q.y)) AS zeros'],
    design.rows.dialect,
    'GROUP BY q.p',
  )
  const low = float(clip)
  const high = float(1 - clip)
  const clipped = (p: string): string =>
    `CASE WHEN ${p} < ${low} THEN ${low} WHEN ${p} > ${high} THEN ${high} ELSE ${p} END`
  const ranked = `SELECT g.*, sum(g.zeros) OVER (ORDER BY g.p) - g.zeros AS below FROM (\n${inner}\n) AS g`
  return `SELECT coalesce(sum(r.ones), 0), coalesce(sum(r.zeros), 0),
  sum(- r.ones * ln(${clipped('r.p')}) - r.zeros * ln(${clipped('(1::float8 - r.p)')})),
  sum(CASE WHEN r.p < 1e-100::float8 THEN 0::float8 ELSE r.zeros * r.p * r.p END + r.ones * (1::float8 - r.p) * (1::float8 - r.p)),
  sum(CASE WHEN r.p >= ${float(threshold)} THEN r.ones ELSE r.zeros END),
  sum(r.ones * (r.below + 0.5::float8 * r.zeros))
FROM (\n${ranked}\n) AS r`
}

/**
 * One row: rows, Σw, Σw(y − c), Σw(y − c)², Σw|y − c|, Σw(y − η)², Σw|y − η|, for a constant c.
 */
export function numberMetrics(design: TrainingDesign, theta: ArrayLike<number>, constant: number): string {
  const c = float(constant)
  const stages: TrainingStage[] = [
    ...predicted(design, theta),
    {
      name: '_residuals',
      from: '_predicted',
      columns: [
        { name: 'w', sql: 'q.w' },
        { name: 'd', sql: flushed(`q.y - ${c}`) },
        { name: 'r', sql: flushed('q.y - q.e') },
      ],
    },
  ]
  const aggregates = [
    'count(*)::float8',
    'sum(q.w)',
    'sum(q.w * q.d)',
    'sum(q.w * (q.d * q.d))',
    'sum(q.w * abs(q.d))',
    'sum(q.w * (q.r * q.r))',
    'sum(q.w * abs(q.r))',
  ]
  return aggregateStatement(design.rows.sql, stages, aggregates, design.rows.dialect)
}

/** Squares of smaller numbers underflow, which is an error. */
const flushed = (x: string): string => `CASE WHEN abs(${x}) < 1e-100::float8 THEN 0::float8 ELSE ${x} END`

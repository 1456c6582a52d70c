/** Whether a direction moves every row to its own class. */
import { printExpression } from '../../emit/expression.ts'
import { expr } from '../../ir/expression.ts'
import { aggregateStatement, passedOn } from './aggregate-statement.ts'
import { type ColumnScaling, columnNames, designStages, type TrainingDesign } from './design.ts'

/** Labels whose predictor may move without end: each of two outcomes to its own side, or amounts of 0 downwards. */
export type MovingLabels = 'outcomes' | 'amounts'

const wrongSide: Readonly<Record<MovingLabels, string>> = {
  outcomes: 'CASE WHEN q.y = 1::float8 THEN - q.e ELSE q.e END',
  amounts: 'CASE WHEN q.y <= 0::float8 THEN q.e ELSE abs(q.e) END',
}

/** One row: the furthest any row moves to the wrong side, the furthest any moves at all, and the furthest by each column. */
export function separationQuery(
  design: TrainingDesign,
  scaling: ColumnScaling,
  direction: ArrayLike<number>,
  labels: MovingLabels,
): string {
  const x = columnNames(design.width)
  const parts = x.map((name, j) => expr.product([expr.float(direction[j + 1] as number), expr.column('q', name)]))
  const move = printExpression(expr.sum([expr.float(direction[0] as number), ...parts]))
  const stages = [
    ...designStages(design, scaling),
    {
      name: '_moves',
      from: '_design',
      columns: [...passedOn(['y', ...x]), { name: 'e', sql: move }],
    },
  ]
  const aggregates = [
    `max(${wrongSide[labels]})`,
    'max(abs(q.e))',
    ...parts.map((p) => `max(abs(${printExpression(p)}))`),
  ]
  return aggregateStatement(design.rows.sql, stages, aggregates, design.rows.dialect)
}

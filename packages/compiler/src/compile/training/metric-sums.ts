/** How good predictions are, from aggregates over the rows of a part. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import { printExpression } from '../../emit/expression.ts'
import { printLiteral } from '../../emit/literal.ts'
import { expr } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import { meanOf } from '../../model/links.ts'
import { aggregateStatement, passedOn, type TrainingStage } from './aggregate-statement.ts'
import { columnNames, designStages, linearPredictor, type TrainingDesign } from './design.ts'
import { unitLoss } from './row-facts.ts'

const float = (value: number): string => printLiteral(value, 'float8')

/** A fitted linear predictor, the intercept first, and what it predicts. */
export interface Predictor {
  readonly family: Family
  readonly link: Link
  readonly theta: ArrayLike<number>
}

/** Stages up to `_means`: `y`, `w`, and the mean `m`, NULL where the predictor has none. */
function predicted(design: TrainingDesign, { family, link, theta }: Predictor): TrainingStage[] {
  const e = linearPredictor(theta, columnNames(design.width))
  return [
    ...designStages(design),
    { name: '_predicted', from: '_design', columns: [...passedOn(['y', 'w']), { name: 'e', sql: e }] },
    {
      name: '_means',
      from: '_predicted',
      columns: [
        ...passedOn(['y', 'w']),
        { name: 'm', sql: printExpression(meanOf(family, link, expr.column('q', 'e'))) },
      ],
    },
  ]
}

/**
 * One row: Σw of label 1, Σw of label 0, Σw ln of the probability of what happened (negated, clipped at `clip`), Σw of squared
 * errors, Σw of rows on the right side of the threshold, and the area under the ROC curve times both weights.
 *
 * The area is exact: rows are grouped by probability, and a window adds up the zeros below each.
 */
export function outcomeMetrics(design: TrainingDesign, predictor: Predictor, threshold: number, clip: number): string {
  const inner = aggregateStatement(
    design.rows.sql,
    predicted(design, predictor),
    ['q.m AS p', 'sum(q.w * q.y) AS ones', 'sum(q.w * (1::float8 - q.y)) AS zeros'],
    design.rows.dialect,
    'GROUP BY q.m',
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
 * One row: rows, Σw, Σw(y − c), Σw(y − c)², Σw|y − c|, Σw(y − μ)², Σw|y − μ|, rows with a μ, for a constant c.
 */
export function numberMetrics(design: TrainingDesign, predictor: Predictor, constant: number): string {
  const c = float(constant)
  const stages: TrainingStage[] = [
    ...predicted(design, predictor),
    {
      name: '_residuals',
      from: '_means',
      columns: [
        { name: 'w', sql: 'q.w' },
        { name: 'd', sql: flushed(`q.y - ${c}`) },
        { name: 'r', sql: flushed('q.y - q.m') },
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
    'count(q.r)::float8',
  ]
  return aggregateStatement(design.rows.sql, stages, aggregates, design.rows.dialect)
}

/** One row: Σ of w times half the unit deviance from μ, and from each of the constants; Infinity where one is no mean. */
export function devianceMetrics(design: TrainingDesign, predictor: Predictor, constants: readonly number[]): string {
  const losses = ['q.m', ...constants.map(float)].map((mean) => unitLoss(predictor.family, mean))
  const stages: TrainingStage[] = [
    ...predicted(design, predictor),
    {
      name: '_losses',
      from: '_means',
      columns: [...passedOn(['w']), ...losses.map((sql, i) => ({ name: `l${i}`, sql: sql ?? noLoss(predictor) }))],
    },
  ]
  const aggregates = losses.map((_, i) => `sum(q.w * q.l${i})`)
  return aggregateStatement(design.rows.sql, stages, aggregates, design.rows.dialect)
}

function noLoss({ family }: Predictor): never {
  throw new InternalError(`No deviance of ${family}`)
}

/** Squares of smaller numbers underflow, which is an error. */
const flushed = (x: string): string => `CASE WHEN abs(${x}) < 1e-100::float8 THEN 0::float8 ELSE ${x} END`

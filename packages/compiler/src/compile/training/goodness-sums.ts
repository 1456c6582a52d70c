/** What a fit says of its rows, as one aggregate: Pearson's statistic, and the likelihood of perfect predictions. */
import { printExpression } from '../../emit/expression.ts'
import { expr } from '../../ir/expression.ts'
import type { Family } from '../../ir/family.ts'
import { meanOf } from '../../model/links.ts'
import { aggregateStatement, passedOn, type TrainingStage } from './aggregate-statement.ts'
import { columnNames, designStages, linearPredictor, type TrainingDesign } from './design.ts'
import type { FitSumsRequest } from './fit-sums.ts'

/**
 * One row: Σw, Σ w (y − μ)² / V(μ), and the sum of what each row adds to the log-likelihood of a perfect prediction, as far
 * as it does not depend on the dispersion. Pearson's statistic is 0 where no dispersion is estimated.
 */
export function goodnessSums(
  design: TrainingDesign,
  { family, link, theta, scaling }: Pick<FitSumsRequest, 'family' | 'link' | 'theta' | 'scaling'>,
): string {
  const stages: TrainingStage[] = [
    ...designStages(design, scaling),
    {
      name: '_predictor',
      from: '_design',
      columns: [...passedOn(['y', 'w']), { name: 'e', sql: linearPredictor(theta, columnNames(design.width)) }],
    },
    {
      name: '_means',
      from: '_predictor',
      columns: [
        ...passedOn(['y', 'w']),
        { name: 'm', sql: printExpression(meanOf(family, link, expr.column('q', 'e'))) },
        // Stirling's series is good from 12 on.
        { name: 'a', sql: 'CASE WHEN q.y < 12::float8 THEN q.y + 13::float8 ELSE q.y END' },
      ],
    },
    {
      name: '_terms',
      from: '_means',
      columns: [
        ...passedOn(['w']),
        { name: 'p', sql: pearson[family] ?? '0::float8' },
        { name: 's', sql: saturated[family] ?? '0::float8' },
      ],
    },
  ]
  return aggregateStatement(design.rows.sql, stages, ['sum(q.w)', 'sum(q.w * q.p)', 'sum(q.s)'], design.rows.dialect)
}

/** (y − μ)² / V(μ); what is so close to its mean that the square would underflow is at its mean. */
const pearson: Readonly<Partial<Record<Family, string>>> = {
  gaussian: 'CASE WHEN abs(q.y - q.m) < 1e-100::float8 THEN 0::float8 ELSE (q.y - q.m) * (q.y - q.m) END',
  gamma: '((q.y - q.m) / q.m) * ((q.y - q.m) / q.m)',
  'inverse-gaussian': '((q.y - q.m) / q.m) * ((q.y - q.m) / q.m) / q.m',
}

/** r (1/12 − r² (1/360 − …)) with r = 1/a: ln Γ(a) less its leading terms. */
const series =
  'CASE WHEN q.a > 1e50::float8 THEN 0::float8 ELSE ' +
  [1 / 1680, 1 / 1260, 1 / 360, 1 / 12].reduce<string>(
    (rest, c) => `(${c}::float8 - ${rest} / (q.a * q.a))`,
    `${1 / 1188}::float8`,
  ) +
  ' / q.a END'

const rising = Array.from({ length: 12 }, (_, i) => `(q.y + ${i + 1}::float8)`).join(' * ')

/** y ln y − y − ln Γ(y + 1): from 12 on without the large terms that cancel, below with Γ(y + 13). */
const poisson =
  `CASE WHEN q.y = 0::float8 THEN 0::float8 WHEN q.y < 12::float8 THEN q.y * ln(q.y) - q.y + ln(${rising}) ` +
  `- ((q.a - 0.5::float8) * ln(q.a) - q.a + ${0.5 * Math.log(2 * Math.PI)}::float8 + ${series}) ` +
  `ELSE '-0.5'::float8 * (${Math.log(2 * Math.PI)}::float8 + ln(q.y)) - ${series} END`

const saturated: Readonly<Partial<Record<Family, string>>> = {
  gaussian: 'CASE WHEN q.w <> 1::float8 THEN 0.5::float8 * ln(q.w) ELSE 0::float8 END',
  poisson: `q.w * (${poisson})`,
  gamma: '- q.w * ln(q.y)',
  'inverse-gaussian': "'-1.5'::float8 * q.w * ln(q.y)",
}

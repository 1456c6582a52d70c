/** The sums a step of a fit is made of, as aggregates: one statement, or several over blocks of the cross-products. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import type { Family, Link } from '../../ir/family.ts'
import { aggregateStatement, passedOn, type TrainingStage } from './aggregate-statement.ts'
import {
  type ColumnScaling,
  columnNames,
  designStages,
  inBlocks,
  linearPredictor,
  type TrainingDesign,
} from './design.ts'
import { partitioned } from './partitions.ts'
import { rowFacts } from './row-facts.ts'

export interface FitSumsRequest {
  readonly family: Family
  readonly link: Link
  /** Of the scaled columns, the intercept first. */
  readonly theta: ArrayLike<number>
  readonly scaling: ColumnScaling
  /** With Σ w q xᵢxⱼ beside the gradient. */
  readonly withProducts: boolean
  /** One row in so many, by the hash of its keys; 1 for all. */
  readonly every: number
  /** The partition of a row, as SQL: the statements then have a row for each, which begins with it. */
  readonly partition?: string
}

/**
 * Statements of one row each, whose values in a row are: Σwl, least q, Σw, rows, Σ ln w, Σwv, Σwvx₁ …, and with products
 * the packed lower triangle of Σwq zᵢzⱼ for z = (1, x₁ …).
 *
 * ```sql
 * WITH _rows AS (…), …, _design AS (…), _predictor AS (WITH fence AS (SELECT 1) SELECT q.y, q.w, …, 0.3 + 0.1 * q.x1 AS e …), …
 * SELECT sum(q.l), …, sum(q.v * q.x1), …, sum(q.z1 * q.x1) FROM _products AS q
 * ```
 */
export function fitSums(design: TrainingDesign, request: FitSumsRequest): string[] {
  const { width, rows } = design
  const { family, link, theta, withProducts, every, scaling, partition } = request
  const facts = rowFacts(family, link)
  if (facts === undefined) throw new InternalError(`No sums fit ${family} (${link})`)
  const x = columnNames(width)
  const stages: TrainingStage[] = [
    ...designStages(design, scaling, every),
    {
      name: '_predictor',
      from: '_design',
      columns: [...passedOn(['y', 'w', ...x]), { name: 'e', sql: linearPredictor(theta, x) }],
    },
    { name: '_first', from: '_predictor', columns: [...passedOn(['y', 'w', 'e', ...x]), ...facts.first] },
    {
      name: '_second',
      from: '_first',
      columns: [...passedOn(['w', ...x]), ...facts.second],
    },
    {
      name: '_weighted',
      from: '_second',
      columns: [
        ...passedOn(['w', 'q', ...x]),
        { name: 'l', sql: weighted('l') },
        { name: 'v', sql: weighted('v') },
        ...(withProducts ? [{ name: 'z0', sql: weighted('q') }] : []),
      ],
    },
    ...(withProducts
      ? [
          {
            name: '_products',
            from: '_weighted',
            columns: [
              ...passedOn(['w', 'q', 'l', 'v', 'z0', ...x]),
              ...x.map((name, j) => ({ name: `z${j + 1}`, sql: `q.z0 * q.${name}` })),
            ],
          },
        ]
      : []),
  ]
  const sums = [
    'sum(q.l)',
    'min(q.q)',
    'sum(q.w)',
    'count(*)::float8',
    'sum(CASE WHEN q.w <> 1::float8 THEN ln(q.w) ELSE 0::float8 END)',
    'sum(q.v)',
    ...x.map((name) => `sum(q.v * q.${name})`),
  ]
  const products = withProducts
    ? Array.from({ length: width + 1 }, (_, i) => [
        `sum(q.z${i})`,
        ...x.slice(0, i).map((name) => `sum(q.z${i} * q.${name})`),
      ]).flat()
    : []
  const blocks = inBlocks([...sums, ...products])
  if (partition === undefined) return blocks.map((block) => aggregateStatement(rows.sql, stages, block, rows.dialect))
  const handed = partitioned(stages, partition)
  return blocks.map((block) => aggregateStatement(rows.sql, handed, ['q.pt', ...block], rows.dialect, 'GROUP BY q.pt'))
}

/** Times the weight, where neither is so small that a product with it, or two columns, would be no float8. */
const weighted = (of: string): string =>
  `CASE WHEN abs(q.${of}) > 1e-50::float8 AND q.w > 1e-50::float8 THEN q.w * q.${of} ELSE 0::float8 END`

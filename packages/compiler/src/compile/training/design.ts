/** The design matrix as a stage: label, weight and encoded columns `x1…` of the rows of one part. */
import { printExpression } from '../../emit/expression.ts'
import { printLiteral } from '../../emit/literal.ts'
import { type Expr, expr } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { encodedColumns } from '../../model/encoders/columns.ts'
import { encodedValues } from '../../model/encoders/encoded-values.ts'
import { aggregateStatement, passedOn, type StageColumn, type TrainingStage } from './aggregate-statement.ts'
import { partStage, type TrainingRows } from './training-rows.ts'

export interface TrainingDesign {
  readonly rows: TrainingRows
  readonly part: string
  /** Encoded columns. */
  readonly width: number
  readonly inputs: readonly LearnedInput[]
}

export const trainingDesign = (
  rows: TrainingRows,
  inputs: readonly LearnedInput[],
  part: 'train' | 'test' | 'validation',
): TrainingDesign => ({ rows, part, inputs, width: encodedColumns(inputs).length })

export const columnNames = (width: number): string[] => Array.from({ length: width }, (_, j) => `x${j + 1}`)

/** What is subtracted from an encoded column and what the rest is divided by, before anything is squared. */
export interface ColumnScaling {
  readonly shift: ArrayLike<number>
  /** A power of two. */
  readonly scale: ArrayLike<number>
  /** Columns with values so close to 0 that a product of two of them is no float8. */
  readonly tiny: ReadonlySet<number>
}

/** Stages up to `_design`, with `x1…`, `y` and `w`; one row in `every` by the hash of its keys. */
export function designStages(design: TrainingDesign, scaling?: ColumnScaling, every = 1): TrainingStage[] {
  const { rows, inputs, part } = design
  const values = inputs.flatMap((input, i) =>
    encodedValues(input, expr.column('q', rows.inputs[i]?.column ?? '')).map(printExpression),
  )
  const encoded: StageColumn[] = values.map((sql, j) => ({ name: `x${j + 1}`, sql }))
  const sample = every === 1 ? undefined : `abs(q.k % ${every}) = 0`
  const first: TrainingStage[] = [
    ...rows.stages,
    partStage(rows, part, sample),
    { name: '_encoded', from: '_part', columns: [...passedOn(['y', 'w']), ...encoded] },
  ]
  if (scaling === undefined) return [...first, last('_encoded', design.width, (x) => x)]
  return [...first, last('_encoded', design.width, (x, j) => scaled(x, j, scaling))]
}

const last = (from: string, width: number, of: (x: string, j: number) => string): TrainingStage => ({
  name: '_design',
  from,
  columns: [...passedOn(['y', 'w']), ...columnNames(width).map((x, j) => ({ name: x, sql: of(`q.${x}`, j) }))],
})

function scaled(x: string, j: number, { shift, scale, tiny }: ColumnScaling): string {
  const by = scale[j] as number
  const from = shift[j] as number
  const moved = from === 0 ? x : `${x} - ${float(from)}`
  const value = by === 1 ? moved : `${from === 0 ? x : `(${moved})`} / ${float(by)}`
  if (!tiny.has(j)) return value
  return `CASE WHEN abs(${value}) > 1e-70::float8 THEN ${value} ELSE 0::float8 END`
}

/** Of the columns of the design, the intercept first; a coefficient of 0 takes no part. */
export function linearPredictor(theta: ArrayLike<number>, x: readonly string[]): string {
  const terms: Expr[] = [expr.float(theta[0] as number)]
  x.forEach((name, j) => {
    const value = theta[j + 1] as number
    if (value !== 0) terms.push(expr.product([expr.float(value), expr.column('q', name)]))
  })
  return printExpression(expr.sum(terms))
}

/** Columns a result may have are 1,664; a block stays below. */
const blockSize = 1500

/** Aggregates in lists that a result can have. */
export function inBlocks(aggregates: readonly string[]): string[][] {
  const all: string[][] = []
  for (let at = 0; at < aggregates.length; at += blockSize) all.push(aggregates.slice(at, at + blockSize))
  return all
}

/** Statements whose values in a row are rows, Σw, Σwy, and per column least, most, Σx and the least magnitude that is not 0. */
export function surveyQuery(design: TrainingDesign): string[] {
  const stages = designStages(design)
  const aggregates = [
    'count(*)::float8',
    'sum(q.w)',
    'sum(q.w * q.y)',
    ...columnNames(design.width).flatMap((x) => [
      `min(q.${x})`,
      `max(q.${x})`,
      `sum(q.${x})`,
      `min(abs(q.${x})) FILTER (WHERE q.${x} <> 0::float8)`,
    ]),
  ]
  return inBlocks(aggregates).map((some) => aggregateStatement(design.rows.sql, stages, some, design.rows.dialect))
}

const float = (value: number): string => printLiteral(value, 'float8')

/** Sums of products without rounding: numeric arithmetic over the decimals that float8 values are written as. */
import { printExpression } from '../../emit/expression.ts'
import { printLiteral } from '../../emit/literal.ts'
import { expr } from '../../ir/expression.ts'
import type { LearnedEncoder } from '../../ir/learned-encoder.ts'
import { encodedValues } from '../../model/encoders/encoded-values.ts'
import { whereUsable } from '../../model/encoders/usable.ts'
import { aggregateStatement, passedOn, type StageColumn, type TrainingStage } from './aggregate-statement.ts'
import { columnNames, inBlocks, type TrainingDesign } from './design.ts'
import { partStage } from './training-rows.ts'

/** An input whose columns are powers of (x − origin − center), to be divided afterwards. */
export interface ExactPowers {
  readonly encoder: Extract<LearnedEncoder, { kind: 'numeric' }>
  readonly powers: readonly number[]
}

/**
 * Statements whose values in a row are Σ ln w and the packed lower triangle of Σ w zᵢ zⱼ for z = (1, columns, label), as
 * numeric. `powers` has an entry for each input; undefined where the encoded columns are taken as the decimals they print as.
 *
 * `x::numeric` keeps 15 digits of a float8; its text has as many as it takes to read it back.
 */
export function exactSumsQuery(design: TrainingDesign, powers: readonly (ExactPowers | undefined)[]): string[] {
  const { rows, inputs, part } = design
  const numbers: StageColumn[] = []
  inputs.forEach((input, i) => {
    const name = rows.inputs[i]?.column ?? ''
    const own = powers[i]
    const place = (): string => `x${numbers.length + 1}`
    if (own === undefined) {
      for (const value of encodedValues(input, expr.column('q', name))) {
        numbers.push({ name: place(), sql: decimal(printExpression(value)) })
      }
      return
    }
    const { encoder } = own
    const x = expr.column('q', name)
    const missing = expr.literal('float8', null)
    const usable = printExpression(whereUsable(input.type, x, x, expr.float(0), missing))
    const read = encoder.origin === undefined ? decimal(usable) : `(${decimal(usable)} - ${literal(encoder.origin)})`
    const moved = `(coalesce(${read}, ${literal(encoder.impute)}) - ${literal(encoder.center)})`
    for (const power of own.powers) numbers.push({ name: place(), sql: new Array(power).fill(moved).join(' * ') })
    if (encoder.indicator) numbers.push({ name: place(), sql: `(${usable} IS NULL)::int::numeric` })
  })
  const names = columnNames(numbers.length)
  const exact: TrainingStage = {
    name: '_exact',
    from: '_part',
    columns: [
      { name: 'z0', sql: '1::numeric' },
      ...numbers,
      { name: 'y', sql: decimal('q.y') },
      { name: 'w', sql: decimal('q.w') },
      { name: 'lnw', sql: 'CASE WHEN q.w <> 1::float8 THEN ln(q.w) ELSE 0::float8 END' },
    ],
  }
  const z = ['z0', ...names, 'y']
  const weighted: TrainingStage = {
    name: '_weighted',
    from: '_exact',
    columns: [...passedOn([...z, 'lnw']), ...z.map((name) => ({ name: `w${name}`, sql: `q.w * q.${name}` }))],
  }
  const sums = z.flatMap((a, i) => z.slice(0, i + 1).map((b) => `sum(q.w${a} * q.${b})`))
  const stages = [...rows.stages, partStage(rows, part), exact, weighted]
  return inBlocks(['sum(q.lnw)', ...sums]).map((some) => aggregateStatement(rows.sql, stages, some, rows.dialect))
}

const decimal = (float: string): string => `(${float})::text::numeric`

const literal = (value: number): string => `${printLiteral(String(value), 'text')}::numeric`

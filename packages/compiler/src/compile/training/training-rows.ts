/** The rows of a training query as numbers: inputs, label, weight, offset, and the part each is in. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import type { Dialect } from '../../emit/dialect.ts'
import { dialectOf } from '../../emit/dialect-of.ts'
import { postgres } from '../../emit/dialects/postgres.ts'
import { printExpression } from '../../emit/expression.ts'
import { quoteIdentifier } from '../../emit/identifier.ts'
import type { CompileOptions } from '../../ir/compile-options.ts'
import type { ModelDef } from '../../ir/definition.ts'
import { type Expr, expr } from '../../ir/expression.ts'
import { labelKind } from '../../ir/family.ts'
import { type Column, featureKind, isBoolean, type SqlType } from '../../ir/type.ts'
import { whereUsable } from '../../model/encoders/usable.ts'
import type { CompiledQuery } from '../compiled-query.ts'
import { passedOn, type StageColumn, type TrainingStage } from './aggregate-statement.ts'

export interface TrainingInput {
  readonly feature: string
  readonly type: SqlType
  readonly kind: 'numeric' | 'boolean' | 'category'
  /** Name of its column in the stages: `f1`, `f2`, … */
  readonly column: string
}

/** What every query about the rows of a dataset begins with. */
export interface TrainingRows {
  /** The training query. */
  readonly sql: string
  readonly inputs: readonly TrainingInput[]
  /** Columns: `f1…`, `y`, `w`, `part`, and `k`, a hash of the keys. */
  readonly stages: readonly TrainingStage[]
  readonly dialect: Dialect
}

/**
 * The stages that turn the result of a training query into numbers.
 *
 * `part` is `train`, `test` or `validation`, or why the row is in none: `censored`, `gap`, `unlabelled`, `weightless`, by
 * the first that holds. Errors: `model/input-type` is for {@link bindModel} to find.
 */
export function trainingRows(model: ModelDef, query: CompiledQuery, options: CompileOptions = {}): TrainingRows {
  const inputs = Object.keys(model.inputs).map((feature, i): TrainingInput => {
    const column = columnOf(query, feature)
    const kind = featureKind(column.type, column.isEnum)
    if (kind !== 'numeric' && kind !== 'boolean' && kind !== 'category') {
      throw new InternalError(`Input "${feature}" is neither number, truth value nor category`)
    }
    return { feature, type: column.type, kind, column: `f${i + 1}` }
  })
  const dialect = options.dialect === undefined ? postgres : dialectOf(options)
  return { sql: query.sql, inputs, stages: stagesOf(model, query, inputs), dialect }
}

function columnOf({ columns }: CompiledQuery, name: string): Column {
  const found = columns.find((c) => c.name === name)
  if (found === undefined) throw new InternalError(`The training query lacks the column "${name}"`)
  return found
}

function stagesOf(model: ModelDef, query: CompiledQuery, inputs: readonly TrainingInput[]): TrainingStage[] {
  const has = (name: string): boolean => query.columns.some((c) => c.name === name)
  const isDropped = (model.dataset.target?.censored ?? 'drop') === 'drop' && has('_censored')
  const keys = [...model.dataset.sample.entity.keys.map((k) => k.name), ...(has('as_of') ? ['as_of'] : [])].filter(has)
  const label = columnOf(query, model.label)
  const numbers: TrainingStage = {
    name: '_numbers',
    from: '_rows',
    columns: [
      ...inputs.map(({ feature, column }) => ({
        name: column,
        sql: quoted(feature),
      })),
      { name: 'y', sql: labelNumber(model, label) },
      { name: 'w', sql: has('_weight') ? 'q._weight' : '1::float8' },
      { name: 'split', sql: has('_split') ? 'q._split' : "'train'::text" },
      { name: 'censored', sql: isDropped ? 'q._censored' : 'false' },
      { name: 'k', sql: hashOf(keys) },
    ],
  }
  const part =
    `CASE WHEN q.censored THEN 'censored' WHEN q.split IS NULL THEN 'gap' ` +
    `WHEN q.y IS NULL OR q.y = 'NaN'::float8 THEN 'unlabelled' ` +
    `WHEN q.w > 0::float8 AND q.w < 'NaN'::float8 THEN q.split ELSE 'weightless' END`
  const parts: TrainingStage = {
    name: '_parts',
    from: '_numbers',
    columns: [...passedOn([...inputs.map((i) => i.column), 'y', 'w', 'k']), { name: 'part', sql: part }],
  }
  return [numbers, parts]
}

const quoted = (name: string): string => `q.${quoteIdentifier(name)}`

/** The numeric inputs as what learning counts: a number that is used, or NULL where it is missing. */
export const usableStage = (rows: TrainingRows, from: string, more: readonly string[]): TrainingStage => ({
  name: '_usable',
  from,
  columns: [
    ...passedOn(more),
    ...rows.inputs.map(({ kind, column, type }) => ({
      name: column,
      sql: kind === 'numeric' ? usable(column, type) : `q.${column}`,
    })),
  ],
})

function usable(name: string, type: SqlType): string {
  const x = expr.column('q', name)
  return printExpression(whereUsable(type, x, x, expr.float(0), expr.literal('float8', null)))
}

function labelNumber(model: ModelDef, { name, type }: Column): string {
  const column = expr.column('q', name)
  if (labelKind(model.family) === 'class') throw new InternalError('A class is no number')
  if (isBoolean(type)) return printExpression(outcome(column))
  if (type !== 'numeric') return `${quoted(name)}::float8`
  // The cast of a numeric beyond the range of float8 is an error, and what lies there no label a model can have.
  return `CASE WHEN abs(${quoted(name)}) < 1e300 THEN ${quoted(name)}::float8 WHEN ${quoted(name)} IS NOT NULL THEN 'Infinity'::float8 END`
}

const outcome = (column: Expr): Expr =>
  expr.case(
    [
      { when: column, value: expr.float(1) },
      { when: expr.not(column), value: expr.float(0) },
    ],
    expr.literal('float8', null),
  )

/** Only which rows a first guess looks at depends on it. */
const hashOf = (keys: readonly string[]): string =>
  keys.length === 0 ? '0' : `hashtext(concat_ws(',', ${keys.map((k) => `${quoted(k)}::text`).join(', ')}))`

/** A stage with the rows of one part. */
export const partStage = (rows: TrainingRows, part: string, where?: string): TrainingStage => ({
  name: '_part',
  from: '_parts',
  columns: passedOn([...rows.inputs.map((i) => i.column), 'y', 'w']) satisfies StageColumn[],
  where: `q.part = '${part}'${where === undefined ? '' : ` AND ${where}`}`,
})

/**
 * Encoded columns of an input as expressions: the one definition of what an encoder means. Training encodes with typed
 * arrays for speed and is tested against this.
 */
import { fail } from '../diagnostics/diagnostic.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { LearnedInput } from '../ir/learned-encoder.ts'

/** One column of the design matrix. */
export interface EncodedColumn {
  /** `distance`, `state=CA`, `distance?` for a missing indicator. */
  readonly name: string
  readonly feature: string
}

/** Names of the encoded columns, in the order of the coefficients (the intercept, which comes first, not included). */
export const encodedColumns = (inputs: readonly LearnedInput[]): EncodedColumn[] =>
  inputs.flatMap(({ feature, encoder }) => namesOf(feature, encoder).map((name) => ({ name, feature })))

function namesOf(feature: string, encoder: LearnedInput['encoder']): string[] {
  switch (encoder.kind) {
    case 'numeric':
      return encoder.indicator ? [feature, `${feature}?`] : [feature]
    case 'onehot':
      return encoder.levels.map((level) => `${feature}=${level}`)
    case 'boolean':
    case 'raw':
      return [feature]
  }
}

export interface Contribution {
  readonly feature: string
  /** What the input adds to the linear predictor, the constant part left out. */
  readonly expr: Expr
  /** The same without the guard against missing values: NULL or NaN when the value is. Absent when nothing is guarded. */
  readonly plain?: Expr
  /** Constant part: −β · center / scale. */
  readonly constant: number
}

/**
 * An input's share of the linear predictor, encoder and coefficients folded into one multiply or one CASE per column.
 *
 * `betas` are the coefficients of the input's encoded columns, in order. `column` is the feature after its boundary.
 */
export function contribution(input: LearnedInput, betas: readonly number[], column: Expr): Contribution {
  const { encoder, feature } = input
  switch (encoder.kind) {
    case 'raw':
      return fail('model/record', { file: 'a model', detail: `input "${feature}" is raw, which only trees read` })
    case 'numeric': {
      const missing = expr.or([expr.isNull(column), expr.compare('=', column, expr.float(Number.NaN))])
      const present = transformed(encoder.transform, column)
      const imputed = transformedNumber(encoder.transform, encoder.impute)
      const weight = (betas[0] ?? 0) / encoder.scale
      const indicator = encoder.indicator ? (betas[1] ?? 0) : 0
      // A missing value costs one comparison: its whole contribution is a constant known now.
      const whenMissing = expr.float(product(weight, imputed) + indicator)
      const plain = expr.product([expr.float(weight), present])
      return {
        feature,
        expr: expr.case([{ when: missing, value: whenMissing }], plain),
        plain,
        constant: -product(weight, encoder.center),
      }
    }
    case 'onehot': {
      const arms = encoder.levels.map((level, i) => ({
        when: expr.compare('=', column, expr.text(level)),
        value: expr.float(betas[i] ?? 0),
      }))
      return { feature, expr: arms.length === 0 ? expr.float(0) : expr.case(arms, expr.float(0)), constant: 0 }
    }
    case 'boolean':
      return {
        feature,
        expr: expr.case([{ when: column, value: expr.float(betas[0] ?? 0) }], expr.float(0)),
        constant: 0,
      }
  }
}

/** 0 · x is 0 for a learned constant, so that a zero coefficient cannot make NaN of an infinite one. */
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b)

/** log1p is for amounts: values below 0 count as 0, in training as in SQL. */
function transformed(transform: 'identity' | 'log1p', x: Expr): Expr {
  if (transform === 'identity') return x
  const amount = expr.case([{ when: expr.compare('<', x, expr.float(0)), value: expr.float(0) }], x)
  return expr.call('ln', [expr.sum([expr.float(1), amount])])
}
const transformedNumber = (transform: 'identity' | 'log1p', x: number): number =>
  transform === 'identity' ? x : Math.log(1 + Math.max(0, x))

/** Expressions over one column as PMML transformations. */
import { type Expr, type FunctionName, fold, type Literal } from '../../ir/expression.ts'
import { isBoolean, isInteger, isText, type SqlType } from '../../ir/type.ts'
import { type Written, written } from './element.ts'

/** What PMML has no word for. */
export interface Unsayable {
  readonly what: string
}
export const isUnsayable = (x: Written | Unsayable): x is Unsayable => 'what' in x

/**
 * The transformation that has the value of `e`. Its column must not be missing there: tests for that are left to
 * an `if` around it, since PMML does not say what a comparison with a missing value is.
 *
 * Source: PMML 4.4, Transformations and Built-in Functions (dmg.org).
 */
export function formula(e: Expr, types: Readonly<Record<string, SqlType>>): Written | Unsayable {
  const problems: string[] = []
  const apply = (name: string, args: readonly Written[]): Written => written('Apply', { function: name }, args)
  const nary = (name: string, items: readonly Expr[]): Written => items.map(of).reduce((a, b) => apply(name, [a, b]))
  const of: (e: Expr) => Written = fold<Written>({
    column: (n) => written('FieldRef', { field: n.name }),
    stage: (n) => unsayable(`stage ${n.stage}`),
    parameter: () => unsayable('a parameter'),
    literal: (n) => constant(n.value),
    sum: (n) => nary('+', n.terms),
    product: (n) => nary('*', n.factors),
    divide: (n) => apply('/', [of(n.left), of(n.right)]),
    negate: (n) => apply('*', [constant(-1), of(n.of)]),
    compare: (n) => apply(comparisons[n.operator], [of(n.left), of(n.right)]),
    logic: (n) => nary(n.operator, n.terms),
    not: (n) => apply('not', [of(n.of)]),
    isnull: (n) => apply('isMissing', [of(n.of)]),
    case: (n) =>
      n.arms.reduceRight((rest, arm) => apply('if', [condition(arm.when), of(arm.value), rest]), of(n.otherwise)),
    call: (n) => called(n.name, n.args),
    sigmoid: (n) =>
      apply('/', [constant(1), apply('+', [constant(1), apply('exp', [apply('*', [constant(-1), of(n.of)])])])]),
    cast: (n) => (n.to === 'text' ? textOf(n.of) : of(n.of)),
    chain: (n) => (n.type === 'float8' ? nary('+', n.terms) : unsayable('sums of single precision')),
  })
  const condition = (when: Expr): Written =>
    when.kind === 'column' ? apply('equal', [of(when), written('Constant', { dataType: 'boolean' }, 'true')]) : of(when)
  const unsayable = (what: string): Written => {
    problems.push(what)
    return written('Constant', { missing: true })
  }
  const textOf = (x: Expr): Written => {
    const type = x.kind === 'column' ? (types[x.name] ?? 'text') : 'text'
    if (isText(type)) return of(x)
    if (isBoolean(type)) return apply('if', [condition(x), constant('true'), constant('false')])
    if (isInteger(type)) return apply('formatNumber', [of(x), constant('%d')])
    return unsayable(`the text of ${type}`)
  }
  const called = (name: FunctionName, args: readonly Expr[]): Written => {
    const own = functions[name]
    if (own !== undefined) return apply(own, args.map(of))
    if (name === 'coalesce') {
      return args.map(of).reduceRight((rest, first) => apply('if', [apply('isMissing', [first]), rest, first]))
    }
    return unsayable(`the function ${name}`)
  }
  const result = of(e)
  return problems.length === 0 ? result : { what: [...new Set(problems)].join(', ') }
}

const comparisons = {
  '=': 'equal',
  '<>': 'notEqual',
  '<': 'lessThan',
  '<=': 'lessOrEqual',
  '>': 'greaterThan',
  '>=': 'greaterOrEqual',
} as const

const functions: Readonly<Partial<Record<FunctionName, string>>> = { exp: 'exp', ln: 'ln', sqrt: 'sqrt', abs: 'abs' }

/** Infinities and NaN are written as xsd:double has them. */
export function constant(value: Literal): Written {
  if (value === null) return written('Constant', { missing: true })
  if (typeof value === 'number') return written('Constant', { dataType: 'double' }, number(value))
  return written('Constant', { dataType: typeof value === 'boolean' ? 'boolean' : 'string' }, String(value))
}

export const number = (x: number): string =>
  x === Number.POSITIVE_INFINITY ? 'INF' : x === Number.NEGATIVE_INFINITY ? '-INF' : String(x)

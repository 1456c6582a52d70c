/**
 * The reference interpreter: the meaning of an expression. The database must agree with it, bit for bit on arithmetic
 * and within 4 ulp through exp and ln, which differ between mathematics libraries.
 *
 * PostgreSQL's rules, not JavaScript's: NULL propagates, NaN equals itself and sorts above everything, and `+ - * /`
 * raise an error (22003) when finite operands overflow, or when a product or quotient of nonzero operands underflows to 0.
 */
import { InternalError } from '../diagnostics/diagnostic.ts'
import { type CompareOperator, type Expr, fold, inGroups, type Literal } from '../ir/expression.ts'
import { hash32 } from '../ir/md5.ts'

export type Row = Readonly<Record<string, Literal>>

/** What PostgreSQL would raise for this row. */
export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError'
  readonly sqlState: string
  constructor(message: string, sqlState: string) {
    super(message)
    this.sqlState = sqlState
  }
}

export interface Scope {
  /** Values of `column` nodes; their qualifier is ignored, names are unique within a stage. */
  readonly row: Row
  /** Values of `stage` nodes. */
  readonly stages?: Readonly<Record<string, Row>>
  readonly parameters?: readonly Literal[]
}

/** The value of an expression for one row. Errors: {@link ArithmeticError} where the database would raise one. */
export function evaluate(e: Expr, scope: Scope): Literal {
  return fold<Literal>({
    column: (n) => lookup(scope.row, n.name),
    stage: (n) => lookup(scope.stages?.[n.stage] ?? {}, n.name),
    literal: (n) => n.value,
    parameter: (n) => scope.parameters?.[n.index - 1] ?? null,
    sum: (n) => nary(n.terms, scope, add),
    chain: (n) =>
      chain(
        n.type,
        n.terms.map((t) => evaluate(t, scope) as number),
      ),
    product: (n) => nary(n.factors, scope, multiply),
    divide: (n) => binary(n.left, n.right, scope, divide),
    negate: (n) => {
      const v = evaluate(n.of, scope)
      return v === null ? null : -(v as number)
    },
    compare: (n) => {
      const left = evaluate(n.left, scope)
      const right = evaluate(n.right, scope)
      return left === null || right === null ? null : compare(n.operator, order(left, right))
    },
    logic: (n) => {
      const decisive = n.operator === 'or'
      let unknown = false
      for (const term of n.terms) {
        const v = evaluate(term, scope)
        if (v === decisive) return decisive
        if (v === null) unknown = true
      }
      return unknown ? null : !decisive
    },
    not: (n) => {
      const v = evaluate(n.of, scope)
      return v === null ? null : !v
    },
    isnull: (n) => evaluate(n.of, scope) === null,
    case: (n) => {
      for (const arm of n.arms) if (evaluate(arm.when, scope) === true) return evaluate(arm.value, scope)
      return evaluate(n.otherwise, scope)
    },
    call: (n) => {
      if (n.name === 'coalesce') {
        for (const a of n.args) {
          const v = evaluate(a, scope)
          if (v !== null) return v
        }
        return null
      }
      if (n.name === 'nullif') {
        const [left, right] = n.args.map((a) => evaluate(a, scope))
        return left == null || right == null || order(left, right) !== 0 ? (left ?? null) : null
      }
      if (n.name === 'greatest') {
        const values = n.args.map((a) => evaluate(a, scope)).filter((v) => v !== null)
        return values.reduce<Literal>((most, v) => (most === null || order(v, most) > 0 ? v : most), null)
      }
      if (isNumeric(n.name)) {
        const v = evaluate(n.args[0] as Expr, scope)
        return v === null ? null : call(n.name, v as number)
      }
      if (n.name === 'hash_slot') {
        const [text, slots] = n.args.map((a) => evaluate(a, scope))
        return text == null ? null : hash32(String(text)) % Number(slots)
      }
      throw new InternalError(`${n.name} is computed in the database only`)
    },
    sigmoid: (n) => sigmoid(evaluate(n.of, scope) as number | null),
    cast: (n) => cast(evaluate(n.of, scope), n.to),
  })(e)
}

function lookup(row: Row, name: string): Literal {
  const v = row[name]
  if (v === undefined) throw new InternalError(`The interpreter has no column "${name}"`)
  return v
}

function nary(items: readonly Expr[], scope: Scope, combine: (a: number, b: number) => number): number | null {
  const values = items.map((t) => evaluate(t, scope) as number | null)
  return inGroups<number | null>(values, (parts) =>
    parts.reduce((a, b) => (a === null || b === null ? null : combine(a, b))),
  )
}

function chain(type: 'float4' | 'float8', terms: readonly number[]): number {
  if (type === 'float8') return terms.reduce(add)
  return terms.map(Math.fround).reduce((a, b) => {
    const r = Math.fround(a + b)
    if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
    return r
  })
}

function binary(a: Expr, b: Expr, scope: Scope, combine: (a: number, b: number) => number): number | null {
  const left = evaluate(a, scope) as number | null
  const right = evaluate(b, scope) as number | null
  return left === null || right === null ? null : combine(left, right)
}

function add(a: number, b: number): number {
  const r = a + b
  if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
  return r
}
function multiply(a: number, b: number): number {
  const r = a * b
  if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
  if (r === 0 && a !== 0 && b !== 0) underflow()
  return r
}
function divide(a: number, b: number): number {
  if (b === 0 && !Number.isNaN(a)) throw new ArithmeticError('division by zero', '22012')
  const r = a / b
  if (!Number.isFinite(r) && Number.isFinite(a) && Number.isFinite(b)) overflow()
  if (r === 0 && a !== 0 && Number.isFinite(b)) underflow()
  return r
}
const overflow = (): never => {
  throw new ArithmeticError('value out of range: overflow', '22003')
}
const underflow = (): never => {
  throw new ArithmeticError('value out of range: underflow', '22003')
}

const numeric = ['exp', 'ln', 'sqrt', 'abs', 'sinh', 'floor'] as const
type NumericFunction = (typeof numeric)[number]
const isNumeric = (name: string): name is NumericFunction => (numeric as readonly string[]).includes(name)

function call(name: NumericFunction, v: number): number {
  switch (name) {
    case 'exp': {
      const r = Math.exp(v)
      if (r === Number.POSITIVE_INFINITY && Number.isFinite(v)) overflow()
      if (r === 0 && Number.isFinite(v)) underflow()
      return r
    }
    case 'ln':
      if (v === 0) throw new ArithmeticError('cannot take logarithm of zero', '2201E')
      if (v < 0) throw new ArithmeticError('cannot take logarithm of a negative number', '2201E')
      return Math.log(v)
    case 'sqrt':
      if (v < 0) throw new ArithmeticError('cannot take square root of a negative number', '2201F')
      return Math.sqrt(v)
    case 'abs':
      return Math.abs(v)
    case 'sinh':
      return Math.sinh(v)
    case 'floor':
      return Math.floor(v)
  }
}

/** 1 / (1 + exp(−z)) with the guards the SQL has; ±708 is where exp stays clear of both range errors. */
export function sigmoid(z: number | null): number | null {
  if (z === null || Number.isNaN(z)) return null
  if (z > 708) return 1
  if (z < -708) return 0
  return 1 / (1 + Math.exp(-z))
}

/** −1, 0 or 1 in PostgreSQL's order: NaN equals NaN and is greater than any number. Text is compared by code point. */
function order(a: NonNullable<Literal>, b: NonNullable<Literal>): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
    if (Number.isNaN(b)) return -1
  }
  return a === b ? 0 : a < b ? -1 : 1
}

function compare(operator: CompareOperator, sign: number): boolean {
  switch (operator) {
    case '=':
      return sign === 0
    case '<>':
      return sign !== 0
    case '<':
      return sign < 0
    case '<=':
      return sign <= 0
    case '>':
      return sign > 0
    case '>=':
      return sign >= 0
  }
}

function cast(v: Literal, to: string): Literal {
  if (v === null) return null
  if (to === 'float8') return Number(v)
  if (to === 'text') return String(v)
  if (to === 'bool' && typeof v === 'boolean') return v
  throw new InternalError(`The interpreter cannot cast to ${to}`)
}

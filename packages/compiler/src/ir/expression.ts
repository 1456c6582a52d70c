/**
 * The scalar algebra: plain frozen data with total folds. It models scoring, not SQL; users' SQL stays text.
 * Adding a kind is a decision record.
 */
import type { SqlType } from './type.ts'

export type Literal = number | string | boolean | null

/** Functions an expression may call; each has one meaning in `evaluate/` and one spelling per dialect. */
export type FunctionName =
  | 'exp'
  | 'ln'
  | 'sqrt'
  | 'abs'
  | 'sinh'
  | 'floor'
  /** The text compared byte by byte, whatever its collation. */
  | 'bytewise'
  /** The greatest of the arguments that are not NULL; NULL when all are. NaN is above every number. */
  | 'greatest'
  | 'coalesce'
  /** NULL when both arguments are equal, else the first; it is computed once. */
  | 'nullif'
  /** The first 32 bits of the MD5 of the arguments (text), each quoted and joined by a comma, as int8. */
  | 'hash32'
  /** The first 32 bits of the MD5 of a text's UTF-8 bytes, modulo the second argument (a literal), as float8. */
  | 'hash_slot'
  /** Digits of a numeric without zeros at the end. */
  | 'trim_scale'
  /** Seconds since 1970 of an instant or a date, as numeric. */
  | 'epoch'
  /** Bytes as hexadecimal digits. */
  | 'hex'
  | 'lower'

export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Expr =
  | { readonly kind: 'column'; readonly of: string; readonly name: string }
  | { readonly kind: 'literal'; readonly type: SqlType; readonly value: Literal }
  | { readonly kind: 'parameter'; readonly index: number; readonly type: SqlType }
  /** n-ary; the order of reduction is part of its meaning, see `inGroups`. */
  | { readonly kind: 'sum'; readonly terms: readonly Expr[] }
  /**
   * Terms added left to right, each sum rounded to the type: the arithmetic of a library, where `sum` is free to choose its
   * own order. No term is NULL.
   */
  | { readonly kind: 'chain'; readonly type: 'float4' | 'float8'; readonly terms: readonly Expr[] }
  | { readonly kind: 'product'; readonly factors: readonly Expr[] }
  | { readonly kind: 'divide'; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'negate'; readonly of: Expr }
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly terms: readonly Expr[] }
  | { readonly kind: 'not'; readonly of: Expr }
  | { readonly kind: 'isnull'; readonly of: Expr }
  | { readonly kind: 'case'; readonly arms: readonly CaseArm[]; readonly otherwise: Expr }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Expr[] }
  /** 1 / (1 + exp(−x)), guarded: NULL and NaN → NULL, ±∞ → 0 or 1; never an error. `bounded`: |x| is proven to stay within 700. */
  | { readonly kind: 'sigmoid'; readonly of: Expr; readonly bounded?: true }
  | { readonly kind: 'cast'; readonly of: Expr; readonly to: SqlType }
  /** The value of a column of a named, fenced stage; what makes sharing a construct. */
  | { readonly kind: 'stage'; readonly stage: string; readonly name: string }

export interface CaseArm {
  readonly when: Expr
  readonly value: Expr
}

export type ExprOf<K extends Expr['kind']> = Extract<Expr, { kind: K }>

/** One function per kind; leaving one out does not compile. */
export type Fold<R> = { readonly [K in Expr['kind']]: (node: ExprOf<K>) => R }

export function fold<R>(handlers: Fold<R>): (e: Expr) => R {
  return (e) => (handlers[e.kind] as (node: Expr) => R)(e)
}

const freeze = <T extends Expr>(e: T): T => Object.freeze(e)

/** Builders: `expr.sum([a, b])`. */
export const expr = {
  column: (of: string, name: string): Expr => freeze({ kind: 'column', of, name }),
  literal: (type: SqlType, value: Literal): Expr => freeze({ kind: 'literal', type, value }),
  float: (value: number): Expr => freeze({ kind: 'literal', type: 'float8', value }),
  text: (value: string): Expr => freeze({ kind: 'literal', type: 'text', value }),
  parameter: (index: number, type: SqlType): Expr => freeze({ kind: 'parameter', index, type }),
  sum: (terms: readonly Expr[]): Expr => freeze({ kind: 'sum', terms }),
  chain: (type: 'float4' | 'float8', terms: readonly Expr[]): Expr => freeze({ kind: 'chain', type, terms }),
  product: (factors: readonly Expr[]): Expr => freeze({ kind: 'product', factors }),
  divide: (left: Expr, right: Expr): Expr => freeze({ kind: 'divide', left, right }),
  negate: (of: Expr): Expr => freeze({ kind: 'negate', of }),
  compare: (operator: CompareOperator, left: Expr, right: Expr): Expr =>
    freeze({ kind: 'compare', operator, left, right }),
  and: (terms: readonly Expr[]): Expr => freeze({ kind: 'logic', operator: 'and', terms }),
  or: (terms: readonly Expr[]): Expr => freeze({ kind: 'logic', operator: 'or', terms }),
  not: (of: Expr): Expr => freeze({ kind: 'not', of }),
  isNull: (of: Expr): Expr => freeze({ kind: 'isnull', of }),
  case: (arms: readonly CaseArm[], otherwise: Expr): Expr => freeze({ kind: 'case', arms, otherwise }),
  call: (name: FunctionName, args: readonly Expr[]): Expr => freeze({ kind: 'call', name, args }),
  sigmoid: (of: Expr, bounded = false): Expr => freeze({ kind: 'sigmoid', of, ...(bounded ? { bounded } : {}) }),
  cast: (of: Expr, to: SqlType): Expr => freeze({ kind: 'cast', of, to }),
  stage: (stage: string, name: string): Expr => freeze({ kind: 'stage', stage, name }),
} as const

/** Direct children, in the order they are evaluated. */
export const children: (e: Expr) => readonly Expr[] = fold<readonly Expr[]>({
  column: () => [],
  literal: () => [],
  parameter: () => [],
  sum: (e) => e.terms,
  chain: (e) => e.terms,
  product: (e) => e.factors,
  divide: (e) => [e.left, e.right],
  negate: (e) => [e.of],
  compare: (e) => [e.left, e.right],
  logic: (e) => e.terms,
  not: (e) => [e.of],
  isnull: (e) => [e.of],
  case: (e) => [...e.arms.flatMap((a) => [a.when, a.value]), e.otherwise],
  call: (e) => e.args,
  sigmoid: (e) => [e.of],
  cast: (e) => [e.of],
  stage: () => [],
})

/** The same node with each child replaced by `f(child)`. */
export function mapChildren(e: Expr, f: (child: Expr) => Expr): Expr {
  return fold<Expr>({
    column: (n) => n,
    literal: (n) => n,
    parameter: (n) => n,
    sum: (n) => expr.sum(n.terms.map(f)),
    chain: (n) => expr.chain(n.type, n.terms.map(f)),
    product: (n) => expr.product(n.factors.map(f)),
    divide: (n) => expr.divide(f(n.left), f(n.right)),
    negate: (n) => expr.negate(f(n.of)),
    compare: (n) => expr.compare(n.operator, f(n.left), f(n.right)),
    logic: (n) => freeze({ ...n, terms: n.terms.map(f) }),
    not: (n) => expr.not(f(n.of)),
    isnull: (n) => expr.isNull(f(n.of)),
    case: (n) =>
      expr.case(
        n.arms.map((a) => ({ when: f(a.when), value: f(a.value) })),
        f(n.otherwise),
      ),
    call: (n) => expr.call(n.name, n.args.map(f)),
    sigmoid: (n) => expr.sigmoid(f(n.of), n.bounded),
    cast: (n) => expr.cast(f(n.of), n.to),
    stage: (n) => n,
  })(e)
}

/** Terms added left to right in one group, and groups in one group of groups. */
const termsInGroup = 64
const groupsInGroup = 16

/** True for the first term of a group: the others are right operands. */
export const startsGroup = (index: number): boolean => index % termsInGroup === 0

/**
 * Reduces a list in groups of 64 terms, `a + b + …` within a group, and the groups in groups of 16, level by level.
 *
 * This order is the meaning of `sum` and `product`: the printer and the interpreter both follow it, so they round alike.
 * A flat sum of 600 terms breaks the embedded engine, so there is a limit; up to it, flat is what PostgreSQL evaluates
 * fastest (51 terms: 6 to 8 % faster than in groups of 16). 5,000 terms are 85 levels deep.
 */
export function inGroups<T>(items: readonly T[], group: (parts: readonly T[], level: number) => T, level = 0): T {
  const size = level === 0 ? termsInGroup : groupsInGroup
  if (items.length <= size) return group(items, level)
  const next: T[] = []
  for (let i = 0; i < items.length; i += size) next.push(group(items.slice(i, i + size), level))
  return inGroups(next, group, level + 1)
}

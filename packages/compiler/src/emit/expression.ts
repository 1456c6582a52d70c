/** Expressions as SQL text. Parentheses appear where precedence needs them and nowhere else. */
import { type Expr, type ExprOf, type FunctionName, fold, inGroups, startsGroup } from '../ir/expression.ts'
import { quoteIdentifier } from './identifier.ts'
import { printLiteral } from './literal.ts'
import { printType } from './type-name.ts'

/** Text with the binding strength of its outermost operator (PostgreSQL manual, table 4.2). */
interface Printed {
  readonly sql: string
  readonly level: number
}
const level = { or: 1, and: 2, not: 3, is: 4, compare: 5, add: 7, multiply: 8, negate: 9, cast: 10, atom: 11 } as const

const wrap = (p: Printed, least: number): string => (p.level >= least ? p.sql : `(${p.sql})`)

/** An expression as SQL text, such as `1.5::float8 * f.distance + 0.2::float8`. */
export const printExpression = (e: Expr): string => print(e).sql

const atom = (sql: string): Printed => ({ sql, level: level.atom })

const print: (e: Expr) => Printed = fold<Printed>({
  column: (n) => atom(n.of === '' ? quoteIdentifier(n.name) : `${quoteIdentifier(n.of)}.${quoteIdentifier(n.name)}`),
  stage: (n) => atom(`${quoteIdentifier(n.stage)}.${quoteIdentifier(n.name)}`),
  literal: (n) => ({ sql: printLiteral(n.value, n.type), level: level.cast }),
  parameter: (n) => ({ sql: `$${n.index}::${printType(n.type)}`, level: level.cast }),
  sum: (n) => nary(n.terms, '+', level.add),
  chain: (n) => chain(n),
  product: (n) => nary(n.factors, '*', level.multiply),
  divide: (n) => ({
    sql: `${wrap(print(n.left), level.multiply)} / ${wrap(print(n.right), level.multiply + 1)}`,
    level: level.multiply,
  }),
  negate: (n) => ({ sql: `- ${wrap(print(n.of), level.cast)}`, level: level.negate }),
  compare: (n) => ({
    sql: `${wrap(print(n.left), level.compare + 1)} ${n.operator} ${wrap(print(n.right), level.compare + 1)}`,
    level: level.compare,
  }),
  logic: (n) => {
    const own = n.operator === 'and' ? level.and : level.or
    return { sql: n.terms.map((t) => wrap(print(t), own + 1)).join(` ${n.operator.toUpperCase()} `), level: own }
  },
  not: (n) => ({ sql: `NOT ${wrap(print(n.of), level.not)}`, level: level.not }),
  isnull: (n) => ({ sql: `${wrap(print(n.of), level.is + 1)} IS NULL`, level: level.is }),
  case: (n) => {
    const arms = n.arms.map((a) => `WHEN ${print(a.when).sql} THEN ${print(a.value).sql}`)
    return atom(`CASE ${arms.join(' ')} ELSE ${print(n.otherwise).sql} END`)
  },
  call: (n) => (n.name === 'hash32' ? hash32(n.args) : atom(printCall(n.name, n.args.map(printExpression)))),
  sigmoid: (n) => {
    const negatable = wrap(print(n.of), level.cast)
    if (n.bounded) return { sql: bareSigmoid(negatable), level: level.multiply }
    return atom(guardedSigmoid(wrap(print(n.of), level.compare + 1), negatable))
  },
  cast: (n) => ({ sql: `${wrap(print(n.of), level.cast)}::${printType(n.to)}`, level: level.cast }),
})

/**
 * exp() of a float8 raises an error on underflow as well as overflow, so the textbook form aborts a whole query for one
 * extreme row; and greatest/least would turn a missing score into certainty. NaN is above every number in PostgreSQL,
 * hence the last comparison: NULL and NaN → NULL, ±infinity → 0 or 1.
 */
const guardedSigmoid = (z: string, negatable: string): string =>
  `CASE WHEN abs(${z}) <= 708::float8 THEN ${bareSigmoid(negatable)} ` +
  `WHEN ${z} < 0::float8 THEN 0::float8 WHEN ${z} <= 'Infinity'::float8 THEN 1::float8 END`

const bareSigmoid = (negatable: string): string => `1::float8 / (1::float8 + exp(- ${negatable}))`

function printCall(name: Exclude<FunctionName, 'hash32'>, args: readonly string[]): string {
  if (name === 'epoch') return `extract(epoch FROM ${args.join()})`
  if (name === 'bytewise') return `${args.join()} COLLATE "C"`
  if (name === 'hash_slot') return hashSlot(args)
  if (name === 'hex') return `encode(${args.join()}, 'hex')`
  return `${name}(${args.join(', ')})`
}

/** Quoted, ('a', 'bc') and ('ab', 'c') differ, and so do NULL and 'NULL'. */
const hash32 = (args: readonly Expr[]): Printed => ({
  sql: `('x' || left(md5(concat_ws(',', ${args.map((a) => `quote_nullable(${print(a).sql})`).join(', ')})), 8))::bit(32)::int8`,
  level: level.cast,
})

/** Of the UTF-8 bytes, so that databases of other encodings hash alike. */
const hashSlot = ([text = '', slots = '']: readonly string[]): string =>
  `mod(('x' || left(md5(convert_to(${text}, 'UTF8')), 8))::bit(32)::int8, ${slots})::float8`

/** Terms of a chain written as `a + b + …`, through which engines recurse once per term. */
const chainLink = 64
/** From so many terms on a chain is one array: its links nest. */
const longestChain = 1024

/**
 * Left to right, in all three forms. Up to 64 terms are one sum; more are links of 64, each over the sum before it, which
 * `unnest` of one value hands on as computed, and which stays on its machine in a distributed plan (100 trees of depth 6:
 * as fast as one flat sum). The aggregate of an array, which adds float4 in float4 and float8 in float8 in the order of the
 * array, is 60 % slower and grows in no depth.
 */
function chain({ type, terms }: ExprOf<'chain'>): Printed {
  if (terms.length === 1) return print(terms[0] as Expr)
  if (terms.length > longestChain) {
    const list = terms.map(printExpression).join(', ')
    return atom(`(SELECT sum(c.term) FROM unnest(array[${list}]::${printType(type)}[]) AS c (term))`)
  }
  const texts = terms.map((t, i) => wrap(print(t), i === 0 ? level.add : level.add + 1))
  let sql = texts.slice(0, chainLink).join(' + ')
  if (texts.length <= chainLink) return { sql, level: level.add }
  for (let next = chainLink; next < texts.length; next += chainLink) {
    const link = texts.slice(next, next + chainLink).join(' + ')
    sql = `(SELECT c.sum + ${link} FROM unnest(array[${sql}]) AS c (sum))`
  }
  return atom(sql)
}

/** n-ary operators print in groups, in the order the interpreter reduces them. */
function nary(items: readonly Expr[], operator: '+' | '*', own: number): Printed {
  if (items.length === 1) return print(items[0] as Expr)
  const leaves = items.map((item, i) => {
    const p = print(item)
    // The right operand of the same operator needs parentheses, or the reduction order would change.
    return { sql: wrap(p, startsGroup(i) ? own : own + 1), level: level.atom }
  })
  return inGroups<Printed>(leaves, (parts, depth) =>
    parts.length === 1
      ? (parts[0] as Printed)
      : { sql: parts.map((p) => (depth === 0 ? p.sql : `(${p.sql})`)).join(` ${operator} `), level: own },
  )
}

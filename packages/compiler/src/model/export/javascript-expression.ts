/** Expressions as JavaScript: one function per kind, so that what a model can say a scorer can do. */
import { InternalError } from '../../diagnostics/diagnostic.ts'
import { type CompareOperator, type Expr, type ExprOf, type FunctionName, fold, inGroups } from '../../ir/expression.ts'
import type { RuntimeName } from './javascript-runtime.ts'

export interface JavascriptPrinter {
  /** The text of an expression. */
  readonly print: (e: Expr) => string
  /** Declarations the printed texts refer to: a function per tree, a table per long CASE. */
  readonly declarations: readonly string[]
  readonly called: ReadonlySet<RuntimeName>
}

/** From so many arms on a CASE over the levels of one value is a table. */
const longCase = 9

/** Prints columns as `column` says, as an expression over the variable `x`. */
export function javascriptPrinter(column: (e: ExprOf<'column'>) => string): JavascriptPrinter {
  const declarations: string[] = []
  const called = new Set<RuntimeName>()
  const call = (name: RuntimeName, ...args: readonly string[]): string => {
    called.add(name)
    return `${name}(${args.join(', ')})`
  }
  const nary = (items: readonly Expr[], name: 'sum' | 'product'): string =>
    inGroups(items.map(print), (parts) =>
      parts.length === 1 ? (parts[0] as string) : call(name, `[${parts.join(', ')}]`),
    )

  const print: (e: Expr) => string = fold<string>({
    column,
    stage: () => {
      throw new InternalError('A scorer has no stages')
    },
    parameter: () => {
      throw new InternalError('A scorer has no parameters')
    },
    literal: (n) => literal(n.value),
    sum: (n) => nary(n.terms, 'sum'),
    product: (n) => nary(n.factors, 'product'),
    chain: (n) => {
      // Engines do not optimise one function of a hundred trees.
      const terms = n.terms.map((t) => (t.kind === 'case' ? declared('tree', `(x) => ${print(t)}`, '(x)') : print(t)))
      return call(n.type === 'float4' ? 'chain4' : 'chain8', `[${terms.join(', ')}]`)
    },
    divide: (n) => call('divide', print(n.left), print(n.right)),
    negate: (n) => call('negate', print(n.of)),
    compare: (n) => call(comparisons[n.operator], print(n.left), print(n.right)),
    logic: (n) => call('logic', String(n.operator === 'or'), `[${n.terms.map((t) => `() => ${print(t)}`).join(', ')}]`),
    not: (n) => call('not', print(n.of)),
    isnull: (n) => `(${print(n.of)} === null)`,
    case: (n) => table(n) ?? ladder(n),
    call: (n) => printCall(n.name, n.args.map(print)),
    sigmoid: (n) => call('sigmoid', print(n.of)),
    cast: (n) => {
      const name = ({ float8: 'number', text: 'text', bool: 'truth' } as const)[n.to as string]
      if (name === undefined) throw new InternalError(`A scorer cannot cast to ${n.to}`)
      return call(name, print(n.of))
    },
  })

  /** True only where the condition is: NULL and false are the same to a CASE. */
  const holds = (e: Expr): string =>
    e.kind === 'logic'
      ? `(${e.terms.map(holds).join(e.operator === 'or' ? ' || ' : ' && ')})`
      : e.kind === 'column'
        ? `${print(e)} === true`
        : print(e)

  const ladder = (n: ExprOf<'case'>): string =>
    `(${n.arms.map((a) => `${holds(a.when)} ? ${print(a.value)} : `).join('')}${print(n.otherwise)})`

  const table = ({ arms, otherwise }: ExprOf<'case'>): string | undefined => {
    if (arms.length < longCase) return undefined
    const [first] = arms
    const key = first?.when.kind === 'compare' ? print(first.when.left) : undefined
    const entries = arms.flatMap(({ when, value }) =>
      when.kind === 'compare' &&
      when.operator === '=' &&
      when.right.kind === 'literal' &&
      when.right.value !== null &&
      value.kind === 'literal' &&
      print(when.left) === key
        ? [`[${print(when.right)}, ${print(value)}]`]
        : [],
    )
    if (key === undefined || entries.length !== arms.length) return undefined
    // The first arm wins in a CASE, the last entry in a Map.
    const name = declared('levels', `new Map([${entries.reverse().join(', ')}])`, '')
    return `(${name}.has(${key}) ? ${name}.get(${key}) : ${print(otherwise)})`
  }

  const declared = (what: string, text: string, use: string): string => {
    const name = `${what}${declarations.length + 1}`
    declarations.push(`const ${name} = ${text}`)
    return `${name}${use}`
  }

  const printCall = (name: FunctionName, args: readonly string[]): string => {
    if (name === 'coalesce') return `(${args.join(' ?? ')})`
    const own = functions[name]
    if (own === undefined) throw new InternalError(`${name} is computed in the database only`)
    return call(own, ...args)
  }
  return { print, declarations, called }
}

const comparisons: Readonly<Record<CompareOperator, RuntimeName>> = {
  '=': 'eq',
  '<>': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

const functions: Readonly<Partial<Record<FunctionName, RuntimeName>>> = {
  exp: 'exp',
  ln: 'ln',
  sqrt: 'sqrt',
  abs: 'abs',
  sinh: 'sinh',
  floor: 'floor',
  greatest: 'greatest',
  nullif: 'nullif',
  hash_slot: 'slot',
}

function literal(value: number | string | boolean | null): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

/**
 * Expressions as ONNX nodes. A value is a column of doubles or of texts; NaN stands for NULL, in texts a mark. ONNX knows
 * two truth values only, so a condition is asked in two ways: where it is true, and where it is false.
 */
import {
  type CompareOperator,
  type Expr,
  type FunctionName,
  fold,
  inGroups,
  type Literal,
} from '../../ir/expression.ts'
import type { SqlType } from '../../ir/type.ts'
import { type Attribute, elementTypes, type Node, type Tensor } from './proto.ts'

/** A missing text: tensors of strings have no NULL. */
export const missingText = '__missing__'

interface Value {
  readonly name: string
  readonly isText: boolean
}

export interface NodeWriter {
  /** Name of the tensor that has the value of an expression. */
  readonly value: (e: Expr) => Value
  /** Gives an expression's tensor the name of a graph output. */
  readonly named: (e: Expr, output: string) => Value
  readonly nodes: readonly Node[]
  readonly initializers: readonly Tensor[]
  /** What ONNX has no operator for. */
  readonly problems: ReadonlySet<string>
}

/** `column` gives the tensor of a column, with its type. */
export function nodeWriter(
  column: (of: string, name: string) => { readonly name: string; readonly type: SqlType },
): NodeWriter {
  const nodes: Node[] = []
  const initializers: Tensor[] = []
  const constants = new Map<string, string>()
  const problems = new Set<string>()
  let next = 0

  const op = (
    name: string,
    inputs: readonly string[],
    attributes: readonly Attribute[] = [],
    output?: string,
  ): string => {
    const out = output ?? `v${next++}`
    nodes.push({ op: name, name: `n${nodes.length}`, domain: '', inputs, outputs: [out], attributes })
    return out
  }
  const tensor = (key: string, type: number, numbers: readonly number[], texts: readonly string[]): string => {
    const known = constants.get(key)
    if (known !== undefined) return known
    const name = `c${constants.size}`
    initializers.push({ name, dims: [1, 1], type, numbers, texts })
    constants.set(key, name)
    return name
  }
  const double = (x: number): string => tensor(Object.is(x, -0) ? '-0' : String(x), elementTypes.double, [x], [])
  const string = (s: string): string => tensor(JSON.stringify(s), elementTypes.string, [], [s])
  const number = (name: string): Value => ({ name, isText: false })
  const cast = (x: string, type: number): string => op('Cast', [x], [{ name: 'to', i: type }])
  const isMissing = (v: Value): string =>
    v.isText ? op('Equal', [v.name, string(missingText)]) : op('IsNaN', [v.name])
  const unsayable = (what: string): Value => {
    problems.add(what)
    return number(double(Number.NaN))
  }
  const literal = (v: Literal, isText = typeof v === 'string'): Value => {
    if (isText) return { name: string(v === null ? missingText : String(v)), isText }
    return number(double(v === null ? Number.NaN : Number(v)))
  }
  const reduced = (items: readonly Expr[], name: 'Add' | 'Mul'): Value =>
    number(
      inGroups(
        items.map((i) => value(i).name),
        (parts) => parts.reduce((a, b) => op(name, [a, b])),
      ),
    )
  /** A truth value as 1, 0 or NaN. */
  const truth = (e: Expr): Value => {
    const isFalse = op('Where', [whereFalse(e), double(0), double(Number.NaN)])
    return number(op('Where', [whereTrue(e), double(1), isFalse]))
  }

  const value: (e: Expr) => Value = fold<Value>({
    column: (n) => {
      const { name, type } = column(n.of, n.name)
      return { name, isText: type === 'text' }
    },
    stage: (n) => unsayable(`stage ${n.stage}`),
    parameter: () => unsayable('a parameter'),
    literal: (n) => literal(n.value, n.type === 'text'),
    sum: (n) => reduced(n.terms, 'Add'),
    product: (n) => reduced(n.factors, 'Mul'),
    chain: (n) => {
      const type = n.type === 'float4' ? elementTypes.float : elementTypes.double
      const sum = n.terms.map((t) => cast(value(t).name, type)).reduce((a, b) => op('Add', [a, b]))
      return number(n.type === 'float4' ? cast(sum, elementTypes.double) : sum)
    },
    divide: (n) => number(op('Div', [value(n.left).name, value(n.right).name])),
    negate: (n) => number(op('Neg', [value(n.of).name])),
    compare: truth,
    logic: truth,
    not: truth,
    isnull: truth,
    case: (n) => {
      const arms = n.arms.map((a) => ({ when: a.when, value: value(a.value) }))
      const last = value(n.otherwise)
      const isText = last.isText || arms.some((a) => a.value.isText)
      // A NULL among texts was written as a number.
      const as = (v: Value): string => (isText && !v.isText ? string(missingText) : v.name)
      const name = arms.reduceRight((rest, a) => op('Where', [whereTrue(a.when), as(a.value), rest]), as(last))
      return { name, isText }
    },
    call: (n) => called(n.name, n.args),
    sigmoid: (n) => {
      const one = double(1)
      return number(op('Div', [one, op('Add', [one, op('Exp', [op('Neg', [value(n.of).name])])])]))
    },
    cast: (n) => {
      const of = value(n.of)
      if ((n.to === 'text') === of.isText) return of
      const isTruth = n.of.kind === 'column' && column(n.of.of, n.of.name).type === 'bool'
      if (!isTruth || n.to !== 'text') return unsayable(`the text of a number`)
      const said = op('Where', [op('Equal', [of.name, double(1)]), string('true'), string('false')])
      return { name: op('Where', [isMissing(of), string(missingText), said]), isText: true }
    },
  })

  const called = (name: FunctionName, args: readonly Expr[]): Value => {
    const own = functions[name]
    if (own !== undefined) return number(op(own, [value(args[0] as Expr).name]))
    if (name === 'bytewise') return value(args[0] as Expr)
    if (name === 'coalesce' || name === 'greatest') {
      const all = args.map(value)
      return all.reduceRight((rest, first) => {
        if (name === 'coalesce')
          return { name: op('Where', [isMissing(first), rest.name, first.name]), isText: first.isText }
        const larger = op('Where', [op('Greater', [rest.name, first.name]), rest.name, first.name])
        return number(op('Where', [isMissing(first), rest.name, op('Where', [isMissing(rest), first.name, larger])]))
      })
    }
    if (name === 'nullif' && args[1]?.kind === 'literal' && Number.isNaN(args[1].value)) return value(args[0] as Expr)
    return unsayable(`the function ${name}`)
  }

  const compared = (operator: CompareOperator, a: Value, b: Value): string => {
    const own = operators[operator]
    if (own !== undefined) return op(own, [a.name, b.name])
    const differs = op('Not', [op('Equal', [a.name, b.name])])
    const missing = op('Or', [isMissing(a), isMissing(b)])
    return op('And', [differs, op('Not', [missing])])
  }
  /** Texts that are missing equal each other by their mark, which NULLs do not. */
  const comparison = (operator: CompareOperator, left: Expr, right: Expr): string => {
    const [a, b] = [value(left), value(right)]
    const holds = compared(operator, a, b)
    if (!a.isText || operator !== '=') return holds
    return right.kind === 'literal' && right.value !== missingText
      ? holds
      : op('And', [holds, op('Not', [isMissing(a)])])
  }
  const joined = (name: 'And' | 'Or', terms: readonly string[]): string => terms.reduce((a, b) => op(name, [a, b]))

  const whereTrue = (e: Expr): string => {
    switch (e.kind) {
      case 'compare':
        return comparison(e.operator, e.left, e.right)
      case 'logic':
        return joined(e.operator === 'and' ? 'And' : 'Or', e.terms.map(whereTrue))
      case 'not':
        return whereFalse(e.of)
      case 'isnull':
        return isMissing(value(e.of))
      default:
        return op('Equal', [value(e).name, double(1)])
    }
  }
  const whereFalse = (e: Expr): string => {
    switch (e.kind) {
      case 'compare':
        return comparison(opposite[e.operator], e.left, e.right)
      case 'logic':
        return joined(e.operator === 'and' ? 'Or' : 'And', e.terms.map(whereFalse))
      case 'not':
        return whereTrue(e.of)
      case 'isnull':
        return op('Not', [isMissing(value(e.of))])
      default:
        return op('Equal', [value(e).name, double(0)])
    }
  }

  const named = (e: Expr, output: string): Value => {
    const v = value(e)
    op('Identity', [v.name], [], output)
    return { ...v, name: output }
  }
  return { value, named, nodes, initializers, problems }
}

const operators: Readonly<Partial<Record<CompareOperator, string>>> = {
  '=': 'Equal',
  '<': 'Less',
  '<=': 'LessOrEqual',
  '>': 'Greater',
  '>=': 'GreaterOrEqual',
}
const opposite: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}
const functions: Readonly<Partial<Record<FunctionName, string>>> = {
  exp: 'Exp',
  ln: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  floor: 'Floor',
}

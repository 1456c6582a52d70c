/** Scorecard: points for the first attribute of each characteristic that holds. */
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import { encodedColumns } from '../encoders/columns.ts'
import { child, childrenOf, type Element } from './element.ts'
import type { Fields, Refuse } from './fields.ts'
import type { ReadModel } from './read-model.ts'

/** A value of a field; null is a missing one. */
type Value = number | string | null
/** Whether a value meets a predicate. */
type Test = (value: Value) => boolean

interface Attribute {
  readonly points: number
  readonly holds: Test
}

export function readScorecard(model: Element, fields: Fields, refuse: Refuse): ReadModel {
  const initial = Number(model.attributes.initialScore ?? 0)
  const notes: string[] = []
  let constant = initial
  const parts = childrenOf(child(model, 'Characteristics') ?? model, 'Characteristic').flatMap((c) => {
    const part = characteristic(c, fields, refuse)
    if (part === undefined) return []
    constant += part.base
    return [part]
  })
  if (model.attributes.useReasonCodes !== 'false') notes.push('Reason codes of the scorecard are not taken over.')
  const repeated = parts.find((p, i) => parts.some((q, j) => j < i && q.input.feature === p.input.feature))
  if (repeated !== undefined) refuse(model, `field "${repeated.input.feature}" is used by several characteristics`)
  const inputs = parts.map((p) => p.input)
  const unknown = { standardError: null, statistic: null, pValue: null }
  const weights = parts.flatMap((p) => p.weights)
  const coefficients = [
    { name: '(intercept)', feature: null, estimate: constant, ...unknown },
    ...encodedColumns(inputs).map(({ name, feature }, i) => ({ name, feature, estimate: weights[i] ?? 0, ...unknown })),
  ]
  const reference: ReadModel['reference'] = (row) => [
    parts.reduce((sum, p) => sum + p.points(row[p.input.feature] ?? null), initial),
  ]
  return { family: 'gaussian', link: 'identity', inputs, coefficients, notes, reference }
}

interface Part {
  readonly input: LearnedInput
  /** Added to the constant. */
  readonly base: number
  /** Of the encoded columns, less the base. */
  readonly weights: readonly number[]
  /** As the document has them. */
  readonly points: (value: Literal) => number
}

function characteristic(c: Element, fields: Fields, refuse: Refuse): Part | undefined {
  const used = new Set<string>()
  const constants: Value[] = []
  const attributes = childrenOf(c, 'Attribute').flatMap((a): Attribute[] => {
    const predicate = a.children.find((p) => /Predicate$|^True$|^False$/.test(p.name))
    const points = Number(a.attributes.partialScore)
    if (predicate === undefined || a.attributes.partialScore === undefined) {
      refuse(a, 'an attribute without a predicate or with a computed score')
      return []
    }
    return [{ points, holds: testOf(predicate, used, constants, fields, refuse) }]
  })
  const [feature] = used
  if (feature === undefined || used.size > 1) {
    refuse(c, used.size > 1 ? `a characteristic of ${[...used].join(' and ')}` : 'a characteristic without a field')
    return undefined
  }
  const at = (value: Value): number | undefined => attributes.find((a) => a.holds(value))?.points
  const part = fields.isText(feature) ? ofCategory(feature, constants, at) : ofNumber(c, feature, constants, at, refuse)
  return part && { ...part, points: (v) => at(typeof v === 'boolean' ? String(v) : v) ?? 0 }
}

/** No attribute that holds gives no score in PMML; here, as is usual, no points. */
function ofCategory(
  feature: string,
  constants: readonly Value[],
  at: (v: Value) => number | undefined,
): Omit<Part, 'points'> {
  const levels = [...new Set(constants.map(String))]
  const other = at('\u0000') ?? 0
  const missing = at(null) ?? other
  const weights = [...levels.map((l) => (at(l) ?? 0) - other), missing - other]
  return {
    input: { feature, type: 'text', encoder: { kind: 'onehot', levels, base: null, missing: 'level' } },
    base: other,
    weights,
  }
}

function ofNumber(
  c: Element,
  feature: string,
  constants: readonly Value[],
  at: (v: Value) => number | undefined,
  refuse: Refuse,
): Omit<Part, 'points'> | undefined {
  const edges = [...new Set(constants.map(Number))].sort((a, b) => a - b)
  const inside = edges.map((e, i) => (i + 1 < edges.length ? (e + (edges[i + 1] as number)) / 2 : e + 1))
  const points = [(edges[0] ?? 0) - 1, ...inside].map((x) => at(x) ?? 0)
  const sides = edges.map((e, i) => {
    const own = at(e) ?? 0
    return { left: own === points[i], right: own === points[i + 1] }
  })
  const closed = sides.every((s) => s.right) ? 'left' : sides.every((s) => s.left) ? 'right' : undefined
  if (closed === undefined || edges.length === 0) {
    refuse(c, `intervals of "${feature}" that are closed on either side`)
    return undefined
  }
  const [base = 0, ...others] = points
  const missing = at(null) ?? 0
  return {
    input: {
      feature,
      type: 'float8',
      encoder: {
        kind: 'numeric',
        transform: 'identity',
        impute: 0,
        missing: 'level',
        indicator: true,
        center: 0,
        scale: 1,
        basis: { kind: 'bins', edges, closed },
      },
    },
    base,
    weights: [...others.map((p) => p - base), missing - base],
  }
}

function testOf(p: Element, used: Set<string>, constants: Value[], fields: Fields, refuse: Refuse): Test {
  const { field, operator = '', value, booleanOperator } = p.attributes
  if (p.name === 'True') return () => true
  if (p.name === 'False') return () => false
  if (p.name === 'CompoundPredicate') {
    const parts = p.children
      .filter((c) => c.name !== 'Extension')
      .map((c) => testOf(c, used, constants, fields, refuse))
    if (booleanOperator === 'and') return (v) => parts.every((t) => t(v))
    if (booleanOperator === 'or') return (v) => parts.some((t) => t(v))
    refuse(p, `the operator "${booleanOperator}"`)
    return () => false
  }
  if (field !== undefined) used.add(field)
  const isText = field !== undefined && fields.isText(field)
  if (p.name === 'SimpleSetPredicate') {
    const members = [...(child(p, 'Array')?.text ?? '').matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
      (m) => m[1] ?? m[2] ?? '',
    )
    if (!isText) refuse(p, 'a set of numbers')
    constants.push(...members)
    const isIn = booleanOperator === 'isIn'
    return (v) => v !== null && members.includes(String(v)) === isIn
  }
  if (operator === 'isMissing') return (v) => v === null
  if (operator === 'isNotMissing') return (v) => v !== null
  const bound = isText ? (value ?? '') : Number(value)
  constants.push(bound)
  const compare = comparisons[operator]
  if (compare === undefined || (isText && !operator.toLowerCase().includes('equal'))) {
    refuse(p, `the operator "${operator}"`)
    return () => false
  }
  return (v) => v !== null && compare(v, bound)
}

const comparisons: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  lessThan: (a, b) => a < b,
  lessOrEqual: (a, b) => a <= b,
  greaterThan: (a, b) => a > b,
  greaterOrEqual: (a, b) => a >= b,
}

/** Terms of a PMML predictor, gathered into inputs with coefficients in the order of their encoded columns. */
import type { Literal } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient } from '../../ir/model-record.ts'
import { encodedColumns } from '../encoders/columns.ts'
import type { Element } from './element.ts'
import { type Field, type Fields, type NumberField, numberEncoder, type Refuse } from './fields.ts'

/** A coefficient per score of one column of a field. */
export interface Term {
  readonly from: Element
  readonly field: string
  /** Of a number; 1 by default. */
  readonly exponent?: number
  /** Of a category or of bins. */
  readonly level?: string
  readonly weights: readonly number[]
}

interface Gathered {
  readonly input: LearnedInput
  /** By encoded column, a weight per score. */
  readonly columns: readonly (readonly number[])[]
  /** What the constant of each score gains. */
  readonly shift: readonly number[]
}

export interface Linear {
  readonly inputs: readonly LearnedInput[]
  readonly coefficients: readonly Coefficient[]
}

/** `scores` are the classes of the scores, undefined for a single one; `intercepts` has one for each. */
export function gather(
  terms: readonly Term[],
  fields: Fields,
  scores: readonly (string | undefined)[],
  intercepts: readonly number[],
  refuse: Refuse,
): Linear {
  const byFeature = new Map<string, { field: Field; term: Term }[]>()
  for (const term of terms) {
    const field = fields.field(term.field, term.from)
    if (field === undefined) continue
    byFeature.set(field.feature, [...(byFeature.get(field.feature) ?? []), { field, term }])
  }
  const order = [...byFeature].sort(([a], [b]) => fields.features.indexOf(a) - fields.features.indexOf(b))
  const gathered = order.flatMap(([feature, own]) => inputOf(feature, own, fields, scores.length, refuse) ?? [])
  const inputs = gathered.map((g) => g.input)
  const names = encodedColumns(inputs)
  const unknown = { standardError: null, statistic: null, pValue: null }
  const coefficients = scores.flatMap((own, k): Coefficient[] => {
    const of = own === undefined ? {} : { class: own }
    const constant = gathered.reduce((sum, g) => sum + (g.shift[k] ?? 0), intercepts[k] ?? 0)
    const weights = gathered.flatMap((g) => g.columns.map((column) => column[k] ?? 0))
    return [
      { name: '(intercept)', feature: null, ...of, estimate: constant, ...unknown },
      ...weights.map((estimate, i) => ({
        name: names[i]?.name ?? '',
        feature: names[i]?.feature ?? null,
        ...of,
        estimate,
        ...unknown,
      })),
    ]
  })
  return { inputs, coefficients }
}

type Own = readonly { readonly field: Field; readonly term: Term }[]

function inputOf(feature: string, own: Own, fields: Fields, scores: number, refuse: Refuse): Gathered | undefined {
  const kinds = new Set(own.map(({ field }) => (field.kind === 'level' ? 'category' : field.kind)))
  const first = own[0]
  if (first === undefined) return undefined
  const none = Array<number>(scores).fill(0)
  if (kinds.size > 1) {
    refuse(first.term.from, `field "${feature}" is used in more than one way`)
    return undefined
  }
  const added = (a: readonly number[], b: readonly number[]): number[] => a.map((x, k) => x + (b[k] ?? 0))
  const sumOf = (those: Own): readonly number[] => those.reduce((sum, { term }) => added(sum, term.weights), none)
  const { field } = first
  switch (field.kind) {
    case 'number': {
      const same = own.every(({ field: f }) => JSON.stringify(f) === JSON.stringify(field))
      const exponents = own.map(({ term }) => term.exponent ?? 1)
      if (!same || exponents.some((e) => !Number.isInteger(e) || e < 1 || e > 8)) {
        refuse(first.term.from, `"${feature}" is used as several numbers, or with an exponent that is not 1 to 8`)
        return undefined
      }
      const degree = Math.max(...exponents)
      const replacement = fields.replacement(feature)
      const encoder = numberEncoder(field as NumberField, typeof replacement === 'number' ? replacement : null, degree)
      const columns = Array.from({ length: degree }, (_, i) =>
        sumOf(own.filter(({ term }) => (term.exponent ?? 1) === i + 1)),
      )
      return { input: { feature, type: 'float8', encoder }, columns, shift: none }
    }
    case 'category':
    case 'level': {
      const levelOf = ({ field: f, term }: Own[number]): string => (f.kind === 'level' ? f.level : (term.level ?? ''))
      const levels = [...new Set(own.map(levelOf))]
      const weights = new Map(levels.map((l) => [l, sumOf(own.filter((o) => levelOf(o) === l))]))
      const replacement = fields.replacement(feature)
      // A missing category counts as its replacement, or as no level at all.
      const whenMissing = replacement === null ? undefined : weights.get(String(replacement))
      const encoder = {
        kind: 'onehot' as const,
        levels,
        base: null,
        ...(whenMissing === undefined ? {} : { missing: 'level' as const }),
      }
      const columns = [
        ...levels.map((l) => weights.get(l) ?? none),
        ...(whenMissing === undefined ? [] : [whenMissing]),
      ]
      return { input: { feature, type: 'text', encoder }, columns, shift: none }
    }
    case 'bins': {
      const weightOf = (name: string | undefined): readonly number[] =>
        sumOf(own.filter(({ term }) => term.level === name))
      const [base = none, ...others] = field.names.map(weightOf)
      const less = (w: readonly number[]): number[] => w.map((x, k) => x - (base[k] ?? 0))
      const encoder = {
        kind: 'numeric' as const,
        transform: 'identity' as const,
        impute: 0,
        missing: 'level' as const,
        indicator: true,
        center: 0,
        scale: 1,
        basis: { kind: 'bins' as const, edges: [...field.edges], closed: field.closed },
      }
      const missing = less(field.missing === undefined ? none : weightOf(field.missing))
      return { input: { feature, type: 'float8', encoder }, columns: [...others.map(less), missing], shift: base }
    }
    case 'table': {
      const encoder = {
        kind: 'levels' as const,
        by: 'ordinal' as const,
        levels: field.levels.map(([l]) => l),
        values: field.levels.map(([, v]) => v),
        missing: field.missing,
        unseen: field.unseen,
      }
      return { input: { feature, type: 'text', encoder }, columns: [sumOf(own)], shift: none }
    }
  }
}

/** Scores of a row by the terms as the document has them; a missing number leaves none. */
export function referenceOf(
  terms: readonly Term[],
  fields: Fields,
  intercepts: readonly number[],
): (row: Readonly<Record<string, Literal>>) => readonly (number | null)[] {
  const ignore: Refuse = () => undefined
  const read = terms.flatMap((term) => {
    const field = fields.field(term.field, term.from, ignore)
    return field === undefined ? [] : [{ term, field }]
  })
  return (row) =>
    intercepts.map((intercept, k) => {
      let sum: number | null = intercept
      for (const { term, field } of read) {
        const given = row[field.feature] ?? fields.replacement(field.feature)
        const value = valueIn(field, term, given)
        sum = sum === null || value === null ? null : sum + (term.weights[k] ?? 0) * value
      }
      return sum
    })
}

function valueIn(field: Field, term: Term, given: Literal): number | null {
  switch (field.kind) {
    case 'number': {
      if (given === null || !Number.isFinite(given)) return null
      const [low, high] = field.clip ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      const clipped = Math.min(high, Math.max(low, Number(given)))
      const bent = field.transform === 'log1p' ? Math.log(1 + Math.max(0, clipped)) : clipped
      return ((bent - field.center) / field.scale) ** (term.exponent ?? 1)
    }
    case 'category':
      return given !== null && String(given) === term.level ? 1 : 0
    case 'level':
      return given !== null && String(given) === field.level ? 1 : 0
    case 'bins': {
      const x = Number(given)
      const passed = field.edges.filter((e) => (field.closed === 'left' ? x >= e : x > e)).length
      const name = given === null || Number.isNaN(x) ? field.missing : field.names[passed]
      return name === term.level ? 1 : 0
    }
    case 'table':
      return given === null ? field.missing : (field.levels.find(([l]) => l === String(given))?.[1] ?? field.unseen)
  }
}

/** RegressionModel: a table of coefficients, or one for each class. */
import type { Link } from '../../ir/family.ts'
import { childrenOf, type Element } from './element.ts'
import type { Fields, Refuse } from './fields.ts'
import { positiveOf } from './positive.ts'
import type { ReadModel } from './read-model.ts'
import { gather, referenceOf, type Term } from './terms.ts'

interface Table {
  readonly element: Element
  readonly category: string
  readonly intercept: number
}

/** `normalizationMethod` of a regression, and of two outcomes. */
const regressions: Readonly<Record<string, readonly ['gaussian' | 'binomial', Link]>> = {
  none: ['gaussian', 'identity'],
  exp: ['gaussian', 'log'],
  logit: ['binomial', 'logit'],
  softmax: ['binomial', 'logit'],
  probit: ['binomial', 'probit'],
  cloglog: ['binomial', 'cloglog'],
}

export function readRegression(model: Element, fields: Fields, refuse: Refuse): ReadModel | undefined {
  const method = model.attributes.normalizationMethod ?? 'none'
  const tables = childrenOf(model, 'RegressionTable').map(
    (element): Table => ({
      element,
      category: element.attributes.targetCategory ?? '',
      intercept: Number(element.attributes.intercept ?? 0),
    }),
  )
  const [first] = tables
  if (first === undefined) {
    refuse(model, 'no RegressionTable')
    return undefined
  }
  const known = regressions[method]
  if (model.attributes.functionName !== 'classification') {
    if (known === undefined || tables.length > 1) {
      refuse(model, tables.length > 1 ? 'several tables of a regression' : `normalizationMethod "${method}"`)
      return undefined
    }
    const [family, link] = known
    const terms = termsOf(first, refuse, (w) => [w])
    const intercepts = [first.intercept]
    const linear = gather(terms, fields, [undefined], intercepts, refuse)
    return { family, link, ...linear, notes: [], reference: referenceOf(terms, fields, intercepts) }
  }
  return tables.length === 2
    ? ofTwo(model, method, tables, fields, refuse)
    : ofMany(model, method, tables, fields, refuse)
}

/** Two classes: the positive one against the other. */
function ofTwo(
  model: Element,
  method: string,
  tables: readonly Table[],
  fields: Fields,
  refuse: Refuse,
): ReadModel | undefined {
  const positive = positiveOf(tables.map((t) => t.category))
  const known = regressions[method]
  const [a, b] = tables as [Table, Table]
  const isTrivial = (t: Table): boolean => t.element.children.length === 0 && t.intercept === 0
  if (known === undefined || known[0] !== 'binomial') {
    refuse(model, `normalizationMethod "${method}" of a classification`)
    return undefined
  }
  // A softmax of two is the logistic function of the difference; the others speak of the first table.
  if (method !== 'softmax' && !isTrivial(b)) refuse(b.element, `a second table with coefficients and "${method}"`)
  const sign = positive === a.category ? 1 : -1
  if (sign < 0 && method === 'cloglog') refuse(model, 'cloglog of the negative outcome')
  const terms = [...termsOf(a, refuse, (w) => [sign * w]), ...termsOf(b, refuse, (w) => [-sign * w])]
  const intercept = sign * (a.intercept - b.intercept)
  const link = method === 'softmax' ? 'logit' : known[1]
  return {
    family: 'binomial',
    link,
    ...(positive === undefined ? {} : { positive }),
    ...gather(terms, fields, [undefined], [intercept], refuse),
    reference: referenceOf(terms, fields, [intercept]),
    notes: [`The outcome is that ${fields.target ?? 'the label'} is ${positive}.`],
  }
}

function ofMany(
  model: Element,
  method: string,
  tables: readonly Table[],
  fields: Fields,
  refuse: Refuse,
): ReadModel | undefined {
  if (method !== 'softmax') {
    refuse(model, `normalizationMethod "${method}" of ${tables.length} classes`)
    return undefined
  }
  const classes = tables.map((t) => t.category)
  const terms = tables.flatMap((t, k) => termsOf(t, refuse, (w) => classes.map((_, j) => (j === k ? w : 0))))
  const intercepts = tables.map((t) => t.intercept)
  const linear = gather(terms, fields, classes, intercepts, refuse)
  const reference = referenceOf(terms, fields, intercepts)
  return { family: 'multinomial', link: 'softmax', classes, ...linear, notes: [], reference }
}

function termsOf(table: Table, refuse: Refuse, weights: (w: number) => readonly number[]): Term[] {
  return table.element.children.flatMap((e): Term[] => {
    const { name = '', coefficient, exponent, value } = e.attributes
    const own = { from: e, field: name, weights: weights(Number(coefficient)) }
    if (e.name === 'NumericPredictor')
      return [{ ...own, ...(exponent === undefined ? {} : { exponent: Number(exponent) }) }]
    if (e.name === 'CategoricalPredictor') return [{ ...own, level: value ?? '' }]
    if (e.name === 'PredictorTerm') refuse(e, 'an interaction (PredictorTerm)')
    else if (e.name !== 'Extension') refuse(e, e.name)
    return []
  })
}

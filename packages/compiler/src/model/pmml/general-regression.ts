/** GeneralRegressionModel: parameters, and which columns each of them belongs to. */
import type { Family, Link } from '../../ir/family.ts'
import { child, childrenOf, type Element } from './element.ts'
import type { Fields, Refuse } from './fields.ts'
import { positiveOf } from './positive.ts'
import type { ReadModel } from './read-model.ts'
import { gather, referenceOf, type Term } from './terms.ts'

const families: Readonly<Record<string, Family>> = {
  normal: 'gaussian',
  binomial: 'binomial',
  poisson: 'poisson',
  gamma: 'gamma',
  igauss: 'inverse-gaussian',
}
const links: Readonly<Record<string, Link>> = {
  identity: 'identity',
  log: 'log',
  logit: 'logit',
  probit: 'probit',
  cloglog: 'cloglog',
}
const powers: Readonly<Record<string, Link>> = {
  '-2': 'inverse-square',
  '-1': 'inverse',
  '0': 'log',
  '0.5': 'sqrt',
  '1': 'identity',
}

export function readGeneralRegression(model: Element, fields: Fields, refuse: Refuse): ReadModel | undefined {
  const { modelType, functionName, linkFunction, linkParameter, offsetVariable, trialsVariable } = model.attributes
  if (offsetVariable !== undefined) refuse(model, `the offset "${offsetVariable}"`)
  if (trialsVariable !== undefined) refuse(model, `the trials "${trialsVariable}"`)
  const cells = childrenOf(child(model, 'ParamMatrix') ?? model, 'PCell')
  const reference = model.attributes.targetReferenceCategory
  const named = [...new Set(cells.map((c) => c.attributes.targetCategory ?? ''))].filter((c) => c !== '')
  const offset = Number(model.attributes.offsetValue ?? 0)

  if (modelType === 'multinomialLogistic' && named.length > 1) {
    const other = reference ?? fields.classes.find((c) => !named.includes(c))
    const classes = other === undefined ? named : [other, ...named]
    const { terms, intercepts } = parameters(model, fields, classes, refuse)
    const linear = gather(terms, fields, classes, intercepts, refuse)
    // The class the others are compared with has no coefficients.
    const coefficients = linear.coefficients.filter((c) => c.class !== other)
    const scores = referenceOf(terms, fields, intercepts)
    const byTerms: ReadModel['reference'] = (row) => scores(row).map((s, k) => (classes[k] === other ? 0 : s))
    const own = { inputs: linear.inputs, coefficients, reference: byTerms }
    return { family: 'multinomial', link: 'softmax', classes, ...own, notes: [] }
  }
  const isOutcome = functionName === 'classification'
  const binary = modelType === 'multinomialLogistic'
  const family = binary ? 'binomial' : familyOf(model, isOutcome)
  const link = binary ? 'logit' : linkOf(modelType, linkFunction, linkParameter, family)
  if (family === undefined || link === undefined) {
    const detail = [modelType, model.attributes.distribution, linkFunction, linkParameter].filter(Boolean).join(', ')
    refuse(model, `the model type ${detail}`)
    return undefined
  }
  const { terms, intercepts } = parameters(model, fields, [undefined], refuse)
  const constants = [(intercepts[0] ?? 0) + offset]
  const linear = gather(terms, fields, [undefined], constants, refuse)
  const scores = referenceOf(terms, fields, constants)
  if (family !== 'binomial') return { family, link, ...linear, notes: [], reference: scores }
  const categories = [...named, ...fields.classes.filter((c) => !named.includes(c))]
  const fitted = named[0] ?? categories.find((c) => c !== reference)
  const positive = positiveOf(categories)
  const note = `The outcome is that ${fields.target ?? 'the label'} is ${positive}.`
  const about = { family, link, ...(positive === undefined ? {} : { positive }), notes: [note] } as const
  if (fitted === positive) return { ...about, ...linear, reference: scores }
  if (link === 'cloglog') refuse(model, 'cloglog of the negative outcome')
  return {
    ...about,
    inputs: linear.inputs,
    coefficients: linear.coefficients.map((c) => ({ ...c, estimate: -c.estimate })),
    reference: (row) => scores(row).map((score) => (score === null ? null : -score)),
  }
}

const familyOf = (model: Element, isOutcome: boolean): Family | undefined => {
  const { modelType, distribution } = model.attributes
  if (modelType === 'regression' || modelType === 'generalLinear') return 'gaussian'
  if (modelType !== 'generalizedLinear') return undefined
  return distribution === undefined ? (isOutcome ? 'binomial' : 'gaussian') : families[distribution]
}

function linkOf(
  modelType: string | undefined,
  name: string | undefined,
  parameter: string | undefined,
  family: Family | undefined,
): Link | undefined {
  if (modelType === 'regression' || modelType === 'generalLinear') return 'identity'
  if (name === undefined) return family === 'binomial' ? 'logit' : undefined
  return name === 'power' ? powers[String(Number(parameter))] : links[name]
}

/** Each parameter as a term, or as the intercept where no column belongs to it. */
function parameters(
  model: Element,
  fields: Fields,
  scores: readonly (string | undefined)[],
  refuse: Refuse,
): { readonly terms: readonly Term[]; readonly intercepts: readonly number[] } {
  const factors = new Set(
    childrenOf(child(model, 'FactorList') ?? model, 'Predictor').map((p) => p.attributes.name ?? ''),
  )
  const columns = childrenOf(child(model, 'PPMatrix') ?? model, 'PPCell')
  const cells = childrenOf(child(model, 'ParamMatrix') ?? model, 'PCell')
  const intercepts = scores.map(() => 0)
  const terms = childrenOf(child(model, 'ParameterList') ?? model, 'Parameter').flatMap((p): Term[] => {
    const { name } = p.attributes
    const own = cells.filter((c) => c.attributes.parameterName === name)
    const weights = scores.map((score) =>
      own
        .filter((c) => score === undefined || (c.attributes.targetCategory ?? score) === score)
        .reduce((sum, c) => sum + Number(c.attributes.beta), 0),
    )
    const [column, ...more] = columns.filter((c) => c.attributes.parameterName === name)
    if (column === undefined) {
      weights.forEach((w, k) => {
        intercepts[k] = (intercepts[k] ?? 0) + w
      })
      return []
    }
    if (more.length > 0) {
      const names = [column, ...more].map((c) => c.attributes.predictorName)
      refuse(column, `an interaction of ${names.join(' and ')}`)
      return []
    }
    const { predictorName = '', value = '' } = column.attributes
    const isLevel = factors.has(predictorName) || fields.isText(predictorName)
    return [
      { from: column, field: predictorName, weights, ...(isLevel ? { level: value } : { exponent: Number(value) }) },
    ]
  })
  return { terms, intercepts }
}

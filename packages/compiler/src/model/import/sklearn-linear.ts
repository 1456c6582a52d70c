/** Linear models of scikit-learn: coefficients of transformed columns as coefficients of encoded features. */
import type { Family, Link } from '../../ir/family.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient } from '../../ir/model-record.ts'
import { encodedColumns } from '../encoders/columns.ts'
import { type ImportedModel, refuse } from './imported-model.ts'
import type { Estimator } from './sklearn-attributes.ts'
import { columnValue, type SklearnColumn } from './sklearn-columns.ts'

const plain: readonly [Family, Link] = ['gaussian', 'identity']
const identity = [
  'LinearRegression',
  'Ridge',
  'RidgeCV',
  'Lasso',
  'LassoCV',
  'LassoLars',
  'ElasticNet',
  'ElasticNetCV',
  'BayesianRidge',
  'ARDRegression',
  'HuberRegressor',
  'Lars',
  'TheilSenRegressor',
  'SGDRegressor',
  'LinearSVR',
]
const margins = ['LinearSVC', 'RidgeClassifier', 'RidgeClassifierCV', 'Perceptron']

/** Family and link of a linear estimator; undefined for one that is none. */
function familyOf(model: Estimator): readonly [Family, Link] | undefined {
  const { name } = model
  if (identity.includes(name)) return plain
  if (margins.includes(name)) return ['svm', 'identity']
  switch (name) {
    case 'LogisticRegression':
    case 'LogisticRegressionCV':
      return classesOf(model).length > 2 ? ['multinomial', 'softmax'] : ['binomial', 'logit']
    case 'SGDClassifier':
      return ['log', 'log_loss'].includes(String(model.get('loss'))) ? ['binomial', 'logit'] : ['svm', 'identity']
    case 'PoissonRegressor':
      return ['poisson', 'log']
    case 'GammaRegressor':
      return ['gamma', 'log']
    case 'TweedieRegressor':
      return tweedie(model)
    default:
      return undefined
  }
}

function tweedie(model: Estimator): readonly [Family, Link] {
  const power = Number(model.get('power') ?? 0)
  const family = ({ 0: 'gaussian', 1: 'poisson', 2: 'gamma', 3: 'inverse-gaussian' } as const)[power]
  if (family === undefined) return refuse(model.file, `${model.at}: TweedieRegressor has the power ${power}`)
  const link = model.get('link')
  return [family, link === 'identity' || (link === 'auto' && power <= 0) ? 'identity' : 'log']
}

export const classesOf = (model: Estimator): string[] => {
  const found = model.get('classes_')
  return Array.isArray(found) ? found.map(String) : []
}

export const isLinear = (model: Estimator): boolean => familyOf(model) !== undefined

type Linear = Pick<ImportedModel, 'family' | 'link' | 'classes' | 'inputs' | 'coefficients' | 'reference'>

/** Errors: `model/import`. */
export function linearModel(model: Estimator, columns: readonly SklearnColumn[]): Linear {
  const { file, at, name } = model
  const [family, link] = familyOf(model) ?? plain
  const names = classesOf(model)
  if (family === 'svm' && names.length > 2) refuse(file, `${at}: ${name} has ${names.length} classes`)
  if (family === 'multinomial' && (model.get('multi_class') === 'ovr' || model.get('solver') === 'liblinear')) {
    refuse(file, `${at}: ${name} fits one model per class`, 'Fit it with multi_class="multinomial".')
  }
  if (family === 'binomial' && model.get('multi_class') === 'multinomial') {
    refuse(file, `${at}: ${name} has two scores for two classes`, 'Fit it without multi_class="multinomial".')
  }
  const scores = family === 'multinomial' ? names.length : 1
  const all = model.numbers('coef_')
  const intercepts = interceptsOf(model, scores)
  if (all.length !== scores * columns.length) {
    refuse(file, `${at}: ${all.length} of coef_ for ${columns.length} columns and ${scores} scores`)
  }
  const inputs = inputsOf(columns, file)
  const weights = Array.from({ length: scores }, (_, s) => all.slice(s * columns.length, (s + 1) * columns.length))
  const classes = scores > 1 ? names : undefined
  return {
    family,
    link,
    ...(classes === undefined ? {} : { classes }),
    inputs,
    coefficients: weights.flatMap((own, s) => coefficientsOf(own, intercepts[s] ?? 0, columns, inputs, classes?.[s])),
    reference: (row) => {
      const values = columns.map((c) => columnValue(c, row))
      const isMissing = columns.some((c, i) => Number.isNaN(values[i]) || isUnknown(c, row))
      return weights.map((own, s) =>
        isMissing ? null : own.reduce((sum, w, i) => sum + w * (values[i] ?? 0), intercepts[s] ?? 0),
      )
    },
  }
}

/** A missing category, where the library refuses one. */
export const isUnknown = (column: SklearnColumn, row: Readonly<Record<string, unknown>>): boolean =>
  column.kind === 'level' && column.strict && (row[column.feature] ?? null) === null

function interceptsOf(model: Estimator, scores: number): number[] {
  const found = model.numbers('intercept_')
  return found.length === 1 && scores > 1 ? Array.from({ length: scores }, () => found[0] ?? 0) : found
}

/** One input per feature; a feature that two steps encode has no encoder of ours. */
function inputsOf(columns: readonly SklearnColumn[], file: string): LearnedInput[] {
  const features = [...new Set(columns.map((c) => c.feature))]
  return features.map((feature): LearnedInput => {
    const own = columns.filter((c) => c.feature === feature)
    const numbers = own.filter((c) => c.kind === 'number')
    const levels = own.filter((c) => c.kind === 'level')
    const indicator = own.filter((c) => c.kind === 'missing').length
    if (numbers.length > 1 || indicator > 1 || (numbers.length > 0 && levels.length > 0)) {
      return refuse(file, `feature "${feature}" enters the model in more than one way`)
    }
    const [number] = numbers
    if (number !== undefined) {
      const { slope, shift, missing } = number
      return {
        feature,
        type: 'float8',
        encoder: {
          kind: 'numeric',
          transform: 'identity',
          impute: missing?.feature ?? 0,
          ...(missing === undefined ? { missing: 'null' as const } : {}),
          indicator: indicator > 0,
          center: -shift / slope + 0,
          scale: 1 / slope,
        },
      }
    }
    if (levels.length === 0) return refuse(file, `of feature "${feature}" only whether it is missing enters the model`)
    const [first] = levels
    return {
      feature,
      type: typeof first?.level === 'number' ? 'int4' : 'text',
      encoder: {
        kind: 'onehot',
        levels: levels.map((c) => String(c.level)),
        base: first?.base === null || first?.base === undefined ? null : String(first.base),
        ...(indicator > 0 ? { missing: 'level' as const } : first?.strict ? { missing: 'null' as const } : {}),
      },
    }
  })
}

function coefficientsOf(
  weights: readonly number[],
  intercept: number,
  columns: readonly SklearnColumn[],
  inputs: readonly LearnedInput[],
  label: string | undefined,
): Coefficient[] {
  const unknown = { standardError: null, statistic: null, pValue: null }
  const own = label === undefined ? {} : { class: label }
  const ordered = inputs.flatMap(({ feature }) => {
    const places = columns.flatMap((c, i) => (c.feature === feature ? [i] : []))
    // Whether it is missing comes last of an input.
    return [
      ...places.filter((i) => columns[i]?.kind !== 'missing'),
      ...places.filter((i) => columns[i]?.kind === 'missing'),
    ]
  })
  let constant = intercept
  const estimates = ordered.map((i) => {
    const column = columns[i]
    const weight = weights[i] ?? 0
    if (column === undefined || column.kind === 'number') return weight
    const [without, within] = column.values
    constant += weight * without
    return weight * (within - without)
  })
  const names = encodedColumns(inputs)
  return [
    { name: '(intercept)', feature: null, ...own, estimate: constant, ...unknown },
    ...estimates.map((estimate, i) => ({
      name: names[i]?.name ?? '',
      feature: names[i]?.feature ?? null,
      ...own,
      estimate,
      ...unknown,
    })),
  ]
}

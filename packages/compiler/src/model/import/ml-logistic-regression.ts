/**
 * Models of the package `ml-logistic-regression` (2.x), as its `toJSON` writes them: a classifier per class, without an
 * intercept, whose probability is the logistic function of weights times values.
 */
import { z } from 'zod'
import { featureNames, type ImportedModel, type ImportOptions, readJson, refuse } from './imported-model.ts'

const weightsSchema = z.union([z.array(z.array(z.number())), z.array(z.number())])
const fileSchema = z.looseObject({
  name: z.literal('LogisticRegression'),
  numberClasses: z.number().int(),
  classifiers: z.array(z.looseObject({ weights: weightsSchema })),
})

export const isMlLogisticRegression = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'numberClasses' in json && 'classifiers' in json

/** Reads a model of two classes: the package's second classifier says what the first does. Errors: `model/import`. */
export function importMlLogisticRegression(text: string, options: ImportOptions): ImportedModel {
  const { file } = options
  const parsed = fileSchema.safeParse(readJson(text, file))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return refuse(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  const { numberClasses, classifiers } = parsed.data
  if (numberClasses !== 2) {
    refuse(file, `it has ${numberClasses} classes, each with a classifier of its own`, 'Train it as a softmax here.')
  }
  // The classifier of class 1 calls class 1 its own.
  const weights = classifiers[1]?.weights.flat() ?? refuse(file, 'it has no classifier of class 1')
  const features = featureNames([], weights.length, options)
  const unknown = { standardError: null, statistic: null, pValue: null }
  return {
    source: 'ml-logistic-regression',
    family: 'binomial',
    link: 'logit',
    features,
    inputs: features.map((feature) => ({
      feature,
      type: 'float8',
      encoder: {
        kind: 'numeric',
        transform: 'identity',
        impute: 0,
        missing: 'null',
        indicator: false,
        center: 0,
        scale: 1,
      },
    })),
    coefficients: [
      { name: '(intercept)', feature: null, estimate: 0, ...unknown },
      ...features.map((feature, i) => ({ name: feature, feature, estimate: weights[i] ?? 0, ...unknown })),
    ],
    reference: (row) => {
      const values = features.map((feature) => row[feature] ?? null)
      return [
        values.includes(null) ? null : values.reduce<number>((sum, x, i) => sum + Number(x) * (weights[i] ?? 0), 0),
      ]
    },
    notes: ['It has no intercept: the package fits none.'],
  }
}

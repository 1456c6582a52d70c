/** A model record as PMML 4.4 (dmg.org), for engines that score it elsewhere. */
import { type Diagnostic, diagnostic, throwIfErrors } from '../../diagnostics/diagnostic.ts'
import { expr } from '../../ir/expression.ts'
import type { LearnedInput } from '../../ir/learned-encoder.ts'
import type { Coefficient, ModelRecord } from '../../ir/model-record.ts'
import { isBoolean, isInteger, isNumber } from '../../ir/type.ts'
import { largestUsable } from '../../ir/usable-number.ts'
import { encodedColumns, products } from '../encoders/columns.ts'
import { encodedValues } from '../encoders/encoded-values.ts'
import { coefficientsByScore } from '../score-columns.ts'
import { printXml, type Written, written } from './element.ts'
import { constant, formula, isUnsayable, number } from './formula.ts'
import { whereMissing } from './where-missing.ts'

/**
 * Writes a record as PMML: a RegressionModel where that can say its link, a GeneralRegressionModel elsewhere. Every encoded
 * column is a derived field; the record's verification rows become its ModelVerification.
 *
 * What counts as missing is the same: numbers beyond 1e150 are invalid, and invalid values are missing. Errors:
 * `model/export` with everything PMML has no word for, at once.
 *
 * @example
 * ```ts
 * await writeFile('delay.pmml', exportPmml(record))
 * ```
 */
export function exportPmml(record: ModelRecord): string {
  const problems = unsayable(record)
  const encoded = record.trees === undefined ? derivedFields(record, problems) : []
  throwIfErrors(problems)
  const byScore = coefficientsByScore(record)
  const model = needsGeneral(record)
    ? generalRegression(record, byScore[0] ?? [], encoded)
    : regression(record, byScore, encoded)
  const document = written('PMML', { version: '4.4', xmlns: 'http://www.dmg.org/PMML-4_4' }, [
    written('Header', { description: `Model ${record.name} version ${record.version}` }, [
      written('Application', { name: 'viewcast' }),
      written('Timestamp', {}, record.trainedAt),
    ]),
    dataDictionary(record),
    encoded.length === 0
      ? undefined
      : written(
          'TransformationDictionary',
          {},
          encoded.map((e) => e.field),
        ),
    model,
  ])
  return `<?xml version="1.0" encoding="UTF-8"?>\n${printXml(document)}\n`
}

function unsayable(record: ModelRecord): Diagnostic[] {
  const what = [
    ...(record.trees === undefined ? [] : ['trees, whose sums follow the arithmetic of their library']),
    ...(record.calibration === undefined ? [] : ['a calibration']),
  ]
  return what.map((w) => cannot(record, w))
}

const cannot = (record: ModelRecord, what: string): Diagnostic =>
  diagnostic('model/export', { model: record.name, format: 'PMML', what })

interface Encoded {
  /** Of the derived field. */
  readonly name: string
  readonly field: Written
}

/** Names of fields and of derived fields are of one space: a mark keeps them apart. */
const derived = (column: string): string => `encoded(${column})`

function derivedFields(record: ModelRecord, problems: Diagnostic[]): Encoded[] {
  const types = Object.fromEntries(record.inputs.map((i) => [i.feature, i.type]))
  const columns = encodedColumns(record.inputs)
  let next = 0
  const own = record.inputs.flatMap((input) =>
    encodedValues(input, expr.column('', input.feature)).map((value): Encoded => {
      const name = derived(columns[next++]?.name ?? '')
      const present = formula(value, types)
      const missing = formula(whereMissing(value), types)
      for (const said of [present, missing]) {
        if (isUnsayable(said)) problems.push(cannot(record, `${said.what} of input "${input.feature}"`))
      }
      const isMissing = written('Apply', { function: 'isMissing' }, [written('FieldRef', { field: input.feature })])
      const body = written('Apply', { function: 'if' }, [isMissing, missing as Written, present as Written])
      return { name, field: derivedField(name, body) }
    }),
  )
  return [...own, ...interactionFields(record)]
}

const derivedField = (name: string, body: Written): Written =>
  written('DerivedField', { name, optype: 'continuous', dataType: 'double' }, [body])

function interactionFields({ inputs, interactions = [] }: ModelRecord): Encoded[] {
  return interactions.flatMap((features) => {
    const factors = features.map((f) =>
      encodedColumns(inputs.filter((i) => i.feature === f)).map((c) => written('FieldRef', { field: derived(c.name) })),
    )
    const names = encodedColumns(inputs, [features]).slice(encodedColumns(inputs).length)
    return products(factors).map((chosen, i): Encoded => {
      const name = derived(names[i]?.name ?? '')
      const body = chosen.reduce((a, b) => written('Apply', { function: '*' }, [a, b]))
      return { name, field: derivedField(name, body) }
    })
  })
}

function dataDictionary(record: ModelRecord): Written {
  const fields = record.inputs.map(({ feature: name, type }) => {
    if (isNumber(type)) {
      const dataType = isInteger(type) ? 'integer' : 'double'
      const interval = {
        closure: 'closedClosed',
        leftMargin: number(-largestUsable),
        rightMargin: number(largestUsable),
      }
      return written('DataField', { name, optype: 'continuous', dataType }, [written('Interval', interval)])
    }
    return written('DataField', { name, optype: 'categorical', dataType: isBoolean(type) ? 'boolean' : 'string' })
  })
  const classes = classesOf(record)
  const target =
    classes === undefined
      ? written('DataField', { name: record.label, optype: 'continuous', dataType: 'double' })
      : written(
          'DataField',
          { name: record.label, optype: 'categorical', dataType: 'string' },
          classes.map((value) => written('Value', { value })),
        )
  return written('DataDictionary', { numberOfFields: fields.length + 1 }, [...fields, target])
}

/** Outcomes of a binomial label are `true` and `false`. */
const classesOf = ({ family, classes }: ModelRecord): readonly string[] | undefined =>
  family === 'binomial' ? ['true', 'false'] : classes

function miningSchema(record: ModelRecord): Written {
  const inputs = record.inputs.map((i) =>
    written('MiningField', {
      name: i.feature,
      ...(isNumber(i.type) ? { invalidValueTreatment: 'asMissing' } : { invalidValueTreatment: 'asIs' }),
    }),
  )
  return written('MiningSchema', {}, [...inputs, written('MiningField', { name: record.label, usageType: 'target' })])
}

function output(record: ModelRecord): Written {
  const classes = classesOf(record)
  if (classes === undefined) {
    const field = { name: 'prediction', optype: 'continuous', dataType: 'double', feature: 'predictedValue' }
    return written('Output', {}, [written('OutputField', field)])
  }
  const shown =
    record.family === 'binomial'
      ? [['probability', 'true'] as const]
      : classes.map((c) => [`probability(${c})`, c] as const)
  return written(
    'Output',
    {},
    shown.map(([name, value]) =>
      written('OutputField', { name, optype: 'continuous', dataType: 'double', feature: 'probability', value }),
    ),
  )
}

const normalisations: Readonly<Partial<Record<ModelRecord['link'], string>>> = {
  identity: 'none',
  log: 'exp',
  logit: 'logit',
  probit: 'probit',
  cloglog: 'cloglog',
  softmax: 'softmax',
}

const needsGeneral = ({ link, trees }: ModelRecord): boolean =>
  trees === undefined && normalisations[link] === undefined

function regression(
  record: ModelRecord,
  byScore: readonly (readonly Coefficient[])[],
  encoded: readonly Encoded[],
): Written {
  const classes = classesOf(record)
  const tables = byScore.map((own, k) => {
    const [intercept, ...others] = own
    const predictors = others.flatMap((c, i) =>
      c.estimate === 0
        ? []
        : [written('NumericPredictor', { name: encoded[i]?.name ?? '', coefficient: number(c.estimate) })],
    )
    const category = classes === undefined ? {} : { targetCategory: classes[k] ?? '' }
    return written('RegressionTable', { intercept: number(intercept?.estimate ?? 0), ...category }, predictors)
  })
  const other =
    record.family === 'binomial' ? [written('RegressionTable', { intercept: 0, targetCategory: 'false' })] : []
  const attributes = {
    modelName: record.name,
    functionName: classes === undefined ? 'regression' : 'classification',
    normalizationMethod: normalisations[record.link],
  }
  return written('RegressionModel', attributes, [
    miningSchema(record),
    output(record),
    verification(record),
    ...tables,
    ...other,
  ])
}

const distributions: Readonly<Partial<Record<ModelRecord['family'], string>>> = {
  gaussian: 'normal',
  binomial: 'binomial',
  poisson: 'poisson',
  gamma: 'gamma',
  'inverse-gaussian': 'igauss',
}

const powers: Readonly<Partial<Record<ModelRecord['link'], number>>> = { inverse: -1, 'inverse-square': -2, sqrt: 0.5 }

function generalRegression(
  record: ModelRecord,
  coefficients: readonly Coefficient[],
  encoded: readonly Encoded[],
): Written {
  const { link } = record
  const power = powers[link]
  const classes = classesOf(record)
  const attributes = {
    modelName: record.name,
    modelType: 'generalizedLinear',
    functionName: classes === undefined ? 'regression' : 'classification',
    distribution: distributions[record.family],
    linkFunction: power === undefined ? link : 'power',
    linkParameter: power,
  }
  const category = classes === undefined ? {} : { targetCategory: 'true' }
  const parameters = coefficients.map((c, i) => ({ name: `p${i}`, label: c.name, estimate: c.estimate }))
  return written('GeneralRegressionModel', attributes, [
    miningSchema(record),
    output(record),
    verification(record),
    written(
      'ParameterList',
      {},
      parameters.map(({ name, label }) => written('Parameter', { name, label })),
    ),
    written(
      'CovariateList',
      {},
      encoded.map((e) => written('Predictor', { name: e.name })),
    ),
    written(
      'PPMatrix',
      {},
      encoded.map((e, i) => written('PPCell', { value: 1, predictorName: e.name, parameterName: `p${i + 1}` })),
    ),
    written(
      'ParamMatrix',
      {},
      parameters.map((p) => written('PCell', { parameterName: p.name, beta: number(p.estimate), ...category })),
    ),
  ])
}

/** The record's verification rows, those with an answer; a value that is missing has no element. */
function verification(record: ModelRecord): Written | undefined {
  const name = record.family === 'binomial' ? 'probability' : 'prediction'
  if (record.family === 'multinomial') return undefined
  const rows = record.verification.filter(
    (v) => typeof v.outputs[name] === 'number' && saysAll(record.inputs, v.inputs),
  )
  if (rows.length === 0) return undefined
  const tag = (i: number): string => `c${i}`
  const fields = [
    ...record.inputs.map((i, k) => written('VerificationField', { field: i.feature, column: tag(k) })),
    written('VerificationField', {
      field: name,
      column: tag(record.inputs.length),
      precision: 1e-9,
      zeroThreshold: 1e-12,
    }),
  ]
  const table = rows.map((v) => {
    const cells = record.inputs.flatMap((input, k) => {
      const value = v.inputs[input.feature] ?? null
      return value === null ? [] : [written(tag(k), {}, constant(value).children)]
    })
    return written('row', {}, [...cells, written(tag(record.inputs.length), {}, number(v.outputs[name] as number))])
  })
  return written('ModelVerification', { recordCount: rows.length, fieldCount: fields.length }, [
    written('VerificationFields', {}, fields),
    written('InlineTable', {}, table),
  ])
}

/** Numbers that PMML would call invalid are left to the tests of the engine. */
const saysAll = (inputs: readonly LearnedInput[], row: ModelRecord['verification'][number]['inputs']): boolean =>
  inputs.every(({ feature }) => {
    const value = row[feature]
    return typeof value !== 'number' || Math.abs(value) <= largestUsable
  })

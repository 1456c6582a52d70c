/** PMML documents as models: RegressionModel, GeneralRegressionModel and Scorecard (dmg.org, versions 3 to 4.4). */
import { diagnostic, throwIfErrors } from '../../diagnostics/diagnostic.ts'
import type { ImportedModel, ImportOptions } from '../import/imported-model.ts'
import { refuse as refuseFile } from '../import/imported-model.ts'
import { child, type Element, readXml } from './element.ts'
import { type Fields, type Refuse, readFields } from './fields.ts'
import { readGeneralRegression } from './general-regression.ts'
import type { ReadModel } from './read-model.ts'
import { readRegression } from './regression.ts'
import { readScorecard } from './scorecard.ts'
import { verificationRows } from './verification.ts'

type Reader = (model: Element, fields: Fields, refuse: Refuse) => ReadModel | undefined

const readers: Readonly<Record<string, Reader>> = {
  RegressionModel: readRegression,
  GeneralRegressionModel: readGeneralRegression,
  Scorecard: readScorecard,
}

export const isPmml = (text: string): boolean =>
  /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<(\w+:)?PMML[\s>]/.test(text)

/**
 * Reads a PMML document. Its ModelVerification rows come along as parity rows.
 *
 * Errors: `model/import` for a damaged document, and for everything in it that a record cannot say, each with its place.
 */
export function importPmml(text: string, options: ImportOptions): ImportedModel {
  const document = readXml(text)
  if ('message' in document) {
    return refuseFile(options.file, `${document.message} (line ${document.line}, column ${document.column})`)
  }
  if (document.name !== 'PMML') return refuseFile(options.file, `the document is a ${document.name}, not PMML`)
  const models = document.children.filter((c) => c.name in readers || c.name.endsWith('Model'))
  const [model, ...others] = models
  if (model === undefined) return refuseFile(options.file, 'it has no model')
  const reader = readers[model.name]
  if (reader === undefined || others.length > 0) {
    const detail = others.length > 0 ? `it has ${models.length} models` : `it is a ${model.name}`
    return refuseFile(options.file, detail, `Known: ${Object.keys(readers).join(', ')}.`)
  }
  const problems = new Set<string>()
  const refuse: Refuse = (e, detail) => problems.add(`line ${e.line}, column ${e.column}: ${detail}`)
  const fields = readFields(document, model, refuse)
  const read = reader(model, fields, refuse)
  throwIfErrors([...problems].map((detail) => diagnostic('model/import', { file: options.file, detail })))
  if (read === undefined) return refuseFile(options.file, 'the model is incomplete')
  const application = child(child(document, 'Header') ?? document, 'Application')?.attributes
  const { positive, ...parts } = read
  const rows = verificationRows(model, fields, read.family, positive, read.classes)
  return {
    source: ['PMML', document.attributes.version, application && `of ${application.name}`].filter(Boolean).join(' '),
    features: fields.features,
    ...parts,
    ...(rows.length === 0 ? {} : { rows }),
  }
}

/** Which importer a file is for, told from what is in it. */

import { importOnnx } from '../onnx/import.ts'
import { importPmml, isPmml } from '../pmml/import.ts'
import { type ImportedModel, type ImportOptions, readJson, refuse } from './imported-model.ts'
import { importLightgbm, isLightgbmJson, isLightgbmText } from './lightgbm.ts'
import { importMlLogisticRegression, isMlLogisticRegression } from './ml-logistic-regression.ts'
import { importSklearn, isSklearn } from './sklearn.ts'
import { importXgboost, isXgboost } from './xgboost.ts'

/**
 * Reads a model of another library: xgboost JSON, LightGBM text or JSON, scikit-learn attributes, `ml-logistic-regression` JSON,
 * PMML as text, ONNX as bytes. Errors: `model/import`.
 *
 * @example
 * ```ts
 * const { inputs, trees } = readImportedModel(text, { file: 'model.json' })
 * ```
 */
export function readImportedModel(content: string | Uint8Array, options: ImportOptions): ImportedModel {
  if (typeof content !== 'string') return importOnnx(content, options)
  const text = content
  if (isPmml(text)) return importPmml(text, options)
  if (isLightgbmText(text)) return importLightgbm(text, options)
  const json = readJson(text, options.file)
  if (isXgboost(json)) return importXgboost(text, options)
  if (isLightgbmJson(json)) return importLightgbm(text, options)
  if (isSklearn(json)) return importSklearn(text, options)
  if (isMlLogisticRegression(json)) return importMlLogisticRegression(text, options)
  return refuse(
    options.file,
    'it is of no kind that is known',
    'Known: xgboost JSON, LightGBM text and JSON, scikit-learn attributes, ml-logistic-regression JSON, PMML, ONNX.',
  )
}

import { exportJavascript, exportOnnx, exportPmml, type ModelRecord } from '@viewcast/compiler'

/** What a model can be written as, for others to run. */
export type ExportFormat = 'javascript' | 'onnx' | 'pmml'

export interface ExportedModel {
  readonly content: string | Uint8Array
  /** Ending of a file of the format, with its dot. */
  readonly extension: string
}

/**
 * Writes a trained or imported model in a format others read.
 *
 * `javascript` is one module without dependencies, `score(row)`, with the same bits as predictions here; `pmml` is PMML 4.4;
 * `onnx` is a graph of standard operators in double precision (opset 19).
 * Errors: `model/export` with everything the format has no word for.
 *
 * @example
 * ```ts
 * const { content } = exportModel(record, 'javascript')
 * await writeFile('late.js', content)
 * ```
 */
export function exportModel(record: ModelRecord, format: ExportFormat): ExportedModel {
  switch (format) {
    case 'javascript':
      return { content: exportJavascript(record), extension: '.js' }
    case 'onnx':
      return { content: exportOnnx(record), extension: '.onnx' }
    case 'pmml':
      return { content: exportPmml(record), extension: '.pmml' }
  }
}

/** A model record as one JavaScript module without dependencies, with the bits of the reference interpreter. */
import { digest } from '../../ir/digest.ts'
import { expr } from '../../ir/expression.ts'
import { familyTitle } from '../../ir/family.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import { boundaryType } from '../../rewrite/feature-boundary.ts'
import { linearPredictors, outputs, scoreColumns } from '../scoring.ts'
import { preparedInputs } from '../trees/inputs.ts'
import { javascriptPrinter } from './javascript-expression.ts'
import { type RuntimeName, runtimeText } from './javascript-runtime.ts'

/**
 * The module's text: `inputs`, the names a row has to have, and `score(row)`, which gives an object of output columns.
 *
 * Values of a row are what a database driver gives: numbers, or their text (numeric, bigint), texts, booleans; null,
 * undefined and NaN are missing. It runs in any engine of ECMAScript 2020, browsers included.
 *
 * ```js
 * import { score } from './late.js'
 * score({ distance: 120, state: 'CA' }) // { probability: 0.2181… }
 * ```
 */
export function exportJavascript(record: ModelRecord): string {
  const place = new Map<string, number>()
  const put = (name: string): string => {
    place.set(name, place.get(name) ?? place.size)
    return `x[${place.get(name)}]`
  }
  const printer = javascriptPrinter(({ name }) => `x[${place.get(name)}]`)
  const conversions: RuntimeName[] = []
  const lines: string[] = []
  for (const input of record.inputs) {
    const convert = ({ float8: 'number', bool: 'truth', text: 'text' } as const)[boundaryType(input)] ?? 'text'
    conversions.push(convert)
    lines.push(`${put(input.feature)} = ${convert}(row[${JSON.stringify(input.feature)}])`)
  }
  if (record.trees !== undefined) {
    for (const { name, expr: value } of preparedInputs(record, 'f')) {
      const text = printer.print(value)
      lines.push(`${put(name)} = ${text}`)
    }
  }
  const names = scoreColumns(record)
  linearPredictors(record, 'f').forEach((score, i) => {
    const text = printer.print(score)
    lines.push(`${put(names[i] ?? '')} = ${text}`)
  })
  const out = outputs(
    record,
    names.map((name) => expr.column('s', name)),
  ).map((o) => `${JSON.stringify(o.name)}: ${printer.print(o.expr)}`)
  const features = record.inputs.map((i) => i.feature)
  return [
    ...comment(record),
    `export const inputs = ${JSON.stringify(features)}`,
    '',
    'export function score(row) {',
    `  const x = new Array(${place.size})`,
    ...lines.map((line) => `  ${line}`),
    `  return { ${out.join(', ')} }`,
    '}',
    '',
    ...printer.declarations,
    runtimeText([...printer.called, ...conversions]),
    '',
  ].join('\n')
}

function comment(record: ModelRecord): string[] {
  const { name, version, family, link } = record
  const what =
    record.trees === undefined ? familyTitle(family, link) : `${record.fit.solver}, ${familyTitle(family, link)}`
  const says = outputs(record, []).map((o) => `${o.name}: ${o.description}`)
  return [
    `Model ${JSON.stringify(name)} version ${version}, ${what}, ${record.trainedAt}. Written by viewcast.`,
    `Digest ${digest(record).slice(0, 16)} (SHA-256 of the model record).`,
    ...says,
  ].map((line) => `// ${line.replace(/[\r\n\u2028\u2029]+/g, ' ')}`)
}

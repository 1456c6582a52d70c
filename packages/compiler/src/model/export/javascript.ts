/** A model record as one JavaScript module without dependencies, with the bits of the reference interpreter. */

import { InternalError } from '../../diagnostics/diagnostic.ts'
import { digest } from '../../ir/digest.ts'
import { familyTitle } from '../../ir/family.ts'
import type { ModelRecord } from '../../ir/model-record.ts'
import type { Projection } from '../../ir/relation.ts'
import { boundaryType } from '../../rewrite/feature-boundary.ts'
import { outputs } from '../outputs.ts'
import { scorePlan } from '../score-plan.ts'
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
  const place = new Map<string, string>()
  const put = (alias: string, name: string): string => {
    const own = `x[${place.size}]`
    place.set(`${alias}.${name}`, own)
    return own
  }
  const printer = javascriptPrinter(({ of, name }) => place.get(`${of}.${name}`) ?? missingColumn(name))
  const conversions: RuntimeName[] = []
  const lines: string[] = []
  for (const input of record.inputs) {
    const convert = ({ float8: 'number', bool: 'truth', text: 'text' } as const)[boundaryType(input)] ?? 'text'
    conversions.push(convert)
    lines.push(`${put('f', input.feature)} = ${convert}(row[${JSON.stringify(input.feature)}])`)
  }
  // What a column is computed of is printed before it has a place: it cannot read itself.
  const assign = (alias: string, columns: readonly Projection[]): void => {
    for (const { name, text } of columns.map((c) => ({ name: c.name, text: printer.print(c.expr) }))) {
      lines.push(`${put(alias, name)} = ${text}`)
    }
  }
  if (record.trees !== undefined) assign('f', preparedInputs(record, 'f'))
  const plan = scorePlan(record, { joined: false })
  for (const { columns } of plan.stages) assign('s', columns)
  const out = plan.outputs.map((o) => `${JSON.stringify(o.name)}: ${printer.print(o.expr)}`)
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
  const says = outputs(record).map((o) => `${o.name}: ${o.description}`)
  return [
    `Model ${JSON.stringify(name)} version ${version}, ${what}, ${record.trainedAt}. Written by viewcast.`,
    `Digest ${digest(record).slice(0, 16)} (SHA-256 of the model record).`,
    ...says,
  ].map((line) => `// ${line.replace(/[\r\n\u2028\u2029]+/g, ' ')}`)
}

function missingColumn(name: string): never {
  throw new InternalError(`The scorer has no column "${name}"`)
}

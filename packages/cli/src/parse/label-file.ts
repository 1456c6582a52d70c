/** Labels of a file: CSV as it comes, JSON at once. */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { GivenLabel } from '@viewcast/sdk'
import { csvRecords } from './csv-records.ts'
import { jsonText } from './json-text.ts'
import { UsageError } from './usage.ts'

export interface LabelFile {
  /** Path as it was given. */
  readonly file: string
  readonly cwd: string
  /** The model's name of its label, which the column may have too. */
  readonly label: string
  /** Key columns of the model's entity, for messages. */
  readonly keys: readonly string[]
}

/** An array is parsed as a whole. */
const mostJson = 64 * 1024 * 1024

/** Errors, as it is read: `UsageError`. */
export async function* labelsOf(about: LabelFile): AsyncGenerator<GivenLabel> {
  const { file, cwd } = about
  const path = resolve(cwd, file)
  let n = 0
  try {
    const isJson = /\.json$/i.test(file)
    if (isJson && statSync(path).size > mostJson)
      throw new UsageError(`${file} is larger than 64 MB: write it as CSV, which is read as it comes`)
    const records = isJson
      ? jsonRecords(readFileSync(path, 'utf8'), file)
      : csvRecords(createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 }), file)
    for await (const record of records) yield givenLabel(record, ++n, about)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) throw new UsageError(`${file} cannot be read: ${message}`)
    throw error
  }
}

/** The label stands in the column `label`, or in one named as the model names it. */
function givenLabel(record: Record<string, unknown>, n: number, { file, label: name, keys }: LabelFile): GivenLabel {
  const column = 'label' in record ? 'label' : name
  const { [column]: label, as_of: asOf, request_id: requestId, ...key } = record
  if (!(column in record)) {
    const own = name === 'label' ? '"label"' : `"label" or "${name}"`
    const needed = `${[...keys, 'label'].join(', ')}, and where they matter as_of and request_id`
    throw new UsageError(
      `${file}: record ${n} has no column ${own}; it has ${Object.keys(record).join(', ')}, and needs ${needed}`,
    )
  }
  if (label !== null && !['string', 'number', 'boolean'].includes(typeof label)) {
    throw new UsageError(`${file}: the label of record ${n} is neither a text, nor a number, nor a truth value`)
  }
  return {
    key,
    label: label as GivenLabel['label'],
    ...(asOf === undefined || asOf === null ? {} : { asOf: String(asOf) }),
    ...(requestId === undefined || requestId === null ? {} : { requestId: String(requestId) }),
  }
}

function jsonRecords(text: string, file: string): Record<string, unknown>[] {
  const json = jsonText(text.replace(/^\uFEFF/, ''), file)
  if (Array.isArray(json) && json.every((r) => typeof r === 'object' && r !== null && !Array.isArray(r))) return json
  throw new UsageError(`${file} must hold an array of objects`)
}

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { GivenLabel } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { csvRecords } from '../../parse/csv-records.ts'
import { jsonText } from '../../parse/json-text.ts'
import { UsageError } from '../../parse/usage.ts'
import { grouped } from '../../render/table.ts'
import { chosenOptions } from './chosen-options.ts'

export const predictionsLabelCommand = defineCommand({
  name: 'predictions label',
  summary: 'Record what came true of logged predictions',
  description:
    "Asks the target of the model's dataset, for predictions whose outcome is known by now; or takes labels from a file. A file is CSV or JSON with the key columns, the label as the column label, and where they matter as_of and request_id. A label that differs is kept as a correction; what is given wins over the target.",
  positionals: [
    { name: 'model', description: 'model of the project', required: true },
    { name: 'file', description: 'labels, .csv or .json', required: false },
  ],
  options: z.object({
    ...chosenOptions,
  }),
  examples: [
    { command: 'viewcast predictions label reorder', description: 'From the target' },
    { command: 'viewcast predictions label reorder outcomes.csv', description: 'From a file: customer_id,as_of,label' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store, project }) => {
      const { options, positionals, io, output } = invocation
      const { labelPredictions, recordLabels, resolveDefinition } = await import('@viewcast/sdk')
      const model = resolveDefinition(project, positional(invocation, 'model'), 'model')
      const { file } = positionals
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      if (file !== undefined) {
        const [option] = Object.keys(given)
        if (option !== undefined) throw new UsageError(`--${option} is for labels from the target; a file says which`)
        const done = await recordLabels(store, model.name, readLabels(file, io.cwd, model.label))
        await output.result({ model: model.name, from: 'file', ...done }, (colors) => {
          const without = done.unmatched === 0 ? '' : `, ${grouped(done.unmatched)} are of nothing that was predicted`
          return `${colors.good('labelled')}  ${grouped(done.predictions)} predictions, ${grouped(done.recorded)} labels are new${without}\n`
        })
        return 0
      }
      output.progress.step(`ask the target of ${model.name}`)
      const done = await labelPredictions(store, model, {
        ...given,
        directory: project.directory,
        signal: io.signal,
        onRows: (rows) => output.progress.step(`ask the target of ${model.name}: ${grouped(rows)} predictions`),
      })
      output.progress.clear()
      await output.result(
        { model: model.name, from: 'target', ...done },
        (colors) =>
          `${colors.good('labelled')}  ${grouped(done.known)} of ${grouped(done.predictions)} predictions have an outcome by now, ${grouped(done.recorded)} labels are new\n`,
      )
      return 0
    }),
})

/** The label stands in the column `label`, or in one named as the model names it. Errors: `UsageError`. */
function readLabels(file: string, cwd: string, name: string): GivenLabel[] {
  let text: string
  try {
    text = readFileSync(resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
  const records = /\.json$/i.test(file) ? jsonRecords(text, file) : csvRecords(text, file)
  return records.map((record, i) => {
    const column = 'label' in record ? 'label' : name
    const { [column]: label, as_of: asOf, request_id: requestId, ...key } = record
    if (!(column in record)) throw new UsageError(`${file}: record ${i + 1} has no column label`)
    if (label !== null && !['string', 'number', 'boolean'].includes(typeof label)) {
      throw new UsageError(`${file}: the label of record ${i + 1} is neither a text, nor a number, nor a truth value`)
    }
    return {
      key,
      label: label as GivenLabel['label'],
      ...(asOf === undefined || asOf === null ? {} : { asOf: String(asOf) }),
      ...(requestId === undefined || requestId === null ? {} : { requestId: String(requestId) }),
    }
  })
}

function jsonRecords(text: string, file: string): Record<string, unknown>[] {
  const json = jsonText(text, file)
  if (Array.isArray(json) && json.every((r) => typeof r === 'object' && r !== null && !Array.isArray(r))) return json
  throw new UsageError(`${file} must hold an array of objects`)
}

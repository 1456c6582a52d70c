import { resolve } from 'node:path'
import type { Prediction } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import {
  atOption,
  keysOption,
  limitOption,
  outOption,
  outputsOption,
  readKeys,
  readOutputs,
  versionOption,
} from '../parse/values.ts'
import { writePieces } from '../render/file.ts'
import type { Output } from '../render/output.ts'
import { type RowFormat, rowFormats, writeRows } from '../render/rows.ts'
import { grouped } from '../render/table.ts'
import { chosenModel } from './chosen-model.ts'
import { logOptions, readLogOptions } from './predictions/log-options.ts'

export const predictCommand = defineCommand({
  name: 'predict',
  summary: 'Run the prediction query of a trained model',
  description:
    'Predicts for every row of the entity, or for the keys given, as of now or of --at. Rows are streamed: memory does not grow with their number.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({
    at: atOption,
    keys: keysOption,
    limit: limitOption.optional(),
    format: z
      .enum(rowFormats)
      .optional()
      .describe('How rows are written; from the name of --out, otherwise a table on a terminal and CSV into a pipe'),
    out: outOption,
    version: versionOption,
    outputs: outputsOption,
    log: z.boolean().optional().describe('Keep the predictions in the log of the store, too'),
    ...logOptions,
  }),
  examples: [
    { command: 'viewcast predict reorder --at 2025-12-31T00:00Z --limit 10', description: 'As of an instant' },
    { command: 'viewcast predict reorder --keys customer_id=7 --keys customer_id=9', description: 'For two customers' },
    { command: 'viewcast predict reorder --out predictions.csv', description: 'For everyone, into a file' },
    { command: 'viewcast predict reorder --log --inputs all', description: 'Kept for replay, with the features' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async (opened) => {
      const { project, db, store } = opened
      const { options, io, output } = invocation
      const sdk = await import('@viewcast/sdk')
      const log = options.log ? readLogOptions(options, io.env) : undefined
      if (log === undefined) notWithoutLog(options)
      else if (store === undefined) throw new UsageError('--log needs a store that the role may write to')
      const { model, record, warnings } = await chosenModel(
        opened,
        positional(invocation, 'model'),
        options.version,
        output,
      )
      const keys = readKeys(options.keys, io.cwd)
      const outputs = await readOutputs(options.outputs)
      const wanted = {
        directory: project.directory,
        signal: io.signal,
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(keys === undefined ? {} : { keys }),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
        ...(outputs === undefined ? {} : { outputs }),
      }
      const made = store
        ? await sdk.predictRecorded(store, model, record, { ...wanted, ...(log ? { log } : {}) })
        : await sdk.predict(db, model, record, wanted)
      await output.warn(made.warnings)
      const prediction = { ...made, warnings: [...warnings, ...made.warnings] }
      const file = options.out === undefined ? undefined : resolve(io.cwd, options.out)
      const about = { model: model.name, version: record.version, sql: prediction.sql, columns: prediction.columns }
      if (file === undefined) {
        const format = options.format ?? (io.isTTY.stdout ? 'table' : 'csv')
        await (output.json ? writeJson(prediction, about, output) : writeTo(prediction, format, output))
        return 0
      }
      const format = options.format ?? formatOf(file)
      const rows = await writePieces(file, (write) =>
        writeRows(prediction.rows, plain(prediction, format, output, write)),
      )
      await output.note(`wrote ${grouped(rows)} rows to ${options.out}`)
      if (output.json) await output.result({ ...about, rows, file }, () => '')
      return 0
    }),
})

function notWithoutLog(options: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(logOptions).find((name) => options[name] !== undefined)
  if (given !== undefined) throw new UsageError(`--${given} is for what is logged; add --log`)
}

const formatOf = (file: string): RowFormat => {
  const extension = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase()
  return extension === 'txt' ? 'table' : (rowFormats.find((f) => f === extension) ?? 'csv')
}

const plain = (p: Prediction, format: RowFormat, output: Output, write: Output['write']) => ({
  columns: p.columns,
  format,
  colors: { ...output.colors, bold: same, dim: same },
  write,
})
const same = (text: string): string => text

const writeTo = (p: Prediction, format: RowFormat, output: Output): Promise<number> =>
  writeRows(p.rows, { columns: p.columns, format, width: output.width, colors: output.colors, write: output.write })

/** One object, written as the rows arrive. */
async function writeJson(p: Prediction, about: Record<string, unknown>, output: Output): Promise<void> {
  const head = JSON.stringify({ ...about, warnings: p.warnings.map(diagnosticData) }).slice(0, -1)
  if (!(await output.write(`${head},"rows":`))) return
  await writeRows(p.rows, {
    columns: p.columns,
    format: 'json',
    colors: output.colors,
    write: (text) => output.write(text === ']\n' || text === '\n]\n' ? text.replace(/\n$/, '') : text),
  })
  await output.write('}\n')
}

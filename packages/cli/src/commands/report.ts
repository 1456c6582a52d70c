import { resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { versionOption } from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'
import { shown } from '../render/path.ts'
import { renderTable } from '../render/table.ts'
import { chosenModel } from './chosen-model.ts'

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'Measure a trained model and write a report as one HTML file',
  description:
    'Scores the rows of one part of the dataset in the database and writes metrics with 95 % intervals, ROC and precision-recall curves, calibration, lift, decisions at the threshold, residuals, coefficients, feature contributions, slices and the SQL. The file needs nothing beside itself.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({
    version: versionOption,
    out: z.string().optional().meta({ value: 'file', description: 'File to write (default <model>-<version>.html)' }),
    part: z
      .enum(['train', 'validation', 'test', 'all'])
      .optional()
      .meta({ value: 'part', description: 'Rows to measure on: train, validation, test or all (default test)' }),
    slice: z
      .string()
      .optional()
      .meta({ value: 'names', description: 'Columns to slice by, joined by commas (default the strongest features)' }),
  }),
  examples: [
    { command: 'viewcast report reorder', description: 'Writes reorder-1.html' },
    {
      command: 'viewcast report reorder --slice state,plan --out reorder.html',
      description: 'Metrics by state and plan',
    },
    { command: 'viewcast report reorder --json | jq .metrics', description: 'Metrics with intervals for a script' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async (opened) => {
      const { project, db, store } = opened
      const { options, io, output } = invocation
      const { evaluateModel, evaluateRecorded, predictionQuery, renderReport } = await import('@viewcast/sdk')
      const { model, record, warnings } = await chosenModel(
        opened,
        positional(invocation, 'model'),
        options.version,
        output,
      )
      output.progress.step('reading')
      const wanted = {
        directory: project.directory,
        signal: io.signal,
        onRows: (rows: number) => output.progress.at(rows),
        ...(options.part === undefined ? {} : { part: options.part }),
        ...(options.slice === undefined ? {} : { slices: options.slice.split(',').map((s) => s.trim()) }),
      }
      const evaluation = store
        ? await evaluateRecorded(store, model, record, wanted)
        : await evaluateModel(db, model, record, wanted)
      output.progress.step('drawing')
      const { sql } = await predictionQuery(db, model, record, { directory: project.directory })
      const file = resolve(io.cwd, options.out ?? `${record.name}-${record.version}.html`)
      await writeWhole(file, await renderReport(record, evaluation, { predictionSql: sql }))
      output.progress.done()
      await output.warn(evaluation.warnings)
      const { result, ...rest } = evaluation
      const data = {
        ...rest,
        warnings: [...warnings, ...rest.warnings].map(diagnosticData),
        file,
        metrics: result.metrics,
        result,
      }
      await output.result(data, (colors) => {
        const rows = result.metrics.map(({ name, estimate: { value, interval } }) => [
          name,
          digits(value),
          interval === undefined ? '' : `${digits(interval[0])} to ${digits(interval[1])}`,
        ])
        const columns = [{ name: 'metric' }, { name: 'value', type: 'float8' }, { name: '95 % interval' }]
        return `${renderTable(columns, rows, { colors })}${colors.good('written')}  ${shown(file, io.cwd)}\n`
      })
      return 0
    }),
})

const digits = (value: number): string => String(Number(value.toPrecision(4)))

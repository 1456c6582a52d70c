import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { atOption, keysOption, readKeys, versionOption } from '../../parse/values.ts'
import { grouped } from '../../render/table.ts'
import { chosenModel } from '../chosen-model.ts'
import { logOptions, readLogOptions } from './log-options.ts'

export const predictionsLogCommand = defineCommand({
  name: 'predictions log',
  summary: 'Predict, and keep the predictions in the log',
  description:
    'Runs the prediction query within the database and keeps what it says in viewcast.prediction: no row leaves it. The same version asked the same question again adds nothing. "viewcast predict --log" shows the rows as well.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({ at: atOption, keys: keysOption, version: versionOption, ...logOptions }),
  examples: [
    { command: 'viewcast predictions log reorder --inputs all', description: 'Everyone as of now, with the features' },
    {
      command: 'viewcast predictions log reorder --at 2025-12-31T00:00Z --inputs all --redact country',
      description: 'As of an instant, without one of the features',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async (opened) => {
      const { options, io, output } = invocation
      const { logPredicted } = await import('@viewcast/sdk')
      const log = readLogOptions(options, io.env)
      const { model, record } = await chosenModel(opened, positional(invocation, 'model'), options.version, output)
      const keys = readKeys(options.keys, io.cwd)
      output.progress.step(`predict ${model.name} version ${record.version}`)
      const { rows, logged, run } = await logPredicted(opened.store, model, record, {
        directory: opened.project.directory,
        signal: io.signal,
        log,
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(keys === undefined ? {} : { keys }),
      })
      output.progress.clear()
      await output.result({ model: model.name, version: record.version, rows, logged, run: run.id }, (colors) => {
        const already = rows === logged ? '' : `, ${grouped(rows - logged)} were there already`
        return `${colors.good('logged')}  ${grouped(logged)} predictions of ${model.name} version ${record.version}${already}\n`
      })
      return 0
    }),
})

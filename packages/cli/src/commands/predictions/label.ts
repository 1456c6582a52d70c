import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { labelsOf } from '../../parse/label-file.ts'
import { UsageError } from '../../parse/usage.ts'
import { grouped } from '../../render/table.ts'
import { chosenOptions } from './chosen-options.ts'

export const predictionsLabelCommand = defineCommand({
  name: 'predictions label',
  summary: 'Record what came true of logged predictions',
  description:
    "Asks the target of the model's dataset, for predictions whose outcome is known by now; or takes labels from a file. A file is CSV, which may be of any length, or JSON, with the key columns, the label as the column label, and where they matter as_of and request_id. A label that differs is kept as a correction; what is given wins over the target.",
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
        output.progress.step(`read ${file}`)
        const keys = model.dataset.sample.entity.keys.map((k) => k.name)
        const done = await recordLabels(store, model.name, labelsOf({ file, cwd: io.cwd, label: model.label, keys }))
        output.progress.clear()
        await output.result({ model: model.name, from: 'file', ...done }, (colors) => {
          const { predictions, recorded, unmatched } = done
          const without = unmatched === 0 ? '' : `, ${grouped(unmatched)} are of nothing that was predicted`
          const what = `${counted(predictions, 'prediction')}, ${counted(recorded, 'label')} new${without}`
          const next =
            predictions === 0 && unmatched > 0 ? `what is logged: viewcast predictions ls ${model.name}\n` : ''
          return `${colors.good('labelled')}  ${what}\n${next}`
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
      await output.result({ model: model.name, from: 'target', ...done }, (colors) =>
        done.predictions === 0
          ? `no predictions of ${model.name} are logged${Object.keys(given).length === 0 ? '' : ' then'}: viewcast predictions ls\n`
          : `${colors.good('labelled')}  ${grouped(done.known)} of ${counted(done.predictions, 'prediction')} have an outcome by now, ${counted(done.recorded, 'label')} new\n`,
      )
      return 0
    }),
})

const counted = (n: number, one: string): string => `${grouped(n)} ${n === 1 ? one : `${one}s`}`

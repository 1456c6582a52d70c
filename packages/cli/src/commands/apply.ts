import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { atOption, versionOption } from '../parse/values.ts'
import { chosenModel } from './chosen-model.ts'

export const applyCommand = defineCommand({
  name: 'apply',
  summary: 'Keep the prediction query of a model in the database as a view',
  description:
    'In one transaction: scores the rows kept with the model on this engine, then creates or replaces the view. What viewcast did not make is never touched, and what PostgreSQL cannot replace in place is refused.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({
    as: z.enum(['view']).optional().describe('What to make of it'),
    name: z
      .string()
      .optional()
      .meta({ value: 'schema.name', description: "Name of the view; the model's own when absent" }),
    at: atOption,
    version: versionOption,
  }),
  examples: [
    { command: 'viewcast apply reorder --as view', description: 'The view "reorder"' },
    { command: 'viewcast apply reorder --as view --name scoring.reorder_now', description: 'In another schema' },
  ],
  run: (invocation) => {
    if (invocation.options['as'] === undefined) {
      throw new UsageError('"viewcast apply" needs to know what to make: --as view')
    }
    return withStoreIfAllowed(invocation, async (opened) => {
      const { project, db, store } = opened
      const { options, output } = invocation
      const { applyRecorded, applyView } = await import('@viewcast/sdk')
      const { model, record, warnings } = await chosenModel(
        opened,
        positional(invocation, 'model'),
        options.version,
        output,
      )
      output.progress.step(`apply ${model.name} version ${record.version}`)
      const wanted = {
        directory: project.directory,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.at === undefined ? {} : { at: options.at }),
      }
      const { view, sql, replaced, verification } = store
        ? await applyRecorded(store, model, record, wanted)
        : await applyView(db, model, record, wanted)
      output.progress.clear()
      await output.result(
        {
          model: model.name,
          version: record.version,
          view,
          replaced,
          verification,
          engine: db.description,
          sql,
          warnings: warnings.map(diagnosticData),
        },
        (colors) =>
          `${colors.good(replaced ? 'replaced' : 'created')}  view ${view}  ${colors.dim(`(${verification})`)}\n`,
      )
      await output.note(`next: select * from ${view} limit 10`)
      return 0
    })
  },
})

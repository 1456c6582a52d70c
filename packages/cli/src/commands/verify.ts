import type { VerifyReport } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData, exit } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { atOption, limitOption, versionOption } from '../parse/values.ts'
import { renderChecks } from '../render/checks.ts'
import { chosenModel } from './chosen-model.ts'

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'Prove that a trained model means the same in the database',
  description:
    'Recomputes every prediction outside the database and compares (parity), counts rows of the training query (rows), cuts every event source at as_of and compares again (no-future), and scores the rows kept with the model (verification). Exit code 1 when one disagrees.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({
    at: atOption,
    limit: limitOption.optional().describe('Rows of the parity check at most (default 10,000)'),
    version: versionOption,
  }),
  examples: [
    { command: 'viewcast verify reorder', description: "On the sample's own rows" },
    { command: 'viewcast verify reorder --database postgres://localhost/shop', description: 'On another engine' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async (opened) => {
      const { project, db, store } = opened
      const { options, io, output } = invocation
      const { verifyModel, verifyRecorded } = await import('@viewcast/sdk')
      const { model, record, warnings } = await chosenModel(
        opened,
        positional(invocation, 'model'),
        options.version,
        output,
      )
      output.progress.step(`verify ${model.name} version ${record.version}`)
      const wanted = {
        directory: project.directory,
        signal: io.signal,
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
      }
      const report: VerifyReport = store
        ? await verifyRecorded(store, model, record, wanted)
        : await verifyModel(db, model, record, wanted)
      output.progress.clear()
      await output.result(
        {
          model: model.name,
          version: record.version,
          engine: db.description,
          ...report,
          warnings: warnings.map(diagnosticData),
        },
        (colors) => renderChecks(report.checks, colors),
      )
      return report.ok ? exit.ok : exit.failed
    }),
})

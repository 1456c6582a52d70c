import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { renderTable } from '../../render/table.ts'

export const predictionsLsCommand = defineCommand({
  name: 'predictions ls',
  summary: 'List what is in the prediction log',
  description:
    'For each version of a model: how many predictions are logged, how many of them have a label, and of when.',
  positionals: [{ name: 'model', description: 'only of this model', required: false }],
  options: z.object({}),
  examples: [{ command: 'viewcast predictions ls', description: 'Everything that is logged' }],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { positionals, output } = invocation
      const { listPredictions } = await import('@viewcast/sdk')
      const logged = await listPredictions(store, positionals['model'])
      await output.result({ logged }, (colors) =>
        logged.length === 0
          ? 'no predictions are logged\n'
          : renderTable(
              [
                { name: 'model' },
                { name: 'version', type: 'int4' },
                { name: 'deployment' },
                { name: 'predictions', type: 'int8' },
                { name: 'labelled', type: 'int8' },
                { name: 'first' },
                { name: 'last' },
              ],
              logged.map((l) => [l.model, l.version, l.deployment ?? '', l.predictions, l.labelled, l.first, l.last]),
              { columns: output.width, colors },
            ),
      )
      return 0
    }),
})

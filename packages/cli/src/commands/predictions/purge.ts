import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped } from '../../render/table.ts'

export const predictionsPurgeCommand = defineCommand({
  name: 'predictions purge',
  summary: 'Take old predictions out of the log for good',
  description:
    'Takes away what was predicted as of an instant before --before, of all models and projects, with inputs and labels. Whole months go at once. Only the owner of the store may.',
  positionals: [],
  options: z.object({
    before: z.string().optional().meta({ value: 'instant', description: 'Needed: such as 2024-01-01T00:00Z' }),
    'dry-run': z.boolean().optional().describe('Count only'),
  }),
  examples: [
    { command: 'viewcast predictions purge --before 2024-01-01T00:00Z --dry-run', description: 'How many there are' },
    { command: 'viewcast predictions purge --before 2024-01-01T00:00Z', description: 'Keep what is newer' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, output } = invocation
      const { fail, purgePredictions } = await import('@viewcast/sdk')
      const { before, 'dry-run': dryRun = false } = options
      if (before === undefined) return fail('cli/usage', { detail: '"viewcast predictions purge" needs --before' })
      const predictions = await purgePredictions(store, { before, dryRun })
      await output.result({ before, dryRun, predictions }, (colors) =>
        dryRun
          ? `${grouped(predictions)} predictions would go\n`
          : `${colors.good('purged')}  ${grouped(predictions)} predictions\n`,
      )
      return 0
    }),
})

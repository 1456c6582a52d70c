import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'

export const storePurgeCommand = defineCommand({
  name: 'store purge',
  summary: 'Take away for good the runs that were deleted long ago',
  description:
    'Deleted runs can be restored until they are purged. Their params, metrics, tags, files and checks go with them; versions of models and datasets stay. Only the owner of the schema viewcast may.',
  positionals: [],
  options: z.object({
    olderThan: z.coerce.number().min(0).max(36_500).default(30).meta({
      value: 'days',
      expects: 'a number of days from 0 to 36500',
      description: 'Runs deleted at least so many days ago',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'Count them, and take nothing away' }),
  }),
  examples: [
    { command: 'viewcast store purge --dry-run', description: 'How many there are' },
    { command: 'viewcast store purge --older-than 90', description: 'Three months after they were deleted' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { purgeRuns } = await import('@viewcast/sdk')
      const { olderThan, dryRun } = invocation.options
      const runs = await purgeRuns(store, { olderThanDays: olderThan, dryRun })
      await invocation.output.result({ runs, purged: !dryRun }, () =>
        dryRun ? `${runs} runs would go\n` : `${runs} runs are gone\n`,
      )
      return 0
    }),
})

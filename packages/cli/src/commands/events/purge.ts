import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withOutbox } from './outbox.ts'

export const eventsPurgeCommand = defineCommand({
  name: 'events purge',
  summary: 'Delete events that were sent',
  description:
    'Deletes events that were sent a week ago or earlier. What waits is never deleted. The store still knows which runs were told of, so none is told of twice.',
  positionals: [],
  options: z.object({
    days: z.coerce.number().nonnegative().default(7).meta({
      value: 'n',
      expects: 'a number of days',
      description: 'Sent, or set aside, so many days ago or earlier',
    }),
    setAside: z.boolean().default(false).describe('Also those that were set aside'),
  }),
  examples: [
    { command: 'viewcast events purge', description: 'What was sent a week ago' },
    { command: 'viewcast events purge --days 0 --set-aside', description: 'All that no longer waits' },
  ],
  run: (invocation) =>
    withOutbox(invocation, async (store) => {
      const { purgeEvents } = await import('@viewcast/sdk')
      const deleted = await purgeEvents(store, invocation.options)
      await invocation.output.result({ deleted }, () => `deleted ${deleted} events\n`)
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { withOutbox } from './outbox.ts'

export const eventsRetryCommand = defineCommand({
  name: 'events retry',
  summary: 'Make events due that failed or were set aside',
  description:
    'Events that wait for another try, and those that were set aside, are due at once; the next viewcast events send sends them. Those that were set aside are sent after what came later in their runs.',
  positionals: [],
  options: z.object({
    run: z.string().optional().meta({ value: 'id', description: 'Only the events of this run' }),
  }),
  examples: [{ command: 'viewcast events retry && viewcast events send', description: 'After the service was mended' }],
  run: (invocation) =>
    withOutbox(invocation, async (store) => {
      const { run } = invocation.options
      if (run !== undefined && !/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(run)) {
        throw new UsageError(`--run takes the id of a run, not "${run}"`)
      }
      const { retryEvents } = await import('@viewcast/sdk')
      const due = await retryEvents(store, run === undefined ? {} : { run })
      await invocation.output.result({ due }, () => `${due} events are due\n`)
      return 0
    }),
})

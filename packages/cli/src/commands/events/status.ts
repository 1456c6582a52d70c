import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { grouped, renderPairs, renderTable } from '../../render/table.ts'
import { withOutbox } from './outbox.ts'

export const eventsStatusCommand = defineCommand({
  name: 'events status',
  summary: 'How many OpenLineage events wait, and why',
  description:
    'Counts what is in the outbox: events that wait to be sent, that were sent, and that were set aside because the target refuses them, with the reasons. Nothing is changed.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast events status', description: 'Counts and reasons' },
    { command: 'viewcast events status --json | jq .setAside', description: 'For an alert' },
  ],
  run: (invocation) =>
    withOutbox(invocation, async (store, { openLineage }) => {
      const { outboxStatus } = await import('@viewcast/sdk')
      const status = await outboxStatus(store)
      const { output } = invocation
      const isWritten = openLineage.value !== undefined
      await output.result({ isWritten, ...status }, (colors) => {
        const counts = renderPairs([
          ['events', isWritten ? 'are written with every run' : 'are not written (openLineage is not configured)'],
          ['waiting', `${grouped(status.waiting)}, ${grouped(status.due)} of them due`],
          ...(status.oldest === undefined ? [] : [['oldest', status.oldest] as const]),
          ...(status.next === undefined ? [] : [['next try', status.next] as const]),
          ['sent', grouped(status.sent)],
          ['set aside', grouped(status.setAside)],
        ])
        if (status.reasons.length === 0) return counts
        const rows = status.reasons.map((r) => [
          r.events,
          r.isSetAside ? 'set aside' : 'waits',
          r.tries,
          r.job,
          r.reason,
        ])
        const columns = [
          { name: 'events', type: 'int4' },
          { name: 'state' },
          { name: 'tries', type: 'int4' },
          { name: 'first job' },
          { name: 'reason' },
        ]
        return `${counts}\n${renderTable(columns, rows, { columns: output.width, colors })}`
      })
      return 0
    }),
})

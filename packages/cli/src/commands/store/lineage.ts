import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { renderTable } from '../../render/table.ts'

export const storeLineageCommand = defineCommand({
  name: 'store lineage',
  summary: 'Show how the lineage changed between two days',
  description:
    'Edges between columns that came or went, of this project and of the relations of the database. Those of the versions of models come and go with their use: as the newest, by an alias, by a deployment.',
  positionals: [],
  options: z.object({
    from: z.string().meta({ value: 'instant', description: 'Begin: a day (its end in UTC), or an instant' }),
    to: z.string().optional().meta({ value: 'instant', description: 'End; now when absent' }),
  }),
  examples: [
    { command: 'viewcast store lineage --from 2026-03-01', description: 'Since that day' },
    {
      command: 'viewcast store lineage --from 2026-03-01 --to 2026-03-08 --json',
      description: 'Of a week, for a script',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, output } = invocation
      const { lineageChanges } = await import('@viewcast/sdk')
      const changes = await lineageChanges(store, options.from, options.to)
      await output.result({ changes }, (colors) =>
        changes.length === 0
          ? 'nothing changed\n'
          : renderTable(
              ['change', 'from', 'to', 'version', 'how'].map((name) => ({ name })),
              changes.map((c) => [c.change, c.from, c.to, c.version ?? '', c.how.join(', ')]),
              { columns: output.width, colors },
            ),
      )
      return 0
    }),
})

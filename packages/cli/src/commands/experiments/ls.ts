import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { limitOption } from '../../parse/values.ts'
import { grouped, renderTable } from '../../render/table.ts'
import { when } from '../../render/when.ts'
import { withRuns } from '../runs/runs-open.ts'

export const experimentsLsCommand = defineCommand({
  name: 'experiments ls',
  summary: 'List experiments with their runs',
  description:
    'Experiments, that used last first. A filter compares name, tags, description, runs, running, created, updated and last_run.',
  positionals: [],
  options: z.object({
    filter: z.string().optional().meta({ value: 'filter', description: "Such as: name LIKE 'delay%' and runs > 10" }),
    sort: z
      .array(z.string())
      .optional()
      .meta({ value: 'key', description: 'What to sort by; last_run desc when absent' }),
    deleted: z.boolean().default(false).describe('Deleted ones instead'),
    limit: limitOption.default(50),
  }),
  examples: [
    { command: 'viewcast experiments ls', description: 'All of them' },
    { command: `viewcast experiments ls --filter "tags.team = 'ops'"`, description: 'Those of a team' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { searchExperiments } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const { items, nextPageToken } = await searchExperiments(store, {
        limit: options.limit,
        orderBy: options.sort ?? ['last_run DESC', 'created DESC'],
        ...(options.filter === undefined ? {} : { filter: options.filter }),
        ...(options.deleted ? { lifecycle: 'deleted' } : {}),
      })
      const columns = [
        { name: 'experiment' },
        { name: 'runs', type: 'int4' },
        { name: 'running', type: 'int4' },
        { name: 'last run' },
        { name: 'description' },
      ]
      await output.result({ experiments: items }, (colors) =>
        items.length === 0
          ? ''
          : renderTable(
              columns,
              items.map((x) => [
                x.name,
                grouped(x.runs),
                x.running === 0 ? '' : grouped(x.running),
                x.lastRunAt === null ? '' : when(x.lastRunAt),
                x.description?.split('\n')[0] ?? '',
              ]),
              { columns: output.width, colors },
            ),
      )
      if (items.length === 0) await output.note('no experiments')
      if (nextPageToken !== undefined) await output.note(`the first ${items.length}; more with --limit`)
      return 0
    }),
})

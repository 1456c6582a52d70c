import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderPairs } from '../../render/table.ts'
import { datasetQuery } from './query.ts'

export const datasetsSnapshotCommand = defineCommand({
  name: 'datasets snapshot',
  summary: 'Keep the rows there are now as a table, and register them as a version',
  description:
    'Creates the table <dataset>_v<version> and registers its rows, in one transaction. A version that has a table keeps it. The table is dropped by datasets drop-snapshot only.',
  positionals: [{ name: 'dataset', description: 'name of the dataset', required: true }],
  options: z.object({
    schema: z.string().default('public').describe('Schema of the table'),
    query: z.string().optional().describe('One SELECT that gives the rows, in place of the declared dataset'),
    file: z.string().optional().describe('File with that SELECT'),
  }),
  examples: [
    { command: 'viewcast datasets snapshot departures', description: 'Table public.departures_v3' },
    { command: 'viewcast datasets snapshot departures --schema snapshots', description: 'In another schema' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ project, db, store }) => {
      const { snapshotDataset } = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      const name = positional(invocation, 'dataset')
      const query = await datasetQuery(db, project, name, options, io)
      output.progress.step('writing the table')
      const kept = await snapshotDataset(store, { name, query }, { schema: options.schema, signal: io.signal })
      output.progress.done()
      await output.result({ dataset: name, ...kept }, (colors) =>
        renderPairs([
          ['dataset', `${colors.bold(name)} version ${kept.version}`],
          ['table', `${kept.schema}.${kept.table}`],
          ['rows', grouped(kept.digest.rows)],
          ['digest', kept.digest.digest],
        ]),
      )
      return 0
    }),
})

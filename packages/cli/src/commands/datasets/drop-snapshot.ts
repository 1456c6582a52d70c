import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { datasetReference } from './text.ts'

export const datasetsDropSnapshotCommand = defineCommand({
  name: 'datasets drop-snapshot',
  summary: 'Drop the table that keeps a version; the version stays',
  description:
    'Nothing is dropped along: a view that reads the table stops it. So does a table that has taken its name since. Without a version the newest one is meant.',
  positionals: [{ name: 'dataset', description: 'name@version or name@tag', required: true }],
  options: z.object({}),
  examples: [{ command: 'viewcast datasets drop-snapshot departures@2', description: 'Drop public.departures_v2' }],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { dropSnapshot } = await import('@viewcast/sdk')
      const { dataset, selector } = await datasetReference(positional(invocation, 'dataset'))
      const table = await dropSnapshot(store, dataset, selector)
      await invocation.output.result({ dataset, table }, () => `dropped  ${table}\n`)
      return 0
    }),
})

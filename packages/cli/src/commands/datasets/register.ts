import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderPairs } from '../../render/table.ts'
import { datasetQuery } from './query.ts'

export const datasetsRegisterCommand = defineCommand({
  name: 'datasets register',
  summary: 'Register the rows there are now as a version of a dataset',
  description:
    'Digests the rows in the database and registers them: the next version, or the one that has equal rows. Rows are those of the training query of a declared dataset, or of any query, for runs of other training code.',
  positionals: [{ name: 'dataset', description: 'name of the dataset', required: true }],
  options: z.object({
    query: z.string().optional().describe('One SELECT that gives the rows'),
    file: z.string().optional().describe('File with that SELECT'),
    run: z.string().optional().describe('Run that reads it'),
  }),
  examples: [
    { command: 'viewcast datasets register departures', description: 'The rows a training would read now' },
    {
      command: 'viewcast datasets register churn --query "SELECT * FROM churn_features"',
      description: 'Rows of any query',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ project, db, store }) => {
      const { registerDataset } = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      const name = positional(invocation, 'dataset')
      const query = await datasetQuery(db, project, name, options, io)
      output.progress.step('digesting')
      const version = await registerDataset(
        store,
        { name, query },
        { signal: io.signal, ...(options.run === undefined ? {} : { run: options.run }) },
      )
      output.progress.done()
      await output.result({ dataset: name, ...version }, (colors) =>
        renderPairs([
          [
            'dataset',
            `${colors.bold(name)} version ${version.version}${version.isNew ? '' : ', which has equal rows'}`,
          ],
          ['rows', grouped(version.digest.rows)],
          ['digest', version.digest.digest],
        ]),
      )
      return 0
    }),
})

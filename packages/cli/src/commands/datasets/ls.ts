import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderTable } from '../../render/table.ts'
import { short, tagText } from './text.ts'

export const datasetsLsCommand = defineCommand({
  name: 'datasets ls',
  summary: 'Datasets of the project, with their newest versions',
  description:
    'A version is registered by each training, and by datasets register: the next one where the rows differ from those of every version before.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast datasets ls', description: 'Rows, digest and tags of each' },
    { command: "viewcast datasets ls --json | jq -r '.[].dataset'", description: 'Names for a script' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { listDatasets } = await import('@viewcast/sdk')
      const datasets = await listDatasets(store)
      await invocation.output.result(datasets, (colors) =>
        datasets.length === 0
          ? 'no dataset is in the store: train a model, or viewcast datasets register\n'
          : renderTable(
              [
                { name: 'dataset' },
                { name: 'version', type: 'int4' },
                { name: 'rows', type: 'int4' },
                { name: 'digest' },
                { name: 'tags' },
                { name: 'since' },
              ],
              datasets.map((d) => [
                d.dataset,
                d.version,
                grouped(d.rows),
                short(d.digest),
                tagText(d.tags),
                d.createdAt.slice(0, 16),
              ]),
              { colors, columns: invocation.output.width },
            ),
      )
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderPairs, renderTable } from '../../render/table.ts'
import { datasetReference, differenceText } from './text.ts'

export const datasetsCompareCommand = defineCommand({
  name: 'datasets compare',
  summary: 'What differs between two versions of a dataset, by column and by view',
  description:
    'Compares digests that the store has; no row is read. Where sums of a computed column are about 1e-16 apart, only the rounding of a computation differs. The exit code is 0 whether they differ or not.',
  positionals: [
    { name: 'before', description: 'name@version or name@tag', required: true },
    { name: 'after', description: 'the other one; default the newest version of the same dataset', required: false },
  ],
  options: z.object({}),
  examples: [
    { command: 'viewcast datasets compare departures@golden', description: 'The tagged version with the newest' },
    {
      command: 'viewcast datasets compare departures@2 departures@3 --json',
      description: 'Two versions, for a script',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { changedViews, compareDigests, datasetVersion } = await import('@viewcast/sdk')
      const first = await datasetReference(positional(invocation, 'before'))
      const second = invocation.positionals['after']
      const other = second === undefined ? { dataset: first.dataset } : await datasetReference(second)
      const before = await datasetVersion(store, first.dataset, first.selector)
      const after = await datasetVersion(store, other.dataset, other.selector)
      const difference = compareDigests(before, after)
      const views = changedViews(before.views, after.views)
      const isOtherQuery = before.queryHash !== after.queryHash
      const result = { before: name(before), after: name(after), ...difference, views, isOtherQuery }
      await invocation.output.result(result, (colors) => {
        const rows = difference.columns.map((c) => [c.name, differenceText(c)])
        return [
          renderPairs([
            ['versions', `${name(before)} and ${name(after)}`],
            [
              'content',
              difference.isEqual ? 'equal' : difference.isRepaired ? 'equal values, in other rows' : 'different',
            ],
            ['rows', difference.rows.map(grouped).join(' and ')],
            ['query', isOtherQuery ? 'another text' : 'the same text'],
            ['views', views.length === 0 ? 'the same' : views.join(', ')],
          ]),
          rows.length === 0 ? '' : `\n${renderTable([{ name: 'column' }, { name: 'difference' }], rows, { colors })}`,
        ].join('')
      })
      return 0
    }),
})

const name = (v: { readonly dataset: string; readonly version: number }): string => `${v.dataset}@${v.version}`

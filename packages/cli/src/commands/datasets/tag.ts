import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { datasetReference } from './text.ts'

export const datasetsTagCommand = defineCommand({
  name: 'datasets tag',
  summary: 'Point a tag at a version of a dataset, or take it away',
  description:
    'A tag points at one version; the history of tags has every change, with who made it and why. Without a version the newest one is meant.',
  positionals: [
    { name: 'dataset', description: 'name, name@3 or name@tag', required: true },
    { name: 'tag', description: 'letters, digits, _ . and -', required: true },
  ],
  options: z.object({
    reason: z.string().optional().describe('Why, for the history'),
    remove: z.boolean().default(false).describe('Take the tag away'),
  }),
  examples: [
    { command: 'viewcast datasets tag departures@3 golden --reason "checked by hand"', description: 'Tag a version' },
    { command: 'viewcast datasets tag departures golden --remove', description: 'Take the tag away' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { datasetVersion, tagDataset } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const { dataset, selector } = await datasetReference(positional(invocation, 'dataset'))
      const tag = positional(invocation, 'tag')
      const version = options.remove ? undefined : (await datasetVersion(store, dataset, selector)).version
      const before = await tagDataset(store, dataset, tag, version, options.reason)
      const was = before === null ? '' : `, before ${dataset}@${before}`
      await output.result({ dataset, tag, version: version ?? null, before }, () =>
        version === undefined ? `removed  ${tag}${was}\n` : `${tag}  ${dataset}@${version}${was}\n`,
      )
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { renderPairs, tableBelow } from '../../render/table.ts'
import { readingRegistry, second } from '../models/registered.ts'
import { objectText } from './object-text.ts'

export const deploymentsShowCommand = defineCommand({
  name: 'deployments show',
  summary: 'Show a deployment: what it carries, its columns, who has it from viewcast',
  description:
    'Columns that are kept as NULLs for those who still read them have the day since when; --sql prints the query that is live.',
  positionals: [{ name: 'deployment', description: 'its name, or schema.object', required: true }],
  options: z.object({ sql: z.boolean().default(false).describe('Print the query that is live') }),
  examples: [
    { command: 'viewcast deployments show delay15_now', description: 'By the name of the declaration' },
    { command: 'viewcast deployments show scoring.delay15_now --sql', description: 'The query that is live' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async ({ settings, store }) => {
      const { fail, findDeployment, listDeployments, liveDeployment } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const name = positional(invocation, 'deployment')
      const { object } = await findDeployment(store, name, settings.environment.value || undefined)
      const all = await listDeployments(store)
      // One that was taken away has a history, and nothing to show.
      const deployed = all.find((d) => objectText(d) === objectText({ object })) ?? fail('deploy/unknown', { name })
      const live = await liveDeployment(store, deployed.object)
      const { columns = [], granted = [], query = '' } = live ?? {}
      if (options.sql && !output.json) {
        await output.write(`${query.trimEnd()}\n`)
        return 0
      }
      await output.result({ ...deployed, columns, granted, query }, (colors) => {
        const rows = columns.map((c) => [c.name, c.type, c.tombstone === undefined ? '' : c.tombstone.slice(0, 10)])
        return (
          renderPairs([
            ['name', deployed.name],
            ['object', `${deployed.kind} ${objectText(deployed)}`],
            ...(deployed.environment === '' ? [] : [['environment', deployed.environment] as const]),
            ['declared', deployed.isDeclared ? 'yes' : 'no, by a command'],
            ['version', String(deployed.version)],
            ['model', deployed.model === null ? 'not known any more' : `${deployed.model}@${deployed.modelVersion}`],
            ['granted to', granted.length === 0 ? 'nobody by viewcast' : granted.join(', ')],
            ['changed', [second(deployed.changedAt), deployed.changedBy, deployed.reason].filter(Boolean).join('  ')],
          ]) + tableBelow(['column', 'type', 'NULL since'], rows, { colors, columns: output.width })
        )
      })
      return 0
    }),
})

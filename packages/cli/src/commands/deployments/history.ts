import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { renderTable } from '../../render/table.ts'
import { readingRegistry, second } from '../models/registered.ts'
import { objectText } from './object-text.ts'

export const deploymentsHistoryCommand = defineCommand({
  name: 'deployments history',
  summary: 'Show what was done to a deployment, when, by whom and why',
  description:
    'The latest first, in UTC; also of one that was taken away. A change of readers or owner leaves the version as it is.',
  positionals: [{ name: 'deployment', description: 'its name, or schema.object', required: true }],
  options: z.object({}),
  examples: [
    { command: 'viewcast deployments history delay15_now', description: 'Every change' },
    { command: 'viewcast deployments history delay15_now --json | jq .history[0]', description: 'The last one' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async ({ settings, store }) => {
      const { deploymentHistory, findDeployment } = await import('@viewcast/sdk')
      const { output } = invocation
      const environment = settings.environment.value || undefined
      const deployed = await findDeployment(store, positional(invocation, 'deployment'), environment)
      const history = await deploymentHistory(store, deployed.object)
      await output.result({ name: deployed.name, object: objectText(deployed), history }, (colors) =>
        renderTable(
          ['at (UTC)', 'action', 'class', 'how', 'version', 'model', 'by', 'reason'].map((name) => ({ name })),
          history.map((h) => [
            ...[second(h.at), h.action, h.class, h.strategy],
            ...[h.from === h.to || h.from === null ? `${h.to ?? ''}` : `${h.from} → ${h.to ?? 'none'}`],
            ...[h.model === null ? '' : `${h.model}@${h.modelVersion}`, h.actor ?? '', h.reason ?? ''],
          ]),
          { colors, columns: output.width },
        ),
      )
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { renderTable } from '../../render/table.ts'
import { readingRegistry, second } from '../models/registered.ts'
import { objectText } from './object-text.ts'

export const deploymentsLsCommand = defineCommand({
  name: 'deployments ls',
  summary: 'List what is deployed, with the model version that each object carries',
  description:
    'As the store says it, of every environment that is in this database; with --env of one. "by command" is what no declaration names: a plan leaves it alone.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast deployments ls', description: 'Of every environment in the database' },
    { command: 'viewcast deployments ls --env production', description: 'Of one' },
    { command: "viewcast deployments ls --json | jq -r '.deployments[].model'", description: 'What is served' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async ({ settings, store }) => {
      const { listDeployments } = await import('@viewcast/sdk')
      const { output } = invocation
      const chosen = settings.environment.value
      const deployments = await listDeployments(store, chosen === '' ? undefined : chosen)
      await output.result({ deployments }, (colors) => {
        if (deployments.length === 0) return 'Nothing is deployed.\n'
        const hasEnvironments = deployments.some((d) => d.environment !== '')
        const names = [...(hasEnvironments ? ['environment'] : []), 'name', 'object', 'kind', 'version', 'model']
        const rows = deployments.map((d) => [
          ...(hasEnvironments ? [d.environment] : []),
          ...[d.isDeclared ? d.name : `${d.name} (by command)`, objectText(d), d.kind, String(d.version)],
          ...[d.model === null ? '' : `${d.model}@${d.modelVersion}`, second(d.changedAt), d.changedBy ?? ''],
        ])
        return renderTable(
          [...names, 'changed (UTC)', 'by'].map((name) => ({ name })),
          rows,
          { colors, columns: output.width },
        )
      })
      return 0
    }),
})

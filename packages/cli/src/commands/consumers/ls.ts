import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { loadSettings } from '../../config/load.ts'
import { withDatabase } from '../../open.ts'
import { renderTable } from '../../render/table.ts'

export const consumersLsCommand = defineCommand({
  name: 'consumers ls',
  summary: 'List who reads predictions',
  description:
    'Dashboards, reports, applications and teams that were added, and the views of the database that read a deployment, at once or through other views.',
  positionals: [],
  options: z.object({}),
  examples: [{ command: 'viewcast consumers ls', description: 'Everybody, and the views' }],
  run: async (invocation) => {
    const { globals, io, output } = invocation
    const settings = await loadSettings(globals, io)
    return withDatabase(invocation, settings, async (db) => {
      const { fail, listConsumers, openStore } = await import('@viewcast/sdk')
      if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
      const consumers = await listConsumers(await openStore(db, { project: '', migrate: 'never' }))
      await output.result({ consumers }, (colors) =>
        consumers.length === 0
          ? 'no consumers\n'
          : renderTable(
              ['name', 'kind', 'reads', 'owner', 'url'].map((name) => ({ name })),
              consumers.map((c) => [c.name, c.kind, c.reads.join(', '), c.owners.join(', '), c.url ?? '']),
              { columns: output.width, colors },
            ),
      )
      return 0
    })
  },
})

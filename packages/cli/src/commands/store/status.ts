import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { loadSettings } from '../../config/load.ts'
import { withDatabase } from '../../open.ts'
import { renderPairs } from '../../render/table.ts'

export const storeStatusCommand = defineCommand({
  name: 'store status',
  summary: 'Whether the database has a store, and its version',
  description:
    'The store is the schema viewcast of the database: runs, models, datasets, lineage and catalog. Nothing is changed.',
  positionals: [],
  options: z.object({}),
  examples: [
    { command: 'viewcast store status', description: 'Version of the store, and of this viewcast' },
    { command: 'viewcast store status --json | jq .applied', description: 'For a script' },
  ],
  run: async (invocation) => {
    const { globals, io, output } = invocation
    const settings = await loadSettings(globals, io)
    return withDatabase(invocation, settings, async (db) => {
      const { storeVersion } = await import('@viewcast/sdk')
      const { applied, known } = await storeVersion(db)
      const state = applied === 0 ? 'absent' : applied < known ? 'older' : applied > known ? 'newer' : 'current'
      await output.result({ database: db.description, state, applied, known }, () =>
        renderPairs([
          ['database', db.description],
          ['store', state],
          ['version', `${applied} of ${known}`],
        ]),
      )
      return 0
    })
  },
})

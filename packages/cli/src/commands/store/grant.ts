import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { loadSettings } from '../../config/load.ts'
import { withDatabase } from '../../open.ts'
import { UsageError } from '../../parse/usage.ts'
import { renderTable } from '../../render/table.ts'

export const storeGrantCommand = defineCommand({
  name: 'store grant',
  summary: 'Let a role of the server read the store, or add to it',
  description:
    'A role with --read may read everything in the schema viewcast. With --append it may also train, predict and deploy: add runs, metrics, versions and lineage, move aliases and tags, and rewrite nothing that was measured. --none takes it back. Prints the roles that have access.',
  positionals: [{ name: 'role', description: 'role of the server', required: true }],
  options: z.object({
    read: z.boolean().default(false).describe('Read only'),
    append: z.boolean().default(false).describe('Read and add'),
    none: z.boolean().default(false).describe('Take back what was granted'),
    'without-inputs': z.boolean().default(false).describe('Keep the inputs of logged predictions from it'),
  }),
  examples: [
    { command: 'viewcast store grant trainer --append', description: 'For the jobs that train' },
    { command: 'viewcast store grant dashboards --read', description: 'For those who look' },
    {
      command: 'viewcast store grant scorer --append --without-inputs',
      description: 'Logs predictions, and reads no inputs',
    },
  ],
  run: async (invocation) => {
    const { globals, io, output, options } = invocation
    const chosen = (['read', 'append', 'none'] as const).filter((kind) => options[kind])
    const [access] = chosen
    if (access === undefined || chosen.length > 1) {
      throw new UsageError('"viewcast store grant" needs one of --read, --append, --none')
    }
    const settings = await loadSettings(globals, io)
    return withDatabase(invocation, settings, async (db) => {
      const { fail, grantAccess, listAccess, storeVersion } = await import('@viewcast/sdk')
      if ((await storeVersion(db)).applied === 0) fail('store/absent', { database: db.description })
      await grantAccess(db, positional(invocation, 'role'), access, { inputs: !options['without-inputs'] })
      const roles = await listAccess(db)
      await output.result({ roles }, (colors) =>
        renderTable(
          [{ name: 'role' }, { name: 'access' }],
          roles.map((r) => [r.role, r.inputs ? r.access : `${r.access}, without inputs`]),
          { colors },
        ),
      )
      return 0
    })
  },
})

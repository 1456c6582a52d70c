import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { loadSettings } from '../../config/load.ts'
import { withDatabase } from '../../open.ts'

export const storeMigrateCommand = defineCommand({
  name: 'store migrate',
  summary: 'Create the store, or bring it up to date',
  description:
    'Runs the migrations that the schema viewcast does not have yet, in one transaction under a lock. Everything in it stays. Commands that write create a missing store by themselves; one on a server is brought up to date by this command only.',
  positionals: [],
  options: z.object({}),
  examples: [{ command: 'viewcast store migrate', description: 'After updating viewcast' }],
  run: async (invocation) => {
    const { globals, io, output } = invocation
    const settings = await loadSettings(globals, io)
    return withDatabase(invocation, settings, async (db) => {
      const { fail, migrateStore } = await import('@viewcast/sdk')
      if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
      const migrations = await migrateStore(db)
      await output.result({ database: db.description, migrations }, () =>
        migrations.length === 0
          ? `up to date: ${db.description}\n`
          : `${migrations.map((m) => `applied  ${m}`).join('\n')}\n`,
      )
      return 0
    })
  },
})

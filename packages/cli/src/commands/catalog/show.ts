import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { exit } from '../../failure.ts'
import { renderCatalogPage } from '../../render/catalog-page.ts'
import { withCatalog } from './with-catalog.ts'

export const catalogShowCommand = defineCommand({
  name: 'catalog show',
  summary: 'Show all that is known of one thing: texts, columns, use, checks, freshness, drift',
  description:
    'Texts come from the code, else from "catalog set", else from comments of the database. Drift is where these differ, and where the code or the database is not what it was at the last synchronisation. Freshness is looked up now: the greatest value of the column that a declaration names as the time of a source, through views down to the sources.',
  positionals: [
    {
      name: 'name',
      description: 'asset or column: delay15, public.flights, late.delay_7d, prediction:delay15',
      required: true,
    },
  ],
  options: z.object({
    freshness: z
      .enum(['now', 'kept', 'none'])
      .default('now')
      .describe('Look at the newest rows, show what was kept last, or neither'),
    changes: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(10)
      .meta({ value: 'n', expects: 'a whole number', description: 'How many changes to show, newest first' }),
  }),
  examples: [
    { command: 'viewcast catalog show public.flights', description: 'A table, who uses it and whether it is late' },
    { command: 'viewcast catalog show late.delay_7d', description: 'One feature' },
    { command: "viewcast catalog show delay15 --json | jq '.drift'", description: 'What differs, for a script' },
  ],
  run: (invocation) =>
    withCatalog(invocation, async ({ store, project }) => {
      const { options, output } = invocation
      const { catalogPage } = await import('@viewcast/sdk')
      const page = await catalogPage(store, positional(invocation, 'name'), {
        project,
        freshness: options.freshness === 'now',
        changes: options.changes,
      })
      const shown = options.freshness === 'none' ? { ...page, lastFreshness: null } : page
      await output.result(shown, (colors) => renderCatalogPage(shown, colors, output.width))
      return exit.ok
    }),
})

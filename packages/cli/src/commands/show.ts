import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withProject } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { atOption, limitOption } from '../parse/values.ts'
import { rowFormats, writeRows } from '../render/rows.ts'

export const showCommand = defineCommand({
  name: 'show',
  summary: 'Show rows of a view, sample, target or dataset',
  description:
    'Runs the query of one definition and shows its first rows. What depends on an instant (history, window and aggregates views, outcomes, targets over spine) is asked for the rows of its entity as of --at, or now. A model is shown by its dataset; samples and datasets have instants of their own.',
  positionals: [
    { name: 'name', description: 'entity, feature view, sample, target, dataset or model', required: true },
  ],
  options: z.object({
    limit: limitOption.default(10),
    at: atOption,
    format: z.enum(rowFormats).default('table').describe('How rows are written'),
  }),
  examples: [
    { command: 'viewcast show recency --limit 5 --at 2025-12-31T00:00Z', description: 'Features as of an instant' },
    { command: 'viewcast show history --format csv --limit 1000 > history.csv', description: 'Training rows as CSV' },
  ],
  run: (invocation) =>
    withProject(invocation, async ({ project, db }) => {
      const { resolveDefinition, showRows } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const definition = resolveDefinition(project, positional(invocation, 'name'))
      if (options.at !== undefined && ownInstants.has(definition.kind)) {
        throw new UsageError(`--at does nothing for a ${definition.kind}: its rows have instants of their own`)
      }
      const { sql, columns, rows } = await showRows(db, definition, {
        limit: options.limit,
        directory: project.directory,
        ...(options.at === undefined ? {} : { at: options.at }),
      })
      if (output.json) {
        const objects = rows.map((r) => Object.fromEntries(columns.map((c, i) => [c.name, r[i]])))
        await output.result({ name: definition.name, kind: definition.kind, sql, columns, rows: objects }, () => '')
        return 0
      }
      await writeRows(once(rows), {
        columns,
        format: options.format,
        width: output.width,
        colors: output.colors,
        write: output.write,
      })
      if (rows.length === options.limit) await output.note(`first ${rows.length} rows; more with --limit`)
      return 0
    }),
})

const ownInstants: ReadonlySet<string> = new Set(['sample', 'dataset', 'model'])

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

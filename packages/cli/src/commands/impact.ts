import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { loadSettings } from '../config/load.ts'
import { exit } from '../failure.ts'
import { withDatabase } from '../open.ts'
import { branches, dot, mermaid } from '../render/graph.ts'
import { renderImpact } from '../render/impact.ts'
import { renderTree } from '../render/tree.ts'

export const impactCommand = defineCommand({
  name: 'impact',
  summary: 'Show what depends on a column, relation, feature or model, and how much of a score',
  description:
    "Follows the lineage that the store keeps, so no code of the project is read: the versions of models in use (the newest, those with an alias, those deployed) with the coefficients concerned and the share of their score that hangs on it; deployments, consumers, datasets, views and their owners; and the objects for which PostgreSQL refuses to drop it. What is made of it is told apart from what it only decides about (join, filter, group by, …). The share of a feature is E|c - E c| of its contribution c to the linear predictor over the training rows, as part of the features' sum; of trees, the gain.",
  positionals: [
    {
      name: 'name',
      description: 'column, relation, definition or model: public.orders.amount, orders, reorder',
      required: true,
    },
  ],
  options: z.object({
    up: z.boolean().default(false).describe('What it comes from instead'),
    at: z
      .string()
      .optional()
      .meta({ value: 'instant', description: 'The lineage as it was: a day (its end in UTC), or an instant' }),
    depth: z.coerce
      .number()
      .int()
      .positive()
      .default(100)
      .meta({ value: 'n', expects: 'a whole number above 0', description: 'Steps to follow at most' }),
    project: z
      .string()
      .optional()
      .meta({ value: 'name', description: 'Look for the name in this project; in all of the database when absent' }),
    format: z
      .enum(['list', 'tree', 'mermaid', 'dot', 'json'])
      .default('list')
      .describe('How it is shown; mermaid and dot (for Graphviz) are drawings'),
  }),
  examples: [
    { command: 'viewcast impact public.orders.amount', description: 'Before the column is changed' },
    { command: 'viewcast impact reorder --up', description: 'Everything a model and its deployments read' },
    { command: 'viewcast impact orders --at 2026-03-01', description: 'What depended on the table on that day' },
    { command: 'viewcast impact orders.amount --format mermaid', description: 'A picture for a README' },
  ],
  run: async (invocation) => {
    const { globals, io, output, options } = invocation
    const settings = await loadSettings(globals, io)
    return withDatabase(invocation, settings, async (db) => {
      const { fail, impact, impactWalk, openStore } = await import('@viewcast/sdk')
      if (!settings.store.value) fail('store/off', { origin: settings.store.origin })
      const store = await openStore(db, { project: options.project ?? '', migrate: 'never' })
      const name = positional(invocation, 'name')
      const wanted = {
        direction: options.up ? ('up' as const) : ('down' as const),
        depth: options.depth,
        everyProject: options.project === undefined,
        ...(options.at === undefined ? {} : { at: options.at }),
      }
      if (options.format === 'list' || options.format === 'json') {
        const found = await impact(store, name, wanted)
        if (options.format === 'json') await output.write(`${JSON.stringify(found)}\n`)
        else await output.result(found, (colors) => renderImpact(found, colors, output.width))
        return exit.ok
      }
      const walk = await impactWalk(store, name, wanted)
      await output.result(walk, (colors) => {
        if (options.format === 'mermaid') return mermaid(walk)
        if (options.format === 'dot') return dot(walk)
        return branches(walk, wanted.direction)
          .map((b) => renderTree(b, colors))
          .join('\n')
      })
      return exit.ok
    })
  },
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { renderTable } from '../../render/table.ts'
import { namedModel, readingRegistry, second } from './registered.ts'

export const modelsHistoryCommand = defineCommand({
  name: 'models history',
  summary: 'Show which alias of a model pointed where, when, by whom and why',
  description: 'Newest first, in UTC. model@alias shows one alias.',
  positionals: [{ name: 'model', description: 'model, or model@alias', required: true }],
  options: z.object({}),
  examples: [
    { command: 'viewcast models history reorder', description: 'Every alias' },
    { command: 'viewcast models history reorder@production --json | jq .history[0]', description: 'The last change' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async (opened) => {
      const { aliasHistory } = await import('@viewcast/sdk')
      const { output } = invocation
      const { name, selector } = await namedModel(opened, positional(invocation, 'model'))
      const all = await aliasHistory(opened.store, name, typeof selector === 'string' ? { alias: selector } : {})
      const history = typeof selector === 'number' ? all.filter((h) => h.version === selector) : all
      await output.result({ model: name, history }, (colors) => {
        if (history.length === 0) return `No alias of ${name} pointed anywhere.\n`
        const columns = ['alias', 'version', 'from (UTC)', 'to', 'by', 'reason', 'ended by', 'because']
        const rows = history.map((h) => [
          ...[h.alias, String(h.version), second(h.from), h.to === null ? 'now' : second(h.to)],
          ...[h.actor ?? '', h.reason ?? '', h.endedBy ?? '', h.endedReason ?? ''],
        ])
        return renderTable(
          columns.map((column) => ({ name: column })),
          rows,
          { colors, columns: output.width },
        )
      })
      return 0
    }),
})

import type { AssetTexts, CatalogField, ColumnTexts } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { exit } from '../../failure.ts'
import { withStore } from '../../open.ts'

const fields = ['description', 'owners', 'tags', 'updateFrequency', 'sla', 'unit'] as const
/** Field as its option is called. */
const fieldOf: Readonly<Record<string, CatalogField>> = {
  description: 'description',
  owner: 'owners',
  tag: 'tags',
  'update-frequency': 'updateFrequency',
  sla: 'sla',
  unit: 'unit',
}

export const catalogSetCommand = defineCommand({
  name: 'catalog set',
  summary: 'Describe a thing or one of its columns: text, owners, tags, how often it changes, SLA',
  description:
    'For what the code does not say. What the code declares wins over it, and it over comments of the database; an edit that does not show is told. Lists replace the list there was. Who said what, and when, is kept.',
  positionals: [{ name: 'name', description: 'asset or column: public.flights, public.flights.delay', required: true }],
  options: z.object({
    description: z.string().optional().meta({ value: 'text', description: 'What it is' }),
    owner: z.array(z.string()).optional().meta({ value: 'who', description: 'A person or team; may be repeated' }),
    tag: z.array(z.string()).optional().meta({ value: 'tag', description: 'A word to find it by; may be repeated' }),
    updateFrequency: z.string().optional().meta({ value: 'text', description: 'How often it changes: daily' }),
    sla: z
      .string()
      .optional()
      .meta({ value: 'length', description: 'How old the newest row may be before it is an error: 1 day' }),
    slaWarn: z.string().optional().meta({ value: 'length', description: 'The same before it is a warning: 6 hours' }),
    unit: z.string().optional().meta({ value: 'unit', description: 'Of a column: min' }),
    column: z.string().optional().meta({ value: 'name', description: 'The column that is meant' }),
    clear: z
      .array(z.enum(['description', 'owner', 'tag', 'update-frequency', 'sla', 'unit']))
      .optional()
      .meta({ description: 'Take an edit back; may be repeated' }),
  }),
  examples: [
    {
      command: "viewcast catalog set public.flights --owner ops --sla '1 day' --update-frequency hourly",
      description: 'Who answers for a table, and how fresh it has to be',
    },
    {
      command: "viewcast catalog set flights --column delay --description 'Minutes after the timetable' --unit min",
      description: 'A column',
    },
    { command: 'viewcast catalog set flights --clear owner', description: 'Take the owners back' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, output } = invocation
      const { editCatalog, fail } = await import('@viewcast/sdk')
      const texts = textsOf(options)
      const clear = (options.clear ?? []).flatMap((c) => fieldOf[c] ?? [])
      if (Object.keys(texts).length === 0 && clear.length === 0) {
        fail('cli/usage', {
          detail: '"viewcast catalog set" needs to know what to say: --description, --owner, --tag, …',
        })
      }
      const name = positional(invocation, 'name')
      const { entry, edited, hidden } = await editCatalog(store, name, texts, {
        clear,
        ...(options.column === undefined ? {} : { column: options.column }),
      })
      for (const field of hidden) {
        await output.note(`${field} does not show: the code declares another; see viewcast catalog show ${name}`)
      }
      const title = [entry.name, ...(entry.column === undefined ? [] : [entry.column])].join('.')
      const said = fields.filter((f) => f in edited)
      await output.result(
        { kind: entry.kind, name: entry.name, column: entry.column ?? null, edited, hidden },
        (colors) =>
          `${colors.good('set')}  ${title}${said.length === 0 ? '' : `  ${colors.dim(`edited: ${said.join(', ')}`)}`}\n`,
      )
      return exit.ok
    }),
})

function textsOf(options: {
  readonly description?: string | undefined
  readonly owner?: readonly string[] | undefined
  readonly tag?: readonly string[] | undefined
  readonly updateFrequency?: string | undefined
  readonly sla?: string | undefined
  readonly slaWarn?: string | undefined
  readonly unit?: string | undefined
}): AssetTexts & ColumnTexts {
  const { description, owner, tag, updateFrequency, sla, slaWarn, unit } = options
  const lengths = {
    ...(slaWarn === undefined ? {} : { warnAfter: slaWarn }),
    ...(sla === undefined ? {} : { errorAfter: sla }),
  }
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owners: owner }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(updateFrequency === undefined ? {} : { updateFrequency }),
    ...(Object.keys(lengths).length === 0 ? {} : { sla: lengths }),
    ...(unit === undefined ? {} : { unit }),
  }
}

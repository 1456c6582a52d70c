import type { CatalogFacet, CatalogHit, CatalogResult } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { exit } from '../../failure.ts'
import type { Colors } from '../../render/palette.ts'
import { renderTable } from '../../render/table.ts'
import { withCatalog } from './with-catalog.ts'

const kinds = [
  'source',
  'feature_view',
  'sample',
  'target',
  'dataset',
  'model',
  'prediction',
  'deployment',
  'consumer',
] as const

export const catalogSearchCommand = defineCommand({
  name: 'catalog search',
  summary: 'Find sources, views, features, datasets, models and who uses them',
  description:
    'Looks in names, descriptions, tags, owners and columns, in this order of weight. Parts of names and beginnings of words are found: "delay" finds delay_7d, "sampl" finds vw_TrainSample. "a phrase" is found as it is, "or" gives a choice, "-word" leaves out. Everything without a text.',
  positionals: [{ name: 'text', description: 'what to look for', required: false }],
  options: z.object({
    kind: z.array(z.enum(kinds)).optional().meta({ description: 'Only things of the kind; may be repeated' }),
    owner: z
      .array(z.string())
      .optional()
      .meta({ value: 'who', description: 'Only what one of them owns; may be repeated' }),
    tag: z
      .array(z.string())
      .optional()
      .meta({ value: 'tag', description: 'Only what has one of the tags; may be repeated' }),
    limit: z.coerce
      .number()
      .int()
      .positive()
      .default(20)
      .meta({ value: 'n', expects: 'a whole number above 0', description: 'How many to show' }),
    offset: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(0)
      .meta({ value: 'n', expects: 'a whole number', description: 'How many to leave out at the beginning' }),
    gone: z.boolean().default(false).describe('Also what is no longer declared or no longer in the database'),
  }),
  examples: [
    { command: 'viewcast catalog search delay', description: 'Everything about delays, the best first' },
    { command: 'viewcast catalog search --tag pii --kind source', description: 'Tables with personal data' },
    {
      command: "viewcast catalog search 'weather -test' --json | jq -r '.hits[].name'",
      description: 'Names for a script',
    },
  ],
  run: (invocation) =>
    withCatalog(invocation, async ({ store }) => {
      const { options, output, positionals } = invocation
      const { searchCatalog } = await import('@viewcast/sdk')
      const text = positionals['text']
      const found = await searchCatalog(store, {
        ...(text === undefined ? {} : { text }),
        ...(options.kind === undefined ? {} : { kinds: options.kind }),
        ...(options.owner === undefined ? {} : { owners: options.owner }),
        ...(options.tag === undefined ? {} : { tags: options.tag }),
        limit: options.limit,
        offset: options.offset,
        gone: options.gone,
      })
      await output.result(found, (colors) => rendered(found, colors, output.width))
      return exit.ok
    }),
})

function rendered(found: CatalogResult, colors: Colors, columns: number | undefined): string {
  if (found.total === 0) return 'nothing found\n'
  const rows = found.hits.map((h) => [
    h.kind.replace('_', ' '),
    h.gone ? `${h.name} (gone)` : h.name,
    about(h),
    h.columns.join(', '),
    h.owners.join(', '),
    h.tags.join(', '),
  ])
  const names = ['kind', 'name', 'about', 'columns', 'owner', 'tags']
  const shown = names.flatMap((_, i) => (i < 2 || rows.some((r) => r[i] !== '') ? [i] : []))
  const table = renderTable(
    shown.map((i) => ({ name: names[i] ?? '' })),
    rows.map((r) => shown.map((i) => r[i])),
    { columns, colors },
  )
  const { kinds: byKind, owners, tags } = found.facets
  const facets = [facet('kinds', byKind), facet('owners', owners), facet('tags', tags)].filter((line) => line !== '')
  return `${table}\n${colors.dim(`${found.hits.length} of ${found.total}`)}\n${facets.map((f) => `${colors.dim(f)}\n`).join('')}`
}

const about = (h: CatalogHit): string => (h.snippet ?? h.description ?? '').split('\n').join(' ')

/** The rest is there with --json. */
const most = 8
const facet = (name: string, values: readonly CatalogFacet[]): string => {
  const shown = values.slice(0, most).map((v) => `${v.value.replace('_', ' ')} ${v.count}`)
  return values.length === 0 ? '' : `${name}: ${shown.join(', ')}${values.length > most ? ', …' : ''}`
}

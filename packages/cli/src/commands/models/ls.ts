import type { RegisteredName, VersionSummary } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { significant } from '../../render/number.ts'
import type { Colors } from '../../render/palette.ts'
import { renderTable } from '../../render/table.ts'
import { namedModel, readingRegistry, second } from './registered.ts'

export const modelsLsCommand = defineCommand({
  name: 'models ls',
  summary: 'List the models of the opened, or the versions of one',
  description:
    'Without a name: every model with its versions and aliases. With one: its versions, newest first, with aliases, state, metrics of the test part and who made them when (UTC). Deleted ones are left out without --all.',
  positionals: [{ name: 'model', description: 'model whose versions are listed', required: false }],
  options: z.object({
    all: z.boolean().default(false).describe('Deleted models and versions, too'),
  }),
  examples: [
    { command: 'viewcast models ls', description: 'Every model' },
    { command: 'viewcast models ls reorder', description: 'The versions of one' },
    { command: "viewcast models ls --json | jq '.models[].aliases'", description: 'What points where' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async (opened) => {
      const { listModels, listModelVersions } = await import('@viewcast/sdk')
      const { options, output, positionals } = invocation
      const given = positionals['model']
      if (given === undefined) {
        const models = (await listModels(opened.store)).filter((m) => options.all || m.state !== 'deleted')
        await output.result({ models }, (colors) => modelTable(models, colors, output.width))
        return 0
      }
      const { name } = await namedModel(opened, given)
      const all = await listModelVersions(opened.store, name)
      const versions = all.filter((v) => options.all || v.state !== 'deleted')
      await output.result({ model: name, versions }, (colors) => versionTable(versions, colors, output.width))
      return 0
    }),
})

function modelTable(models: readonly RegisteredName[], colors: Colors, columns: number | undefined): string {
  if (models.length === 0) return 'No model is registered.\n'
  const names = ['model', 'newest', 'versions', 'aliases', 'description']
  const rows = models.map((m) => [
    m.model,
    m.state === 'deleted' ? 'deleted' : String(m.versions.at(-1) ?? ''),
    String(m.versions.length),
    Object.entries(m.aliases)
      .map(([alias, version]) => `${alias}=${version}`)
      .join(', '),
    m.description ?? '',
  ])
  return renderTable(filled(names, rows), filledRows(rows), { colors, columns })
}

function versionTable(versions: readonly VersionSummary[], colors: Colors, columns: number | undefined): string {
  if (versions.length === 0) return 'Every version is deleted; list them with --all.\n'
  const metrics = [...new Set(versions.flatMap((v) => Object.keys(v.metrics.test)))].slice(0, 3)
  const names = ['version', 'aliases', 'state', ...metrics, 'dataset', 'made (UTC)', 'by', 'description']
  const rows = versions.map((v) => [
    String(v.version),
    v.aliases.join(', '),
    v.state === 'live' ? '' : v.state,
    ...metrics.map((name) => significant(v.metrics.test[name] ?? null, 4)),
    v.dataset === null ? '' : `${v.dataset.name} ${v.dataset.version}`,
    second(v.createdAt),
    v.createdBy ?? '',
    v.description ?? '',
  ])
  return renderTable(filled(names, rows), filledRows(rows), { colors, columns })
}

/** Columns that say nothing in any row are left out. */
const isFilled = (rows: readonly (readonly string[])[], i: number): boolean => rows.some((r) => r[i] !== '')
const filled = (names: readonly string[], rows: readonly (readonly string[])[]) =>
  names.flatMap((name, i) => (isFilled(rows, i) ? [{ name }] : []))
const filledRows = (rows: readonly (readonly string[])[]) => rows.map((r) => r.filter((_, i) => isFilled(rows, i)))

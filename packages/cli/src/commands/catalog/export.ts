import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { exit } from '../../failure.ts'
import { fileError, writeWhole } from '../../render/file.ts'
import { shown } from '../../render/path.ts'
import { withCatalog } from './with-catalog.ts'

export const catalogExportCommand = defineCommand({
  name: 'catalog export',
  summary: 'Write the catalog as JSON, Markdown or OpenLineage',
  description:
    'JSON is one object with all entries. Markdown is one document, or with --pages a folder with a page for each and a README.md of contents. OpenLineage is one DatasetEvent per line with schema, documentation, ownership, tags and columnLineage, as DataHub and Marquez read them. To stdout without --out.',
  positionals: [],
  options: z.object({
    format: z.enum(['json', 'markdown', 'openlineage']).default('json').describe('What is written'),
    out: z.string().optional().meta({ value: 'file', description: 'File to write' }),
    pages: z.string().optional().meta({ value: 'folder', description: 'Of Markdown: a page for each, in this folder' }),
    gone: z.boolean().default(false).describe('Also what is no longer declared or no longer in the database'),
  }),
  examples: [
    {
      command: 'viewcast catalog export --format markdown --pages docs/catalog',
      description: 'Pages for a repository',
    },
    { command: 'viewcast catalog export --format openlineage --out catalog.ndjson', description: 'For DataHub' },
    { command: "viewcast catalog export | jq '.entries | length'", description: 'For a script' },
  ],
  run: (invocation) =>
    withCatalog(invocation, async ({ store, project }) => {
      const { options, io, output } = invocation
      const { catalogDocument, catalogEntries, catalogPages, datasetEvents, fail } = await import('@viewcast/sdk')
      const entries = await catalogEntries(store, { gone: options.gone })
      if (options.pages !== undefined) {
        if (options.format !== 'markdown') fail('cli/usage', { detail: '--pages is for --format markdown' })
        const folder = resolve(io.cwd, options.pages)
        const pages = catalogPages(project.name, entries)
        await made(folder)
        for (const page of pages) await writeWhole(join(folder, page.file), page.text)
        await output.result(
          { folder, files: pages.map((p) => p.file) },
          (colors) => `${colors.good('written')}  ${pages.length} pages in ${shown(folder, io.cwd)}\n`,
        )
        return exit.ok
      }
      const text = await (async () => {
        switch (options.format) {
          case 'json':
            return `${JSON.stringify({ project: project.name, entries }, null, 2)}\n`
          case 'markdown':
            return catalogDocument(project.name, entries)
          case 'openlineage': {
            const ids = entries.map((e) => e.id)
            return (await datasetEvents(store, ids)).map((event) => `${JSON.stringify(event)}\n`).join('')
          }
        }
      })()
      if (options.out === undefined) await output.write(text)
      else {
        const file = resolve(io.cwd, options.out)
        await writeWhole(file, text)
        await output.result(
          { file, entries: entries.length },
          (colors) => `${colors.good('written')}  ${shown(file, io.cwd)}\n`,
        )
      }
      return exit.ok
    }),
})

async function made(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw await fileError(error, folder)
  }
}

import { basename, resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { databaseVariable } from '../config/resolve.ts'
import { existingFiles, type ProjectFile, projectFiles, writeFiles } from '../init/files.ts'
import { isInstalled, nextSteps } from '../init/next-steps.ts'
import { fillSampleDatabase, generatedTypes } from '../init/sample-data.ts'
import { UsageError } from '../parse/usage.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { grouped, renderPairs } from '../render/table.ts'

export const initCommand = defineCommand({
  name: 'init',
  summary: 'Write a project that runs, with small data of its own',
  description:
    'Writes configuration, views and a model for a sample shop, and fills an embedded database with its tables; no server is needed. An existing package.json, tsconfig.json, README.md or .gitignore stays as it is.',
  positionals: [
    { name: 'directory', description: 'where to write; the working directory when absent', required: false },
  ],
  options: z.object({
    force: z.boolean().default(false).describe('Overwrite files of an earlier project'),
    dataOnly: z
      .boolean()
      .default(false)
      .describe('Only fill the embedded database of the project here, as after a clone'),
  }),
  examples: [
    { command: 'viewcast init shop', description: 'A new folder "shop"' },
    { command: 'viewcast init --data-only', description: 'The sample tables again, after a clone' },
  ],
  async run(invocation) {
    const { options, globals, io, output, positionals } = invocation
    for (const flag of ['database', 'config'] as const) {
      // Creating sample tables in somebody's server is nothing to do in passing.
      if (globals[flag] !== undefined)
        throw new UsageError(`"viewcast init" writes its own configuration; --${flag} does not apply`)
    }
    const directory = resolve(io.cwd, positionals['directory'] ?? '.')
    const files = options.dataOnly ? [] : projectFiles(basename(directory))
    if (!options.force) await refuseExisting(files, directory)

    output.progress.step('fill the embedded database')
    const filled = await fillSampleDatabase(directory, io.signal)
    output.progress.done(filled.tables.map((t) => `${t.name} ${grouped(t.rows)} rows`).join(', '))
    const all = options.dataOnly ? [] : [...files, generatedTypes(filled.types)]
    const { written, kept } = await writeFiles(all, directory)

    const next = nextSteps(shown(directory, io.cwd), isInstalled(directory))
    await output.result({ directory, written, kept, tables: filled.tables, next }, (colors) =>
      options.dataOnly ? '' : report(written, kept, next, colors),
    )
    if (io.env[databaseVariable]) {
      await output.note(
        `note: ${databaseVariable} is set and wins over the embedded database; unset it for this project`,
      )
    }
    return 0
  },
})

async function refuseExisting(files: readonly ProjectFile[], directory: string): Promise<void> {
  const existing = existingFiles(files, directory)
  if (existing.length === 0) return
  const { fail } = await import('@viewcast/sdk')
  fail('cli/exists', { files: existing.join(', ') })
}

function report(written: readonly string[], kept: readonly string[], next: readonly string[], colors: Colors): string {
  const lines = [
    ...written.map((f) => [colors.good('wrote'), f] as const),
    ...kept.map((f) => [colors.dim('kept '), f] as const),
  ]
  return `${renderPairs(lines)}\n${colors.bold('Next')}\n${next.map((line) => `  ${line}\n`).join('')}`
}

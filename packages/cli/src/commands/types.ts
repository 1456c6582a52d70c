import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { loadSettings } from '../config/load.ts'
import { exit } from '../failure.ts'
import { withDatabase } from '../open.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { type GeneratedFile, generate } from '../types/generated-file.ts'
import { type TypesOfProject, typesOfProject } from '../types/project-files.ts'

export const typesCommand = defineCommand({
  name: 'types',
  summary: 'Write db.gen.ts and what holds your views to it: the database as TypeScript',
  description:
    "Reads the catalog and writes Kysely's DB interface to db.gen.ts, so that views are checked against the real columns; a view's column is not null where its definition proves it. Beside it, for a project: sql.gen.ts, the rows of its .sql files, for project<DB, SqlFiles>(…); and views.gen.ts, which tsc refuses when the type of a Kysely query promises what the database does not return. db.gen.ts is written even when the project does not load. Run it again after the database or a view changes.",
  positionals: [],
  options: z.object({
    out: z.string().optional().meta({
      value: 'file',
      description: 'Where db.gen.ts goes, and the others beside it; beside the configuration when absent',
    }),
    check: z.boolean().default(false).describe('Write nothing; exit code 1 when a file is out of date'),
    include: z.array(z.string()).optional().meta({
      value: 'relation',
      description: 'In db.gen.ts only this one: name, schema.name or schema.*; fewer tables check faster',
    }),
  }),
  examples: [
    { command: 'viewcast types', description: 'Write the generated files' },
    { command: 'viewcast types --check', description: 'For CI: are they up to date?' },
    { command: "viewcast types --include orders --include 'crm.*'", description: 'Some relations only' },
  ],
  async run(invocation) {
    const { options, globals, io, output } = invocation
    const settings = await loadSettings(globals, io)
    const file = options.out === undefined ? join(settings.root, 'db.gen.ts') : resolve(io.cwd, options.out)
    const directory = dirname(file)
    const { check } = options
    const { files, problems } = await withDatabase(invocation, settings, async (db) => {
      const { databaseTypes } = await import('@viewcast/sdk')
      const text = await databaseTypes(db, options.include === undefined ? {} : { include: options.include })
      // First of all, because the project may not load without it.
      const tables = await generate(file, { text, isEmpty: false }, { check })
      const found = settings.configFile === undefined ? none : await typesOfProject(db, settings, directory, io.cwd)
      const others = [
        await generate(join(directory, 'sql.gen.ts'), found.sqlFiles, { check }),
        await generate(join(directory, 'views.gen.ts'), found.assertions, { check }),
      ]
      return { files: [tables, ...others].filter((f) => f !== undefined), problems: found.problems }
    })
    const upToDate = files.every((f) => f.upToDate)
    const shownFiles = files.map(({ isNew, ...f }) => f)
    await output.result({ upToDate, files: shownFiles, problems }, (colors) =>
      files.map((f) => printed(f, check, io.cwd, colors)).join(''),
    )
    await output.warn(problems)
    if (check && !upToDate)
      await output.note(
        `run: viewcast types${dirname(shown(file, io.cwd)) === '.' ? '' : ` --out ${shown(file, io.cwd)}`}`,
      )
    return (check && !upToDate) || problems.length > 0 ? exit.failed : exit.ok
  },
})

const none: TypesOfProject = { problems: [] }
/** What changed, as far as it fits on a screen. */
function printed(f: GeneratedFile, check: boolean, cwd: string, colors: Colors): string {
  const name = shown(f.file, cwd)
  if (f.upToDate) return `${name} is up to date\n`
  const lines = [...f.removed.map((l) => colors.error(`- ${l}`)), ...f.added.map((l) => colors.good(`+ ${l}`))]
  const shownLines = f.isNew ? [] : lines.slice(0, 40)
  const more = f.isNew || lines.length <= 40 ? [] : [`… and ${lines.length - 40} more lines`]
  return [check ? `${name} is out of date` : `wrote ${name}`, ...shownLines, ...more, ''].join('\n')
}

import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { loadSettings } from '../config/load.ts'
import { exit } from '../failure.ts'
import { withDatabase } from '../open.ts'
import { diffLines } from '../render/diff.ts'
import { writeWhole } from '../render/file.ts'
import { shown } from '../render/path.ts'

export const typesCommand = defineCommand({
  name: 'types',
  summary: 'Write db.gen.ts: the tables and views of the database as TypeScript',
  description:
    "Reads the catalog and writes Kysely's DB interface, so that views are checked against the real columns. Run it again after the database changes.",
  positionals: [],
  options: z.object({
    out: z
      .string()
      .optional()
      .meta({ value: 'file', description: 'File to write; db.gen.ts beside the configuration when absent' }),
    check: z.boolean().default(false).describe('Write nothing; exit code 1 when the file is out of date'),
    include: z.array(z.string()).optional().meta({
      value: 'relation',
      description: 'Only this one: name, schema.name or schema.*; fewer tables check faster',
    }),
  }),
  examples: [
    { command: 'viewcast types', description: 'Write db.gen.ts' },
    { command: 'viewcast types --check', description: 'For CI: is it up to date?' },
    { command: "viewcast types --include orders --include 'crm.*'", description: 'Some relations only' },
  ],
  async run(invocation) {
    const { options, globals, io, output } = invocation
    const settings = await loadSettings(globals, io)
    const file = options.out === undefined ? join(settings.root, 'db.gen.ts') : resolve(io.cwd, options.out)
    const text = await withDatabase(invocation, settings, async (db) => {
      const { databaseTypes } = await import('@viewcast/sdk')
      return databaseTypes(db, options.include === undefined ? {} : { include: options.include })
    })
    const before = await readFile(file, 'utf8').catch(() => undefined)
    const { added, removed } = diffLines(before ?? '', text)
    const upToDate = before === text
    const name = shown(file, io.cwd)
    if (!options.check && !upToDate) await writeWhole(file, text)
    await output.result({ file, upToDate, written: !options.check && !upToDate, added, removed }, (colors) => {
      if (upToDate) return `${name} is up to date\n`
      const lines = [...removed.map((l) => colors.error(`- ${l}`)), ...added.map((l) => colors.good(`+ ${l}`))]
      const shownLines = before === undefined ? [] : lines.slice(0, 40)
      const more = before === undefined || lines.length <= 40 ? [] : [`… and ${lines.length - 40} more lines`]
      return [options.check ? `${name} is out of date` : `wrote ${name}`, ...shownLines, ...more, ''].join('\n')
    })
    if (options.check && !upToDate)
      await output.note(`run: viewcast types${dirname(name) === '.' ? '' : ` --out ${name}`}`)
    return options.check && !upToDate ? exit.failed : exit.ok
  },
})

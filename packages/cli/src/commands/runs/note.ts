import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { withRuns } from './runs-open.ts'

export const runsNoteCommand = defineCommand({
  name: 'runs note',
  summary: 'Write the note of a run, or read it',
  description: 'The note is Markdown and replaces the one before. Without a text the note is printed.',
  positionals: [
    { name: 'run', description: 'beginning of its id, or latest', required: true },
    { name: 'text', description: 'what to write', required: false },
  ],
  options: z.object({
    file: z.string().optional().meta({ value: 'file', description: 'Take the text from this file' }),
    clear: z.boolean().default(false).describe('Take the note away'),
  }),
  examples: [
    { command: "viewcast runs note latest 'Without winter: worse on delays above an hour.'", description: 'A remark' },
    { command: 'viewcast runs note 0199d2a4 --file findings.md', description: 'A longer one' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { options, positionals, io, output } = invocation
      const given = [positionals['text'] !== undefined, options.file !== undefined, options.clear].filter(Boolean)
      if (given.length > 1) throw new UsageError('a text, --file and --clear exclude each other')
      const { findRun, getRun, updateRun } = await import('@viewcast/sdk')
      const id = await findRun(store, positional(invocation, 'run'))
      const note = options.clear
        ? null
        : options.file === undefined
          ? positionals['text']
          : read(resolve(io.cwd, options.file))
      if (note !== undefined) await updateRun(store, id, { note })
      const kept = (await getRun(store, id)).note
      await output.result({ run: id, note: kept }, () => (kept === null ? '' : `${kept.trimEnd()}\n`))
      return 0
    }),
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--file: ${(error as Error).message}`)
  }
}

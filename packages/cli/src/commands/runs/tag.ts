import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { renderPairs } from '../../render/table.ts'
import { withRuns } from './runs-open.ts'

export const runsTagCommand = defineCommand({
  name: 'runs tag',
  summary: 'Set tags of a run, or take them away',
  description: 'Sets tags, the last value counts; prints all tags of the run. Without tags it only prints them.',
  positionals: [{ name: 'run', description: 'beginning of its id, or latest', required: true }],
  takesMore: true,
  options: z.object({
    remove: z.array(z.string()).optional().meta({ value: 'key', description: 'Take this tag away' }),
  }),
  examples: [
    { command: "viewcast runs tag latest team=ops 'reviewed by=ann'", description: 'Two tags' },
    { command: 'viewcast runs tag 0199d2a4 --remove team', description: 'One less' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { atomically, deleteRunTag, findRun, getRun, setRunTags } = await import('@viewcast/sdk')
      const tags = Object.fromEntries(invocation.more.map(readTag))
      const remove = invocation.options.remove ?? []
      const both = remove.find((key) => Object.hasOwn(tags, key))
      if (both !== undefined) throw new UsageError(`"${both}" is set and removed at once`)
      const run = await atomically(store, async (inside) => {
        const id = await findRun(inside, positional(invocation, 'run'))
        if (Object.keys(tags).length > 0) await setRunTags(inside, id, tags)
        for (const key of remove) await deleteRunTag(inside, id, key)
        return getRun(inside, id)
      })
      await invocation.output.result({ run: run.id, tags: run.tags }, () => renderPairs(Object.entries(run.tags)))
      return 0
    }),
})

function readTag(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`"${text}" is not written as key=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withRuns } from './runs-open.ts'

export const runsDeleteCommand = defineCommand({
  name: 'runs delete',
  summary: 'Delete runs, until they are restored',
  description:
    'Takes runs, and the runs that are part of them, out of lists and searches. Nothing is erased: viewcast runs restore brings them back. Deletes all that are named, or none.',
  positionals: [{ name: 'run', description: 'beginning of an id, or latest', required: true }],
  takesMore: true,
  options: z.object({}),
  examples: [
    { command: 'viewcast runs delete latest', description: 'A run that went wrong' },
    { command: 'viewcast runs ls --deleted', description: 'What was deleted' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { atomically, deleteRun, findRun } = await import('@viewcast/sdk')
      const ids = await atomically(store, async (inside) => {
        const all: string[] = []
        // Before any is deleted: "latest" means one run, whatever else is named.
        for (const run of [positional(invocation, 'run'), ...invocation.more]) all.push(await findRun(inside, run))
        for (const id of all) await deleteRun(inside, id)
        return all
      })
      await invocation.output.result({ deleted: ids }, () => ids.map((id) => `deleted  ${id}\n`).join(''))
      return 0
    }),
})

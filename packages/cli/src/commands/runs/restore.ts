import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withRuns } from './runs-open.ts'

export const runsRestoreCommand = defineCommand({
  name: 'runs restore',
  summary: 'Bring deleted runs back',
  description: 'Brings runs back, with the runs that were deleted with them. Restores all that are named, or none.',
  positionals: [{ name: 'run', description: 'beginning of the id of a deleted run', required: true }],
  takesMore: true,
  options: z.object({}),
  examples: [{ command: 'viewcast runs restore 0199d2a4', description: 'See viewcast runs ls --deleted' }],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { atomically, findRun, restoreRun } = await import('@viewcast/sdk')
      const ids = await atomically(store, async (inside) => {
        const all: string[] = []
        for (const run of [positional(invocation, 'run'), ...invocation.more]) all.push(await findRun(inside, run))
        for (const id of all) await restoreRun(inside, id)
        return all
      })
      await invocation.output.result({ restored: ids }, () => ids.map((id) => `restored  ${id}\n`).join(''))
      return 0
    }),
})

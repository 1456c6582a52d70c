import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'

export const consumersRemoveCommand = defineCommand({
  name: 'consumers remove',
  summary: 'Say that a consumer is gone',
  description: 'What it read stays in the history: "viewcast impact --at" still tells it of a day when it was there.',
  positionals: [{ name: 'name', description: 'consumer that was added', required: true }],
  options: z.object({}),
  examples: [{ command: "viewcast consumers remove 'Orders board'", description: 'Nobody looks at it any more' }],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { removeConsumer } = await import('@viewcast/sdk')
      const name = positional(invocation, 'name')
      await removeConsumer(store, name)
      await invocation.output.result({ name }, (colors) => `${colors.good('removed')}  ${name}\n`)
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'

export const consumersAddCommand = defineCommand({
  name: 'consumers add',
  summary: 'Say who reads predictions: a dashboard, report, application or team',
  description:
    'Kept in the store with what it reads, so that "viewcast impact" tells whom a change concerns. Adding it again replaces what was said; what it read before stays in the history. A deployment or model named as a whole stands for the columns that it has now. Views of the database that read a deployment are known without it.',
  positionals: [{ name: 'name', description: 'what people call it', required: true }],
  options: z.object({
    kind: z.enum(['dashboard', 'report', 'application', 'team']).default('dashboard').describe('What it is'),
    reads: z.array(z.string()).optional().meta({
      value: 'name',
      description: 'A deployment, a model, or a column of one; may be repeated',
    }),
    owner: z.array(z.string()).optional().meta({ value: 'who', description: 'Whom to ask; may be repeated' }),
    description: z.string().optional().meta({ value: 'text', description: 'What it is for' }),
    url: z.string().optional().meta({ value: 'url', description: 'Where it is' }),
  }),
  examples: [
    {
      command: "viewcast consumers add 'Orders board' --reads public.reorder_now --owner ops@example.com",
      description: 'A dashboard on a deployment',
    },
    {
      command: 'viewcast consumers add Sales --kind team --reads reorder.probability',
      description: 'Who reads what the model returns, whatever its version',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, output } = invocation
      const { addConsumer, fail } = await import('@viewcast/sdk')
      const name = positional(invocation, 'name')
      if (!options.reads?.length)
        fail('cli/usage', { detail: '"viewcast consumers add" needs to know what it reads: --reads' })
      const { kind, reads = [], owner: owners, description, url } = options
      await addConsumer(store, name, {
        kind,
        reads,
        ...(owners && { owners }),
        ...(description !== undefined && { description }),
        ...(url !== undefined && { url }),
      })
      await output.result(
        { name, kind, reads, owners: owners ?? [] },
        (colors) => `${colors.good('added')}  ${kind} ${name}\n`,
      )
      return 0
    }),
})

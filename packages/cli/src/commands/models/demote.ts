import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { expectOption, readExpected, reasonOption } from './alias-options.ts'
import { changingRegistry, namedModel } from './registered.ts'

export const modelsDemoteCommand = defineCommand({
  name: 'models demote',
  summary: 'Remove an alias of a model',
  description: 'The version stays, and so does the history of the alias.',
  positionals: [{ name: 'model@alias', description: 'alias to remove', required: true }],
  options: z.object({ reason: reasonOption, expect: expectOption }),
  examples: [
    { command: 'viewcast models demote reorder@challenger', description: 'Nothing is the challenger any more' },
    { command: 'viewcast models demote reorder@production --reason "it drifts"', description: 'And why' },
  ],
  run: (invocation) =>
    changingRegistry(invocation, async (opened) => {
      const { demoteModel } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const given = positional(invocation, 'model@alias')
      const { name, selector } = await namedModel(opened, given)
      if (typeof selector !== 'string') throw new UsageError(`"${given}" names no alias: write model@alias`)
      const change = await demoteModel(opened.store, name, selector, {
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...readExpected(options.expect),
      })
      await output.result(
        { model: name, ...change },
        (colors) => `${colors.good('removed')}  ${name}@${selector}, which was version ${change.before}\n`,
      )
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { expectOption, readExpected, reasonOption } from './alias-options.ts'
import { changingRegistry, namedModel, versionNumber } from './registered.ts'

export const modelsPromoteCommand = defineCommand({
  name: 'models promote',
  summary: 'Point an alias, such as production, at a version',
  description:
    'Who reads model@alias gets that version from now on. The change is kept with reason and name. With --expect it is made only if the alias still points where you think.',
  positionals: [
    { name: 'model', description: 'model@3, model@challenger, or a model for its newest version', required: true },
    {
      name: 'alias',
      description: 'name to point at it: a letter, then letters, digits, "_", "." and "-"',
      required: true,
    },
  ],
  options: z.object({ reason: reasonOption, expect: expectOption }),
  examples: [
    { command: 'viewcast models promote reorder@4 production --reason "AUC 0.71 on March"', description: 'And why' },
    { command: 'viewcast models promote reorder@4 production --expect 3', description: 'Only in place of version 3' },
    { command: 'viewcast models promote reorder@challenger champion', description: 'What another alias points at' },
  ],
  run: (invocation) =>
    changingRegistry(invocation, async (opened) => {
      const { promoteModel } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const named = await namedModel(opened, positional(invocation, 'model'))
      const version = await versionNumber(opened, named)
      const change = await promoteModel(opened.store, named.name, positional(invocation, 'alias'), version, {
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...readExpected(options.expect),
      })
      await output.result({ model: named.name, ...change }, (colors) =>
        change.changed
          ? `${colors.good('promoted')}  ${named.name}@${change.alias} is version ${version}${change.before === null ? '' : `, and was ${change.before}`}\n`
          : `${named.name}@${change.alias} is version ${version} already\n`,
      )
      return 0
    }),
})

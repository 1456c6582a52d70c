import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { changingRegistry, namedModel, versionNumber } from './registered.ts'

export const modelsDescribeCommand = defineCommand({
  name: 'models describe',
  summary: 'Say in words what a version is',
  description:
    'Replaces the description of the version; an empty text removes it. The model itself is described in the catalog.',
  positionals: [
    { name: 'model', description: 'model@3, model@production, or a model for its newest version', required: true },
    { name: 'text', description: 'the description', required: true },
  ],
  options: z.object({}),
  examples: [
    {
      command: 'viewcast models describe reorder@4 "without the weather, on twelve months"',
      description: 'What is different about it',
    },
  ],
  run: (invocation) =>
    changingRegistry(invocation, async (opened) => {
      const { describeVersion } = await import('@viewcast/sdk')
      const { output } = invocation
      const text = positional(invocation, 'text')
      const named = await namedModel(opened, positional(invocation, 'model'))
      const version = await versionNumber(opened, named)
      const { description } = await describeVersion(opened.store, named.name, version, {
        description: text === '' ? null : text,
      })
      await output.result(
        { model: named.name, version, description },
        (colors) => `${colors.good(description === null ? 'removed' : 'described')}  ${named.name}@${version}\n`,
      )
      return 0
    }),
})

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { changingRegistry, namedModel, versionNumber } from './registered.ts'

export const modelsTagCommand = defineCommand({
  name: 'models tag',
  summary: 'Set or remove tags of a version',
  description: 'Tags are names with a value; the last value counts. Without --set and --remove the tags are shown.',
  positionals: [
    { name: 'model', description: 'model@3, model@production, or a model for its newest version', required: true },
  ],
  options: z.object({
    set: z.array(z.string()).optional().meta({ value: 'name=value', description: 'Tag to set; may be repeated' }),
    remove: z.array(z.string()).optional().meta({ value: 'name', description: 'Tag to remove; may be repeated' }),
  }),
  examples: [
    { command: 'viewcast models tag reorder@4 --set reviewed=yes --set ticket=ML-12', description: 'Two tags' },
    { command: 'viewcast models tag reorder@4 --remove reviewed', description: 'One less' },
  ],
  run: (invocation) =>
    changingRegistry(invocation, async (opened) => {
      const { describeVersion } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const tags = [...(options.set ?? []).map(pair), ...(options.remove ?? []).map((name) => [name, null] as const)]
      const named = await namedModel(opened, positional(invocation, 'model'))
      const version = await versionNumber(opened, named)
      const after = await describeVersion(opened.store, named.name, version, { tags: Object.fromEntries(tags) })
      await output.result({ model: named.name, version, tags: after.tags }, () => {
        const lines = Object.entries(after.tags).map(([name, value]) => `${name}=${value}\n`)
        return lines.length === 0 ? `${named.name}@${version} has no tags\n` : lines.join('')
      })
      return 0
    }),
})

function pair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--set takes name=value, not "${text}"`)
  return [text.slice(0, at), text.slice(at + 1)]
}

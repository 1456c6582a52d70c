/** What may change of an experiment: its name and description, and whether it is deleted. */
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { withRuns } from '../runs/runs-open.ts'
import { experimentNamed } from './which.ts'

const experiment = { name: 'experiment', description: 'name, or the number MLflow clients know it by', required: true }

export const experimentsEditCommand = defineCommand({
  name: 'experiments edit',
  summary: 'Rename or describe an experiment, or change its tags',
  description: 'What is not given stays as it is.',
  positionals: [experiment],
  options: z.object({
    name: z.string().optional().meta({ value: 'name', description: 'Another name' }),
    description: z.string().optional().meta({ value: 'text', description: 'Markdown; an empty text takes it away' }),
    tag: z.array(z.string()).optional().meta({ value: 'key=value', description: 'A tag; key= takes it away' }),
  }),
  examples: [
    { command: 'viewcast experiments edit delays --name departures', description: 'Another name' },
    {
      command: "viewcast experiments edit delays --description 'Without winter' --tag team=ops",
      description: 'What it is',
    },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { getExperiment, updateExperiment } = await import('@viewcast/sdk')
      const { name, description, tag } = invocation.options
      if (name === undefined && description === undefined && tag === undefined) {
        throw new UsageError('"viewcast experiments edit" needs --name, --description or --tag')
      }
      const { id } = await experimentNamed(store, positional(invocation, 'experiment'))
      await updateExperiment(
        store,
        { id },
        {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description: description === '' ? null : description }),
          ...(tag === undefined ? {} : { tags: Object.fromEntries(tag.map(readTag)) }),
        },
      )
      const changed = await getExperiment(store, { id })
      await invocation.output.result(changed, () => `changed  ${changed.name}\n`)
      return 0
    }),
})

function readTag(text: string): [string, string | null] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--tag "${text}" is not written as key=value`)
  const value = text.slice(at + 1)
  return [text.slice(0, at), value === '' ? null : value]
}

export const experimentsDeleteCommand = defineCommand({
  name: 'experiments delete',
  summary: 'Delete an experiment and its runs, until they are restored',
  description:
    'Takes an experiment and its runs out of lists and searches; its name can be used again. Nothing is erased: viewcast experiments restore brings it back.',
  positionals: [experiment],
  options: z.object({}),
  examples: [{ command: 'viewcast experiments delete scratch', description: 'What nobody needs to see' }],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { deleteExperiment } = await import('@viewcast/sdk')
      const { id, name, runs } = await experimentNamed(store, positional(invocation, 'experiment'))
      await deleteExperiment(store, { id })
      await invocation.output.result(
        { id, name, runs },
        () => `deleted  ${name} with ${runs} run${runs === 1 ? '' : 's'}\n`,
      )
      return 0
    }),
})

export const experimentsRestoreCommand = defineCommand({
  name: 'experiments restore',
  summary: 'Bring a deleted experiment back',
  description:
    'Brings an experiment back, with the runs that were deleted with it; by name the one that was deleted last. Refused when another has its name by now.',
  positionals: [experiment],
  options: z.object({}),
  examples: [{ command: 'viewcast experiments restore scratch', description: 'See viewcast experiments ls --deleted' }],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { restoreExperiment } = await import('@viewcast/sdk')
      const { id, name } = await experimentNamed(store, positional(invocation, 'experiment'), 'deleted')
      await restoreExperiment(store, { id })
      await invocation.output.result({ id, name }, () => `restored  ${name}\n`)
      return 0
    }),
})

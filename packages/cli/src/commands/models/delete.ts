import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { changingRegistry, namedModel, versionNumber } from './registered.ts'

export const modelsDeleteCommand = defineCommand({
  name: 'models delete',
  summary: 'Delete a version, or a model with all its versions, so that it can be taken back',
  description:
    'Nothing loads what is deleted, and no alias can point at it; numbers, records and history stay in the registry. The files of the versions are removed, and written again by --undo. What an alias points at is not deleted.',
  positionals: [{ name: 'model', description: 'model@3; or a model with --all', required: true }],
  options: z.object({
    all: z.boolean().default(false).describe('The model and all its versions'),
    undo: z.boolean().default(false).describe('Take the deletion back'),
  }),
  examples: [
    { command: 'viewcast models delete reorder@3', description: 'One version' },
    { command: 'viewcast models delete reorder --all', description: 'The model' },
    { command: 'viewcast models delete reorder@3 --undo', description: 'It is there again' },
  ],
  run: (invocation) =>
    changingRegistry(invocation, async (opened) => {
      const { deleteModel, modelVersion, removeRecord, restoreModel, saveRecord } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const named = await namedModel(opened, positional(invocation, 'model'))
      if (options.all !== (named.selector === undefined)) {
        throw new UsageError(
          options.all
            ? '--all is for a model without a version'
            : `Name a version, such as ${named.name}@3, or pass --all`,
        )
      }
      const version = options.all ? undefined : await versionNumber(opened, named)
      const change = options.undo ? restoreModel : deleteModel
      const { versions } = await change(opened.store, named.name, version)
      const directory = opened.settings.directory.value
      // The registry first: a file that is left over is that of a version which is known to be deleted.
      for (const v of versions) {
        if (options.undo) await saveRecord(directory, (await modelVersion(opened.store, named.name, v)).record)
        else await removeRecord(directory, named.name, v)
      }
      const done = options.undo ? 'restored' : 'deleted'
      await output.result({ model: named.name, [done]: versions }, (colors) =>
        versions.length === 0
          ? `nothing to do: ${named.name}${version === undefined ? '' : `@${version}`} is ${options.undo ? 'not deleted' : 'deleted already'}\n`
          : `${colors.good(done)}  ${versions.map((v) => `${named.name}@${v}`).join(', ')}\n`,
      )
      return 0
    }),
})

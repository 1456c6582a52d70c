import type { CollectedVersion, KeptSchema, KeptVersion } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { withStoreToAsk, withStoreToWrite } from '../open.ts'
import { secondsOption } from '../parse/values.ts'
import type { Output } from '../render/output.ts'
import type { Colors } from '../render/palette.ts'
import { renderTable } from '../render/table.ts'
import { when } from '../render/when.ts'

export const gcCommand = defineCommand({
  name: 'gc',
  summary: 'List what was put aside, and remove what nobody needs',
  description:
    'Swaps, rollbacks and removals keep the object that goes, so that it can come back with its data. This lists them; with --apply those go that nothing depends on and nobody changed, beside the newest of each deployment, each in a transaction of its own. A version that is gone can still be rolled back to: it is made again.',
  positionals: [],
  options: z.object({
    apply: z.boolean().default(false).describe('Remove what the list calls collectable'),
    keep: z.coerce.number().int().min(0).default(2).meta({
      value: 'n',
      expects: 'a whole number from 0',
      description: 'How many kept versions of each deployment stay, the newest ones',
    }),
    reason: z.string().optional().meta({ value: 'text', description: 'Why, as the history has it' }),
    lockTimeout: secondsOption.meta({
      value: 'seconds',
      description: 'How long to wait for a lock before an object is left where it is',
    }),
  }),
  examples: [
    { command: 'viewcast gc', description: 'What is kept, since when, how large, and who depends on it' },
    { command: 'viewcast gc --apply --keep 1', description: 'Keep one earlier version of each' },
  ],
  run: (invocation) =>
    (invocation.options.apply ? withStoreToWrite : withStoreToAsk)(invocation, async ({ settings, store }) => {
      const { collectKept, keptVersions } = await import('@viewcast/sdk')
      const { options, output } = invocation
      const { keep, apply, lockTimeout, reason } = options
      const environment = settings.environment.value
      const which = { keep, ...(environment === '' ? {} : { environment }) }
      if (apply) {
        const done = await collectKept(store, {
          ...which,
          ...(lockTimeout === undefined ? {} : { lockTimeout: 1000 * lockTimeout }),
          ...(reason === undefined ? {} : { reason }),
        })
        await output.result(
          done,
          (colors) =>
            `${table(
              done.versions.map((v) => ({ ...v, status: v.outcome })),
              output,
              colors,
            )}${done.schemas.map((s) => `schema ${s} was empty, and is gone\n`).join('')}`,
        )
        return 0
      }
      const kept = await keptVersions(store, which)
      await output.result(
        kept,
        (colors) => `${table(kept.versions, output, colors)}${kept.schemas.map(schemaText).join('')}`,
      )
      if (kept.versions.some((v) => v.status === 'collectable')) await output.note('next: viewcast gc --apply')
      return 0
    }),
})

type Listed = Omit<KeptVersion, 'status'> & { readonly status: KeptVersion['status'] | CollectedVersion['outcome'] }

function table(versions: readonly Listed[], output: Output, colors: Colors): string {
  if (versions.length === 0) return 'nothing is kept\n'
  return renderTable(
    ['deployment', 'version', 'model', 'kept as', 'since', 'size', 'status', 'read by'].map((name) => ({ name })),
    versions.map((v) => [
      v.name,
      v.version,
      `${v.model}@${v.modelVersion}`,
      `${v.at.schema}.${v.at.name}`,
      when(v.since),
      v.kind === 'table' ? size(v.bytes) : '',
      v.status,
      [...v.dependents, ...(v.lastRead === null ? [] : [`last ${when(v.lastRead)}`])].join('; '),
    ]),
    { columns: output.width, colors },
  )
}

const schemaText = ({ name, foreign, isEmpty }: KeptSchema): string =>
  isEmpty ? `schema ${name} is empty\n` : foreign.length > 0 ? `schema ${name} also has ${foreign.join(', ')}\n` : ''

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${Math.round(bytes / 1024 ** power)} ${units[power]}`
}

import type { Refreshed } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withStoreToWrite } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { atOption } from '../parse/values.ts'
import { grouped, renderTable, type TableColumn, type TableOptions } from '../render/table.ts'
import { keptInputOptions, readInputOptions } from './predictions/log-options.ts'

const instantOption = (description: string) => z.string().optional().meta({ value: 'instant', description })

export const refreshCommand = defineCommand({
  name: 'refresh',
  summary: 'Bring the rows of a deployed table up to date',
  description:
    'Runs the query that was planned and verified, whatever the project says now, in one transaction: readers see the rows of before until all are there. With --from, --to and --every once for each instant, each committed by itself; what an earlier call has done is left out, so that the same command goes on where one was interrupted.',
  positionals: [{ name: 'table', description: 'deployment, or schema.table', required: true }],
  options: z.object({
    at: atOption,
    from: instantOption('First instant of a series'),
    to: instantOption('Last instant of a series, included'),
    every: z.string().optional().meta({ value: 'interval', description: "Step of a series, such as '1 day'" }),
    again: z.boolean().default(false).describe('Also instants of the series that are done already'),
    keep: z
      .boolean()
      .default(false)
      .describe('Keep the predictions in the prediction log, too; see viewcast predictions'),
    ...keptInputOptions,
    wait: z.coerce.number().positive().optional().meta({
      value: 'seconds',
      expects: 'a number above 0',
      description: 'How long to wait for another refresh; 60 when absent',
    }),
  }),
  examples: [
    { command: 'viewcast refresh reorder_daily', description: 'As of now' },
    { command: 'viewcast refresh reorder_daily --at 2025-06-01T00:00Z', description: 'As of an instant' },
    {
      command: "viewcast refresh reorder_daily --from 2025-06-01T00:00Z --to 2025-06-30T00:00Z --every '1 day'",
      description: 'The partitions of a month',
    },
    { command: 'viewcast refresh reorder_daily --keep', description: 'And keep in the log what was predicted' },
    {
      command: 'viewcast refresh reorder_daily --keep --inputs all --redact country=hash',
      description: 'And from what: in the same snapshot',
    },
  ],
  run: (invocation) => {
    const { at, from, to, every, again, keep, inputs, redact, wait } = invocation.options
    const given = [from, to, every].filter((o) => o !== undefined).length
    if (given !== 0 && given !== 3) throw new UsageError('a series needs --from, --to and --every')
    if (given === 3 && at !== undefined)
      throw new UsageError('--at is one instant, --from, --to and --every are a series')
    if (again && given === 0) throw new UsageError('--again is of a series: --from, --to, --every')
    if (!keep && (inputs !== undefined || redact !== undefined))
      throw new UsageError('--inputs and --redact say what is kept beside predictions: add --keep')
    const policy = readInputOptions({ inputs, redact }, invocation.io.env)
    return withStoreToWrite(invocation, async ({ settings, project, store }) => {
      const { io, output } = invocation
      const { findDeployment, refreshRecorded, resolveDefinition } = await import('@viewcast/sdk')
      const name = positional(invocation, 'table')
      const { object } = await findDeployment(store, name, settings.environment.value || undefined)
      const series = from !== undefined && to !== undefined && every !== undefined ? { from, to, every } : undefined
      output.progress.step(`refresh ${name}`, series ? undefined : 1)
      let done = 0
      const { run, refreshed, skipped, logged } = await refreshRecorded(store, object, {
        signal: io.signal,
        ...(at === undefined ? {} : { at }),
        ...(series ? { series, again } : {}),
        ...(keep
          ? {
              keep: {
                ...policy,
                model: (of: string) => resolveDefinition(project, of, 'model'),
                directory: project.directory,
              },
            }
          : {}),
        ...(wait === undefined ? {} : { lockTimeout: wait * 1000 }),
        onProgress: (_, of) => output.progress.at(++done, of),
      })
      output.progress.clear()
      await output.result({ run: run.id, refreshed, skipped, ...(keep ? { logged } : {}) }, (colors) => {
        const kept = keep ? `${grouped(logged)} predictions are new in the log\n` : ''
        return `${report(refreshed, skipped, { columns: output.width, colors })}${kept}`
      })
      return 0
    })
  },
})

function report(refreshed: readonly Refreshed[], skipped: number, options: TableOptions): string {
  const rows = refreshed.map((r) => [
    r.at,
    `${r.model}@${r.version}`,
    grouped(r.inserted),
    grouped(r.updated),
    grouped(r.deleted),
    r.seconds.toFixed(2),
  ])
  const left = skipped === 0 ? '' : `${grouped(skipped)} done before, left out; --again makes them anew\n`
  return rows.length === 0 ? left : `${renderTable(columns, rows, options)}${left}`
}

const columns: readonly TableColumn[] = [
  { name: 'as of' },
  { name: 'model' },
  { name: 'inserted', type: 'int8' },
  { name: 'updated', type: 'int8' },
  { name: 'deleted', type: 'int8' },
  { name: 'seconds', type: 'float8' },
]

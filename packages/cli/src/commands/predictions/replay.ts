import type { Replay, ReplayedColumn } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { diagnosticData, exit } from '../../failure.ts'
import { withStore } from '../../open.ts'
import { limitOption, versionOption } from '../../parse/values.ts'
import type { Output } from '../../render/output.ts'
import { grouped, renderTable } from '../../render/table.ts'
import { chosenModel } from '../chosen-model.ts'
import { chosenOptions, deploymentOption } from './chosen-options.ts'

export const predictionsReplayCommand = defineCommand({
  name: 'predictions replay',
  summary: 'Ask logged predictions again, and say why values differ',
  description:
    'Asks the training query at the logged questions and instants, compares it with what was logged, and gives every difference a cause: skew, changed definition, late data, changed source, unknown arrival, rounding. Exit code 1 when one is skew or a changed definition. Inputs that were hashed are compared with the secret in VIEWCAST_HASH_KEY.',
  positionals: [{ name: 'model', description: 'trained model; model@3, model@production', required: true }],
  options: z.object({
    ...chosenOptions,
    deployment: deploymentOption,
    limit: limitOption.optional().describe('Predictions at most, the same ones each time (default 10,000)'),
    instants: limitOption
      .optional()
      .describe(
        'Instants of prediction that late data are looked for at where no index finds the rows of a question (default 200)',
      ),
    version: versionOption,
  }),
  examples: [
    { command: 'viewcast predictions replay reorder', description: 'A sample of what the newest version has said' },
    {
      command: 'viewcast predictions replay reorder@production --from 2025-12-01T00:00Z --limit 100000',
      description: 'What is in production since December',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async (opened) => {
      const { options, io, output } = invocation
      const { hasFaults, replayRecorded } = await import('@viewcast/sdk')
      const { version, ...asked } = options
      const { model, record } = await chosenModel(opened, positional(invocation, 'model'), version, output)
      const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
      const hashKey = io.env['VIEWCAST_HASH_KEY']
      output.progress.step(`replay ${model.name} version ${record.version}`)
      const replay = await replayRecorded(opened.store, model, record, {
        ...given,
        ...(hashKey ? { hashKey } : {}),
        directory: opened.project.directory,
        signal: io.signal,
        onRows: (rows) => output.progress.step(`replay ${model.name}: ${grouped(rows)} predictions`),
      })
      output.progress.clear()
      await output.warn(replay.warnings)
      const { warnings, ...data } = replay
      await output.result({ ...data, warnings: warnings.map(diagnosticData) }, (colors) =>
        rendered(replay, output, colors),
      )
      return hasFaults(replay) ? exit.failed : exit.ok
    }),
})

function rendered(replay: Replay, output: Output, colors: Output['colors']): string {
  const { model, version, logged, rows, equal, columns, changedViews, notExamined, createIndexes } = replay
  const sampled = rows < logged ? ` of ${grouped(logged)}` : ''
  const head = `${model} version ${version}: ${grouped(rows)}${sampled} predictions replayed, ${grouped(equal)} equal\n`
  if (rows === 0)
    return `no predictions of ${model} version ${version} are logged that were asked for: viewcast predictions ls ${model}\n`
  const table = renderTable(
    [
      { name: 'column' },
      { name: 'view' },
      { name: 'compared', type: 'int8' },
      { name: 'different', type: 'int8' },
      { name: 'causes' },
      { name: 'share moved' },
    ],
    columns.map((c) => [
      c.column ?? '(prediction)',
      c.view ?? '',
      grouped(c.compared),
      grouped(c.different),
      causesOf(c),
      c.moved === null ? '' : `${(100 * c.moved.share).toFixed(1)} %`,
    ]),
    { columns: output.width, colors },
  )
  const notes = [
    ...changedViews.map((view) => `view ${view} is defined otherwise than when some of them were made\n`),
    ...(notExamined === 0
      ? []
      : [
          `${grouped(notExamined)} with differences were not looked at for late data: more --instants would${createIndexes.length === 0 ? '' : ', or, all at once, with'}\n`,
          ...createIndexes.map((statement) => `  ${statement.replace(/;?$/, ';')}\n`),
        ]),
  ]
  return `${head}\n${table}${notes.length === 0 ? '' : `\n${notes.join('')}`}`
}

const causesOf = ({ causes }: ReplayedColumn): string =>
  Object.entries(causes)
    .map(([cause, n]) => `${cause} ${grouped(n)}`)
    .join(', ')

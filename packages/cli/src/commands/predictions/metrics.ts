import type { MeasuredPeriod } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { versionOption } from '../../parse/values.ts'
import { grouped, renderTable } from '../../render/table.ts'
import { chosenOptions, deploymentOption } from './chosen-options.ts'

export const predictionsMetricsCommand = defineCommand({
  name: 'predictions metrics',
  summary: 'Tell how good logged predictions turned out to be, over time',
  description:
    'By version and period, for predictions that have labels: the metrics of training, and for probabilities how far they are from what was observed. They are kept as metrics of a run, live.auc and so on. Record labels first: viewcast predictions label.',
  positionals: [{ name: 'model', description: 'model of the project', required: true }],
  options: z.object({
    every: z
      .string()
      .optional()
      .meta({ value: 'length', description: "Length of a period: '1 day', '1 week' (default), '1 month'" }),
    ...chosenOptions,
    deployment: deploymentOption,
    version: versionOption.describe('Trained version to measure; all that were logged when absent'),
  }),
  examples: [
    { command: "viewcast predictions metrics reorder --every '1 week'", description: 'Week by week' },
    {
      command: 'viewcast predictions metrics reorder --every month --json',
      description: 'With the bins of calibration',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, output } = invocation
      const { measurePredictions } = await import('@viewcast/sdk')
      const model = positional(invocation, 'model')
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      const periods = await measurePredictions(store, model, given)
      await output.result({ model, periods }, (colors) => {
        if (periods.length === 0)
          return `no predictions of ${model} are logged that were asked for: viewcast predictions ls ${model}\n`
        const names = [...new Set(periods.flatMap((p) => Object.keys(p.metrics)))]
        const columns = [
          { name: 'from' },
          ...['version', 'predictions', 'labelled', ...names].map((name) => ({ name, type: 'float8' })),
        ]
        return renderTable(
          columns,
          periods.map((p) => row(p, names)),
          { columns: output.width, colors },
        )
      })
      return 0
    }),
})

const row = (p: MeasuredPeriod, names: readonly string[]): readonly unknown[] => [
  p.from.replace(/ 00:00:00\+00$/, ''),
  p.version,
  grouped(p.predictions),
  grouped(p.labelled),
  ...names.map((name) => shown(p.metrics[name])),
]

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : value.toPrecision(4)

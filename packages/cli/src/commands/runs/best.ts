import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { limitOption } from '../../parse/values.ts'
import { renderTable } from '../../render/table.ts'
import { idsOf } from '../experiments/which.ts'
import { runColumns, telling } from './run-columns.ts'
import { withRuns } from './runs-open.ts'

export const runsBestCommand = defineCommand({
  name: 'runs best',
  summary: 'Find the runs with the best value of a metric',
  description:
    'The best first, by the latest value. Less is better of a loss, an error, a deviance and their like, more of everything else; --min and --max say it. Runs without the metric, or with NaN, are left out.',
  positionals: [],
  options: z.object({
    metric: z.string().meta({ value: 'name', description: 'Metric to compare by, such as test.auc' }),
    min: z.boolean().default(false).describe('Less is better'),
    max: z.boolean().default(false).describe('More is better'),
    experiment: z.array(z.string()).optional().meta({ value: 'name', description: 'Runs of this experiment' }),
    filter: z
      .string()
      .optional()
      .meta({ value: 'filter', description: 'Runs that match; see viewcast runs ls --help' }),
    limit: limitOption.default(5),
  }),
  examples: [
    {
      command: 'viewcast runs best --metric test.auc --experiment delays',
      description: 'The five with the greatest AUC',
    },
    {
      command: 'viewcast runs best --metric loss --min --json | jq -r .best.id',
      description: 'The id of the best one',
    },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { options, output } = invocation
      if (options.min && options.max) throw new UsageError('--min and --max say the opposite')
      const { bestRuns, shortRunIds } = await import('@viewcast/sdk')
      const found = await bestRuns(store, {
        metric: options.metric,
        limit: options.limit,
        ...(options.min ? { better: 'less' } : options.max ? { better: 'more' } : {}),
        ...(options.experiment === undefined ? {} : { experimentIds: await idsOf(store, options.experiment) }),
        ...(options.filter === undefined ? {} : { filter: options.filter }),
      })
      const { runs, better, metric } = found
      const short = await shortRunIds(
        store,
        runs.map((run) => run.id),
      )
      await output.result({ metric, better, best: runs[0], runs }, (colors) => {
        const key = `metrics.${metric}`
        const all = runColumns(runs, short)
        const others = telling(all, runs).filter((c) => c.key !== key && (c.group ?? 'params') === 'params')
        const kept = [...others.slice(0, 1), ...all.filter((c) => c.key === key), ...others.slice(1)]
        return renderTable(
          kept.map(({ key, type = 'text' }) => ({ name: key, type })),
          runs.map((run) => kept.map((c) => c.shown(run))),
          { columns: output.width, colors },
        )
      })
      await output.note(`by ${metric}: ${better} is better`)
      return 0
    }),
})

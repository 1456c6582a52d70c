import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { grouped, renderPairs, renderTable } from '../../render/table.ts'
import { when } from '../../render/when.ts'
import { runColumns, telling } from '../runs/run-columns.ts'
import { withRuns } from '../runs/runs-open.ts'
import { experimentNamed } from './which.ts'

export const experimentsShowCommand = defineCommand({
  name: 'experiments show',
  summary: 'Show an experiment and its newest runs',
  description: 'Description, tags and runs of one experiment; its last ten runs with what differs between them.',
  positionals: [{ name: 'experiment', description: 'name, or the number MLflow clients know it by', required: true }],
  options: z.object({}),
  examples: [{ command: 'viewcast experiments show delays', description: 'What was tried last' }],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { searchRuns, shortRunIds } = await import('@viewcast/sdk')
      const { output } = invocation
      const experiment = await experimentNamed(store, positional(invocation, 'experiment'))
      const { items: runs } = await searchRuns(store, {
        experimentIds: [experiment.id],
        limit: 10,
        lifecycle: experiment.lifecycle,
      })
      const short = await shortRunIds(
        store,
        runs.map((run) => run.id),
      )
      await output.result({ ...experiment, newest: runs }, (colors) => {
        const head: [string, string][] = [
          ['experiment', experiment.name + (experiment.lifecycle === 'deleted' ? ' (deleted)' : '')],
          ['number', String(experiment.seq)],
          ['runs', `${grouped(experiment.runs)}${experiment.running === 0 ? '' : `, ${experiment.running} running`}`],
          ...(experiment.lastRunAt === null ? [] : [['last run', when(experiment.lastRunAt)] as [string, string]]),
          ['created', when(experiment.createdAt)],
          ...Object.entries(experiment.tags).map(([key, value]): [string, string] => [`tag ${key}`, value]),
        ]
        const columns = telling(runColumns(runs, short), runs).filter((c) => c.key !== 'experiment')
        const rows = runs.map((run) => columns.map((c) => c.shown(run)))
        const table = runs.length === 0 ? [] : [renderTable(columns, rows, { columns: output.width, colors })]
        const description = experiment.description ? [`${experiment.description.trimEnd()}\n`] : []
        return [renderPairs(head), ...description, ...table].join('\n')
      })
      return 0
    }),
})

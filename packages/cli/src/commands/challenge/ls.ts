import type { ComparisonEntry } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { limitOption } from '../../parse/values.ts'
import { significant } from '../../render/number.ts'
import { grouped, renderTable } from '../../render/table.ts'
import { readingRegistry, second } from '../models/registered.ts'

export const challengeLsCommand = defineCommand({
  name: 'challenge ls',
  summary: 'List what came of challenges, the latest first',
  description:
    'One line for each time two versions were compared: how often they agreed, how far the mean of the output that moved most went, and the difference of the first metric where the outcome was known.',
  positionals: [{ name: 'model', description: 'champion or challenger; all when absent', required: false }],
  options: z.object({ limit: limitOption.default(20) }),
  examples: [
    { command: 'viewcast challenge ls reorder', description: 'How agreement went' },
    { command: "viewcast challenge ls --json | jq '.comparisons[0].agreement'", description: 'The last one' },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async ({ store }) => {
      const { comparisons } = await import('@viewcast/sdk')
      const { options, output, positionals } = invocation
      const model = positionals['model']
      const found = await comparisons(store, { limit: options.limit, ...(model === undefined ? {} : { model }) })
      if (found.length === 0 && !output.json) {
        await output.note('no challenges')
        return 0
      }
      await output.result({ comparisons: found }, (colors) =>
        renderTable(columns, found.map(lineOf), { columns: output.width, colors }),
      )
      return 0
    }),
})

const columns = [
  ...['at', 'champion', 'challenger', 'questions'].map((name) => ({ name })),
  ...['rows', 'agreement', 'kappa'].map((name) => ({ name, type: 'float8' })),
  { name: 'output' },
  ...['shift', 'spearman', 'stability'].map((name) => ({ name, type: 'float8' })),
  { name: 'metric' },
  { name: 'difference', type: 'float8' },
]

function lineOf(c: ComparisonEntry): readonly string[] {
  const [metric] = c.metrics
  return [
    second(c.at),
    `${c.champion}@${c.championVersion}`,
    `${c.challenger}@${c.challengerVersion}`,
    c.questions === 'sample' ? `${c.part ?? 'all'} part` : c.asOf === null ? c.questions : `as of ${second(c.asOf)}`,
    grouped(c.rows),
    significant(c.agreement, 4),
    significant(c.kappa, 3),
    c.output ?? '',
    significant(c.meanShift, 3),
    significant(c.spearman, 4),
    significant(c.stability, 3),
    metric?.metric ?? '',
    significant(metric?.difference ?? null, 3),
  ]
}

import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { diagnosticData } from '../../failure.ts'
import { UsageError } from '../../parse/usage.ts'
import { atOption, limitOption } from '../../parse/values.ts'
import { comparisonReport } from '../../render/comparison.ts'
import { namedModel, readingRegistry, versionNumber } from './registered.ts'

export const modelsCompareCommand = defineCommand({
  name: 'models compare',
  summary: 'Compare two versions: coefficients, encoders, metrics, data, SQL and the scores of the same rows',
  description:
    'Differences only, the later version against the earlier one named first. Both predict for the same questions in one statement: the rows of the sample, or every row of the entity as of --at. z is the difference over its standard error as if the versions shared no rows.',
  positionals: [
    { name: 'before', description: 'model@3, model@production', required: true },
    {
      name: 'after',
      description: 'version to compare with: model@4, @4, @challenger; the newest when absent',
      required: false,
    },
  ],
  options: z.object({
    rows: limitOption.optional().describe('Questions to compare at most (default 10,000)'),
    at: atOption,
    scores: z.enum(['yes', 'no']).default('yes').describe('Whether both predict'),
    sql: z.boolean().default(false).describe('The diffs of the SQL, too'),
  }),
  examples: [
    { command: 'viewcast models compare reorder@production', description: 'What would change with the newest' },
    { command: 'viewcast models compare reorder@3 @4 --sql', description: 'With what changed in the SQL' },
    {
      command: 'viewcast models compare reorder@3 @4 --json | jq .scores.label.changed',
      description: 'How many labels would change',
    },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async (opened) => {
      const { compareVersions, modelVersion, resolveDefinition } = await import('@viewcast/sdk')
      const { io, options, output, positionals } = invocation
      const earlier = await namedModel(opened, positional(invocation, 'before'))
      const given = positionals['after']
      const later = await namedModel(
        opened,
        given === undefined ? earlier.name : given.startsWith('@') ? earlier.name + given : given,
      )
      if (later.name !== earlier.name) throw new UsageError('Versions of one model are compared; these are of two')
      const [b, a] = [await versionNumber(opened, earlier), await versionNumber(opened, later)]
      const before = await modelVersion(opened.store, earlier.name, b)
      const after = await modelVersion(opened.store, earlier.name, a)
      const model = resolveDefinition(opened.project, earlier.name, 'model')
      output.progress.step(`compare ${earlier.name} version ${b} with ${a}`)
      const compared = await compareVersions(opened.db, model, before, after, {
        directory: opened.project.directory,
        signal: io.signal,
        scores: options.scores === 'yes',
        ...(options.rows === undefined ? {} : { rows: options.rows }),
        ...(options.at === undefined ? {} : { at: options.at }),
      })
      output.progress.clear()
      const { notScored } = compared
      await output.warn(notScored ?? [])
      await output.result({ ...compared, ...(notScored && { notScored: notScored.map(diagnosticData) }) }, (colors) =>
        comparisonReport(compared, { sql: options.sql, colors }),
      )
      return 0
    }),
})

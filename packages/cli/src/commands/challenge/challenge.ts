import type { Challenge, Run } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { diagnosticData } from '../../failure.ts'
import { withStoreIfAllowed } from '../../open.ts'
import { UsageError } from '../../parse/usage.ts'
import { atOption, keysOption, readKeys } from '../../parse/values.ts'
import { challengeReport } from '../../render/challenge.ts'
import { significant } from '../../render/number.ts'
import { chosenModel } from '../chosen-model.ts'

const limit = z.coerce.number().optional()

export const challengeCommand = defineCommand({
  name: 'challenge',
  summary: 'Score two versions for the same questions, and say how far apart they are',
  description:
    'A champion and a challenger in one query that reads each view once: agreement of their labels, how far the scores move, and with --sample, where the outcome is known, the metrics of both with the standard error of their difference. The challenger may be another model of the same entity. Nothing but aggregates leaves the database; they are kept as a run and listed by "viewcast challenge ls".',
  positionals: [
    { name: 'champion', description: 'model@production, model@3', required: true },
    {
      name: 'challenger',
      description: 'model@candidate, @candidate, another model; the newest version of the model when absent',
      required: false,
    },
  ],
  options: z.object({
    at: atOption,
    keys: keysOption,
    sample: z.boolean().default(false).describe('The rows of the sample, whose outcome is known'),
    part: z
      .enum(['train', 'validation', 'test', 'all'])
      .optional()
      .describe('Part of the sample; test where there is one, otherwise all'),
    failIfAgreementBelow: limit.meta({
      value: 'share',
      expects: 'a number from 0 to 1',
      description: 'Exit with 1 when fewer of the labels are the same',
    }),
    failIfShiftAbove: limit.meta({
      value: 'shift',
      expects: 'a number',
      description: 'Exit with 1 when the mean of an output moves farther, up or down',
    }),
    sql: z.boolean().default(false).describe('Print the query that scores both, and run nothing'),
  }),
  examples: [
    {
      command: 'viewcast challenge reorder@production reorder@candidate',
      description: 'Everyone as of now',
    },
    {
      command: 'viewcast challenge reorder@1 @2 --sample',
      description: 'Where the outcome is known: which of them is right',
    },
    {
      command:
        'viewcast challenge reorder@production @candidate --fail-if-agreement-below 0.95 --fail-if-shift-above 0.02',
      description: 'As a gate before promoting',
    },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async (opened) => {
      const sdk = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      if (options.sample && (options.at !== undefined || options.keys !== undefined)) {
        throw new UsageError('--sample asks the rows of the sample at their own instants; leave --at and --keys out')
      }
      if (options.part !== undefined && !options.sample) throw new UsageError('--part is of --sample')
      if (!within(options.failIfAgreementBelow, 1) || !within(options.failIfShiftAbove, Number.POSITIVE_INFINITY)) {
        throw new UsageError('--fail-if-agreement-below is a share from 0 to 1, --fail-if-shift-above a number above 0')
      }
      const given = positional(invocation, 'champion')
      const champion = await chosenModel(opened, given, undefined, output)
      const other = invocation.positionals['challenger'] ?? ''
      const challenger = await chosenModel(
        opened,
        other === '' || other.startsWith('@') ? `${champion.model.name}${other}` : other,
        undefined,
        output,
      )
      const keys = readKeys(options.keys, io.cwd)
      const wanted = {
        directory: opened.project.directory,
        signal: io.signal,
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(keys === undefined ? {} : { keys }),
        ...(options.sample ? { spine: 'sample' as const } : {}),
        ...(options.part === undefined ? {} : { part: options.part }),
      }
      if (options.sql) {
        const { sql, warnings } = await sdk.comparisonQuery(opened.db, champion, { challenger }, wanted)
        await output.warn(warnings)
        await output.result({ sql, warnings: warnings.map(diagnosticData) }, () => `${sql.trimEnd()}\n`)
        return 0
      }
      const title = (v: typeof champion): string => `${v.record.name} version ${v.record.version}`
      output.progress.step(`score ${title(champion)} and ${title(challenger)}`)
      const found: Challenge & { readonly run?: Run } = opened.store
        ? await sdk.challengeRecorded(opened.store, champion, challenger, wanted)
        : await sdk.challenge(opened.db, champion, challenger, wanted)
      output.progress.clear()
      await output.warn(found.warnings)
      const broken = brokenLimits(found, options)
      await output.result(
        { ...found, run: found.run?.id ?? null, warnings: found.warnings.map(diagnosticData), broken },
        (colors) => challengeReport(found, { broken, colors }),
      )
      return broken.length === 0 ? 0 : 1
    }),
})

const within = (value: number | undefined, most: number): boolean =>
  value === undefined || (value >= 0 && value <= most)

interface Limits {
  readonly failIfAgreementBelow?: number | undefined
  readonly failIfShiftAbove?: number | undefined
}

/** What was asked for and is not so, as sentences. Errors: `UsageError` for agreement of versions without a label. */
function brokenLimits({ label, outputs }: Challenge, limits: Limits): string[] {
  const { failIfAgreementBelow: least, failIfShiftAbove: most } = limits
  const broken: string[] = []
  if (least !== undefined) {
    if (label === undefined) throw new UsageError('--fail-if-agreement-below: these versions have no labels to compare')
    const { agreement } = label
    if (agreement === null) broken.push('there is no row both give a label for')
    else if (agreement < least) {
      broken.push(
        `the labels of ${significant(100 * agreement, 4)} % agree, and ${significant(100 * least, 4)} % are asked for`,
      )
    }
  }
  for (const { output, meanShift } of outputs) {
    if (most === undefined || meanShift === null || Math.abs(meanShift) <= most) continue
    broken.push(`the mean of ${output} moves by ${significant(meanShift, 4)}, and ${significant(most, 4)} is allowed`)
  }
  return broken
}

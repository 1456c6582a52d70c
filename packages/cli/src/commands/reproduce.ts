import type { Reproduction } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withStore } from '../open.ts'
import { significant } from '../render/number.ts'
import type { Colors } from '../render/palette.ts'
import { stages } from '../render/stages.ts'
import { grouped, renderPairs, tableBelow } from '../render/table.ts'
import { differenceText } from './datasets/text.ts'

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: 'Read what a run read again and train again: are data and coefficients the same?',
  description:
    'Runs the training query that the store kept, compares the digest of its rows, and trains with the params of the run. Nothing is written. Exits 1 when data or coefficients differ, and says by column and view where.',
  positionals: [
    { name: 'run', description: "id of a training's run, the beginning of one, or latest", required: true },
  ],
  options: z.object({
    current: z.boolean().default(false).describe('Use the query and the declaration of the project as they are now'),
    tolerance: z.coerce
      .number()
      .min(0)
      .default(1e-9)
      .describe('How far coefficients may be apart, relative to themselves or their standard error'),
  }),
  examples: [
    { command: 'viewcast reproduce latest', description: 'As it was' },
    {
      command: 'viewcast reproduce 01936b2e-7c1a-7def-8a55-2f1d6c3b9e10 --current',
      description: 'As the project says now',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ project, store }) => {
      const { findRun, reproduce } = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      const run = await findRun(store, positional(invocation, 'run'), { kinds: ['train'] })
      output.progress.step('digesting')
      const found = await reproduce(store, run, {
        project,
        current: options.current,
        tolerance: options.tolerance,
        signal: io.signal,
        onProgress: stages(output.progress),
      })
      output.progress.done()
      await output.result(found, (colors) => report(found, colors))
      return found.agrees ? 0 : 1
    }),
})

function report({ agrees, data, model, params, query }: Reproduction, colors: Colors): string {
  const { difference } = data
  const coefficients = model?.comparison?.different ?? []
  const table = (names: readonly string[], rows: readonly (readonly unknown[])[]): string =>
    tableBelow(names, rows, { colors })
  return [
    renderPairs([
      ['agrees', colors.bold(agrees ? 'yes' : 'no')],
      ['data', `${dataText(data)}, ${data.dataset}${data.version === undefined ? '' : ` version ${data.version}`}`],
      ...(difference === undefined || difference.isEqual
        ? []
        : [['rows', difference.rows.map(grouped).join(' then, now ')] as const]),
      ...(model === undefined
        ? []
        : [['coefficients', `${modelText(model)}, ${model.model} version ${model.version}`] as const]),
      [
        'query',
        `${query.used === 'kept' ? 'as it was kept' : 'as it is now'}${query.isOtherNow ? '; the project compiles to another one now' : ''}`,
      ],
      ...(data.views.length === 0 ? [] : [['views changed', data.views.join(', ')] as const]),
    ]),
    table(['column', 'difference'], difference?.columns.map((c) => [c.name, differenceText(c)]) ?? []),
    table(
      ['coefficient', 'then', 'now'],
      coefficients.map((c) => [
        c.class === undefined ? c.name : `${c.name} (${c.class})`,
        significant(c.before, 8),
        significant(c.after, 8),
      ]),
    ),
    table(
      ['param', 'then', 'declared now'],
      params.map((p) => [p.param, p.recorded ?? '', p.declared ?? '']),
    ),
  ].join('')
}

function dataText({ verdict, difference }: Reproduction['data']): string {
  if (verdict === 'unknown') return 'cannot be compared, as no digest was kept'
  if (verdict === 'equal') return 'equal'
  return difference?.isRepaired ? 'equal values, in other rows' : 'different'
}

function modelText({ verdict, reason, comparison }: NonNullable<Reproduction['model']>): string {
  if (verdict === 'not-trained') return `not compared: ${reason}`
  if (verdict === 'equal') return 'equal to the last bit'
  const largest = (comparison?.largest ?? 0).toExponential(1)
  return verdict === 'within' ? `equal, at most ${largest} apart` : `different, up to ${largest} apart`
}

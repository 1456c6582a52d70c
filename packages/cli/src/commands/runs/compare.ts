import type { ComparedNumbers, ComparedRow, ComparedRuns } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { significant } from '../../render/number.ts'
import type { Colors } from '../../render/palette.ts'
import { renderTable } from '../../render/table.ts'
import { withRuns } from './runs-open.ts'

export const runsCompareCommand = defineCommand({
  name: 'runs compare',
  summary: 'Compare runs: what differs, and by how much',
  description:
    'Puts runs beside each other and shows what differs: attributes, versions read, params, metrics, coefficients when at least two of them made a model, tags. Numbers come with their difference to the first run.',
  positionals: [
    { name: 'run', description: 'beginning of an id, or latest; the first is the baseline', required: true },
  ],
  takesMore: true,
  options: z.object({ all: z.boolean().default(false).describe('What is the same, too') }),
  examples: [
    { command: 'viewcast runs compare 0199d2a4 latest', description: 'What the last run changed' },
    {
      command: 'viewcast runs compare 0199d2a4 0199d2b1 0199d2c7 --all',
      description: 'Three runs, with what they share',
    },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { compareRuns, findRun, shortRunIds } = await import('@viewcast/sdk')
      const given = [positional(invocation, 'run'), ...invocation.more]
      const ids: string[] = []
      for (const reference of given) ids.push(await findRun(store, reference))
      const twice = ids.findIndex((id, i) => ids.indexOf(id) < i)
      if (twice >= 0) throw new UsageError(`"${given[twice]}" names a run that is named before it`)
      const compared = await compareRuns(store, ids)
      const short = await shortRunIds(store, ids)
      const { output, options } = invocation
      await output.result(compared, (colors) =>
        text(
          compared,
          ids.map((id) => short.get(id) ?? id),
          options.all,
          colors,
          output.width,
        ),
      )
      return 0
    }),
})

type Row = ComparedRow<string> | ComparedNumbers

function text(
  compared: ComparedRuns,
  names: readonly string[],
  all: boolean,
  colors: Colors,
  width: number | undefined,
): string {
  const { attributes, inputs, params, metrics, coefficients, tags } = compared
  const groups: readonly (readonly [string, readonly Row[]])[] = [
    ['run', attributes],
    ['read', inputs],
    ['params', params],
    ['metrics', metrics],
    ['coefficients', coefficients],
    ['tags', tags],
  ]
  const blocks = groups.flatMap(([title, rows]) => {
    const shown = [...rows.filter((r) => r.differs), ...(all ? rows.filter((r) => !r.differs) : [])]
    if (shown.length === 0) return []
    const columns = [
      { name: title },
      ...names.map((name) => ({ name, ...('deltas' in (shown[0] as Row) ? { type: 'float8' } : {}) })),
    ]
    return [renderTable(columns, shown.map(cells), { columns: width, colors })]
  })
  const same = groups.flatMap(([title, rows]) => {
    const n = rows.filter((r) => !r.differs).length
    return n === 0 ? [] : [`${n} of ${title}`]
  })
  const rest = all || same.length === 0 ? [] : [colors.dim(`the same: ${same.join(', ')}; see them with --all\n`)]
  return [...blocks, ...rest].join('\n')
}

function cells(row: Row): readonly string[] {
  const texts = row.values.map((value, i) => {
    if (value === null) return ''
    if (typeof value === 'string') return value
    const delta = 'deltas' in row ? (row.deltas[i] ?? null) : null
    return delta === null || delta === 0
      ? significant(value)
      : `${significant(value)} (${delta > 0 ? '+' : ''}${significant(delta, 3)})`
  })
  return [row.name, ...texts]
}

import type { FoundRun, SearchRunsOptions, Store } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation } from '../../command.ts'
import { UsageError } from '../../parse/usage.ts'
import { limitOption } from '../../parse/values.ts'
import { rowFormats, writeRows } from '../../render/rows.ts'
import { layoutTable, renderTable } from '../../render/table.ts'
import { idsOf } from '../experiments/which.ts'
import { type RunColumn, runColumns, telling } from './run-columns.ts'
import { withRuns } from './runs-open.ts'

const options = z.object({
  filter: z.string().optional().meta({
    value: 'filter',
    description: `Such as: metrics."test.auc" > 0.7 and (params.depth = 3 or tags.team = 'ops')`,
  }),
  sort: z.array(z.string()).optional().meta({
    value: 'key',
    description: "What to sort by, such as 'metrics.test.auc desc'; started desc when absent",
  }),
  experiment: z.array(z.string()).optional().meta({ value: 'name', description: 'Runs of this experiment' }),
  kind: z
    .array(z.string())
    .optional()
    .meta({ value: 'kind', description: 'Runs of this kind: train, run, predict, …' }),
  deleted: z.boolean().default(false).describe('Deleted runs instead'),
  limit: limitOption.default(20),
  page: z.string().optional().meta({ value: 'token', description: 'The page behind another, as that one said' }),
  columns: z.string().optional().meta({
    value: 'keys',
    description: 'These columns, joined by commas: run, name, state, metrics.test.auc, params.depth, …',
  }),
  all: z.boolean().default(false).describe('All columns, not only those whose values differ'),
  format: z.enum(rowFormats).default('table').describe('How rows are written; all columns unless it is a table'),
})

export const runsLsCommand = defineCommand({
  name: 'runs ls',
  summary: 'List runs: filter, sort, and see what differs',
  description:
    'Runs with params, latest metrics and tags, newest first. Of the columns only those are shown whose values differ between the runs listed. Filters compare metrics, params, tags and attributes (name, kind, state, experiment, started, seconds, user, commit, …) with AND, OR, NOT, parentheses, LIKE, IN and IS NULL; a run without a value matches neither a comparison nor its NOT. NaN and missing values sort last in either direction.',
  positionals: [],
  options,
  examples: [
    { command: 'viewcast runs ls', description: 'The newest runs' },
    {
      command: `viewcast runs ls --filter "metrics.test.auc > 0.7 and state = 'finished'" --sort 'metrics.test.auc desc'`,
      description: 'The good ones, best first',
    },
    {
      command: 'viewcast runs ls --experiment delays --format csv --limit 1000 > runs.csv',
      description: 'For a sheet',
    },
    { command: "viewcast runs ls --json | jq -r '.runs[].id'", description: 'Ids only' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { searchRuns, shortRunIds } = await import('@viewcast/sdk')
      const { items: runs, nextPageToken } = await searchRuns(store, await searchOf(store, invocation.options))
      const { output } = invocation
      if (output.json) {
        await output.result({ runs, nextPageToken: nextPageToken ?? null }, () => '')
        return 0
      }
      const short = await shortRunIds(
        store,
        runs.map((run) => run.id),
      )
      await write(invocation, runs, runColumns(runs, short))
      if (nextPageToken !== undefined) await output.note(`more with --limit, or --page ${nextPageToken}`)
      return 0
    }),
})

type Options = z.output<typeof options>

async function searchOf(store: Store, o: Options): Promise<SearchRunsOptions> {
  const experiments = o.experiment === undefined ? undefined : await idsOf(store, o.experiment, o.deleted)
  return {
    limit: o.limit,
    ...(o.filter === undefined ? {} : { filter: o.filter }),
    ...(o.sort === undefined ? {} : { orderBy: o.sort }),
    ...(experiments === undefined ? {} : { experimentIds: experiments }),
    ...(o.kind === undefined ? {} : { kinds: o.kind }),
    ...(o.page === undefined ? {} : { pageToken: o.page }),
    ...(o.deleted ? { lifecycle: 'deleted' } : {}),
  }
}

async function write(
  { options, output }: Invocation<Options>,
  runs: readonly FoundRun[],
  columns: readonly RunColumn[],
): Promise<void> {
  const chosen = options.columns === undefined ? undefined : choose(columns, options.columns)
  if (options.format !== 'table') {
    const kept = chosen ?? columns
    const rows = runs.map((run) => kept.map((c) => c.value(run)))
    await writeRows(once(rows), {
      columns: kept.map((c) => ({ ...c, name: c.key })),
      format: options.format,
      colors: output.colors,
      write: output.write,
    })
    return
  }
  if (runs.length === 0) {
    await output.note('no runs')
    return
  }
  const wanted =
    chosen ?? (options.all ? columns.filter((c) => runs.some((r) => c.value(r) !== null)) : telling(columns, runs))
  const kept = chosen || options.all ? wanted : fitting(wanted, runs, output.width, named(options))
  const rows = runs.map((run) => kept.map((c) => c.shown(run)))
  await output.write(renderTable(kept, rows, { columns: output.width, colors: output.colors }))
  const hidden = wanted.length - kept.length
  if (hidden > 0) await output.note(`${hidden} more column${hidden === 1 ? '' : 's'} with --all, or --columns`)
}

function choose(columns: readonly RunColumn[], text: string): readonly RunColumn[] {
  return text.split(',').map((given) => {
    const key = given.trim()
    const found = columns.find((c) => c.key === key)
    if (found === undefined) {
      throw new UsageError(`--columns: none of the runs has "${key}"`, {
        misspelt: { name: key, candidates: columns.map((c) => c.key) },
      })
    }
    return found
  })
}

/** Whether the filter or the order speaks of a column. */
const named =
  ({ filter = '', sort = [] }: Options) =>
  ({ name }: RunColumn): boolean =>
    [filter, ...sort].some((text) => text.includes(name))

/** As many as the terminal has room for; those that were asked for are the last to go. */
function fitting(
  columns: readonly RunColumn[],
  runs: readonly FoundRun[],
  width: number | undefined,
  isNamed: (column: RunColumn) => boolean,
): readonly RunColumn[] {
  let kept = columns
  for (;;) {
    const rows = runs.map((run) => kept.map((c) => c.shown(run)))
    if (width === undefined || layoutTable(kept, rows, { columns: width }).fits) return kept
    const last = kept.findLastIndex((c, i) => i > 0 && !isNamed(c))
    if (last <= 0) return kept
    kept = kept.toSpliced(last, 1)
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

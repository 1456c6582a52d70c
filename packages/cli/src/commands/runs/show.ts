import type { RunArtifact, RunDetails } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { significant } from '../../render/number.ts'
import type { Colors } from '../../render/palette.ts'
import { sparkline } from '../../render/sparkline.ts'
import { grouped, renderPairs, renderTable } from '../../render/table.ts'
import { tookText, when } from '../../render/when.ts'
import { withRuns } from './runs-open.ts'

export const runsShowCommand = defineCommand({
  name: 'runs show',
  summary: 'Show everything of one run',
  description:
    'Params, metrics with their course over the steps, tags, what was read and written, code and environment, error, note, files and the runs that are part of it. A deleted run is shown, too.',
  positionals: [{ name: 'run', description: 'beginning of its id, or latest', required: true }],
  options: z.object({}),
  examples: [
    { command: 'viewcast runs show latest', description: 'The run that was started last' },
    { command: "viewcast runs show 0199d2a4 --json | jq '.params'", description: 'Its params, for a script' },
  ],
  run: (invocation) =>
    withRuns(invocation, async (store) => {
      const { findRun, getRun, metricTrends } = await import('@viewcast/sdk')
      const id = await findRun(store, positional(invocation, 'run'))
      const run = await getRun(store, id)
      const trends = await metricTrends(store, id)
      await invocation.output.result({ ...run, trends }, (colors) => text(run, trends, colors, invocation.output.width))
      return 0
    }),
})

function text(
  run: RunDetails,
  trends: Readonly<Record<string, readonly number[]>>,
  colors: Colors,
  width: number | undefined,
): string {
  const table = (columns: readonly string[], rows: readonly (readonly string[])[], numbers: readonly string[] = []) =>
    rows.length === 0
      ? ''
      : indented(
          renderTable(
            columns.map((name) => (numbers.includes(name) ? { name, type: 'float8' } : { name })),
            rows,
            { colors: { ...colors, bold: colors.dim }, columns: width === undefined ? undefined : width - 2 },
          ),
        )
  const pairs = (all: Readonly<Record<string, string>>): string => renderPairs(Object.entries(all), '  ')
  const used = (all: readonly RunArtifact[]): string =>
    table(
      ['what', 'version', 'as', 'digest'],
      all.map((a) => [`${a.kind} ${a.name}`, String(a.version), a.role, a.digest?.slice(0, 16) ?? '']),
    )
  const sections: readonly (readonly [string, string])[] = [
    ['Params', pairs(run.params)],
    [
      'Metrics',
      table(
        ['metric', 'value', 'least', 'greatest', 'points', 'course'],
        run.metrics.map((m) => [
          m.name,
          significant(m.value),
          ...(m.n > 1 ? [significant(m.min), significant(m.max)] : ['', '']),
          grouped(m.n),
          sparkline(trends[m.name] ?? []),
        ]),
        ['value', 'least', 'greatest', 'points'],
      ),
    ],
    ['Tags', pairs(run.tags)],
    ['Read', used(run.inputs)],
    ['Written', used(run.outputs)],
    [
      'Files',
      table(
        ['path', 'bytes', 'type'],
        run.files.map((f) => [f.path, grouped(f.size), f.mediaType ?? '']),
        ['bytes'],
      ),
    ],
    [
      'Parts',
      table(
        ['run', 'name', 'state'],
        run.children.map((c) => [c.id, `${c.kind} ${c.name}`, c.state]),
      ),
    ],
    ['Environment', pairs(environment(run.environment))],
    ['Note', run.note === null ? '' : indented(`${run.note.trimEnd()}\n`)],
  ]
  const shown = sections.filter(([, body]) => body !== '').map(([title, body]) => `${colors.bold(title)}\n${body}`)
  return [renderPairs(head(run, colors)), ...shown].join('\n')
}

function head(run: RunDetails, colors: Colors): [string, string][] {
  const { source } = run
  const code = [source.commit, source.branch && `on ${source.branch}`, source.dirty && 'with changes', source.uri]
  const state = run.lifecycle === 'deleted' ? `${run.state}, deleted ${when(run.deletedAt ?? '')}` : run.state
  const failed = run.state === 'failed' || run.state === 'lost' || run.state === 'killed'
  const lines: readonly (readonly [string, string | null | undefined | false])[] = [
    ['run', run.id],
    ['name', `${run.name} (${run.kind})`],
    ['experiment', run.experiment?.name],
    ['state', failed ? colors.error(state) : state],
    ['error', run.error && [...(run.error.codes ?? []), run.error.message].join('  ')],
    ['started', `${when(run.startedAt)} UTC`],
    ['took', run.seconds !== null && tookText(run.seconds)],
    ['user', run.user],
    ['code', code.filter(Boolean).join('  ')],
    ['part of', run.parent],
    ['job', run.job],
  ]
  return lines.flatMap(([label, value]) => (value ? [[label, value] as [string, string]] : []))
}

const environment = (all: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )

const indented = (block: string): string => block.replace(/^(?=.)/gm, '  ')

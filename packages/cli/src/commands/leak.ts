import type { LeakReport } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { exit } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import type { Colors } from '../render/palette.ts'

export const leakCommand = defineCommand({
  name: 'leak',
  summary: 'Look for features that know what they should not',
  description:
    'Asks some rows of the sample again over sources that end at their instant, inside the query, and names the views and columns whose values move (future, late); asks the label over sources that end at its horizon (horizon); looks for features made of what only the target should reach (outcome), and for a single feature that tells the label (too-good). Exit code 1 when something leaks.',
  positionals: [{ name: 'dataset', description: 'dataset, or a model for its dataset', required: true }],
  options: z.object({
    instants: z.coerce.number().int().min(1).max(1000).default(5).meta({
      value: 'n',
      description: 'Instants of the sample that are probed, spread over it',
    }),
    rows: z.coerce.number().int().min(1).max(100_000).default(50).meta({
      value: 'n',
      description: 'Sample rows asked at each instant',
    }),
    tooGood: z.coerce.number().gt(0.5).max(1).default(0.95).meta({
      value: 'auc',
      description: 'AUC from which a single feature is too good',
    }),
  }),
  examples: [
    { command: 'viewcast leak history', description: 'A dataset' },
    { command: 'viewcast leak reorder --instants 20 --rows 200', description: "A model's dataset, looked at closely" },
    { command: 'viewcast leak history --json', description: 'For a script' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async ({ project, db, store }) => {
      const { options, io, output } = invocation
      const { findLeaks, findLeaksRecorded, resolveDefinition } = await import('@viewcast/sdk')
      const named = resolveDefinition(project, positional(invocation, 'dataset'), 'dataset', 'model')
      const dataset = named.kind === 'model' ? named.dataset : named
      const wanted = {
        directory: project.directory,
        signal: io.signal,
        instants: options.instants,
        rows: options.rows,
        tooGood: options.tooGood,
        onStep: (step: string) => output.progress.step(step),
        onProgress: (done: number, of?: number) => output.progress.at(done, of),
      }
      const report = store ? await findLeaksRecorded(store, dataset, wanted) : await findLeaks(db, dataset, wanted)
      output.progress.clear()
      await output.warn(report.warnings)
      await output.result(report, (colors) => renderReport(report, colors))
      return report.ok ? exit.ok : exit.failed
    }),
})

function renderReport(report: LeakReport, colors: Colors): string {
  const wide = Math.max(...report.checks.map((c) => c.name.length))
  const lines = report.checks.map((c) => {
    const mark = !c.ran ? colors.dim('-   ') : c.ok ? colors.good('ok  ') : colors.error('leak')
    return `${mark}  ${c.name.padEnd(wide)}  ${c.detail}`
  })
  const findings = report.findings.flatMap((f) => [
    '',
    `${colors.error(f.kind)}  ${f.column} of ${f.view} ${f.detail}`,
    `  ${colors.dim('hint')}  ${f.hint}`,
  ])
  const arrivals = report.arrivals.map(
    (a) =>
      `${a.view}: ${a.late} of ${a.rows} rows arrive late (${a.knownAt} after ${a.time}), ` +
      `half of them by more than ${duration(a.medianSeconds)}, one in a hundred by more than ${duration(a.p99Seconds)}`,
  )
  const sources = report.sources.map((s) => {
    const ignored = s.ignored.map((i) => `${i.column} (${i.why})`).join(', ')
    const judged = s.cutAt.length === 0 ? 'not cut: no instant tells' : `cut at ${s.cutAt.join(', ')}`
    return `${s.relation}: ${judged}${ignored === '' ? '' : `; not by ${ignored}`}`
  })
  const section = (title: string, of: readonly string[]) =>
    of.length === 0 ? [] : ['', colors.dim(title), ...of.map((line) => `  ${line}`)]
  return `${[...lines, ...findings, ...section('sources', sources), ...section('arrivals', arrivals)].join('\n')}\n`
}

/** `3 h`, `2 d`: one unit is enough to judge by. */
function duration(seconds: number): string {
  const [size, unit] =
    seconds >= 172_800 ? [86_400, 'd'] : seconds >= 7200 ? [3600, 'h'] : seconds >= 120 ? [60, 'min'] : [1, 's']
  return `${Number((seconds / size).toPrecision(2))} ${unit}`
}

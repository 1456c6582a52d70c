import type { ComparedCandidate, MetricSummary, ModelDef, Project, SelectionDef, SelectResult } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { limitOption } from '../parse/values.ts'
import { significant } from '../render/number.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { stages } from '../render/stages.ts'
import { grouped, renderPairs, renderTable } from '../render/table.ts'
import { thresholdTable } from '../render/threshold.ts'

export const selectCommand = defineCommand({
  name: 'select',
  summary: 'Cross-validate what a selection tries, choose, and keep the chosen model as a new version',
  description: `Reads the training query once, fits every candidate of a selection on the folds it declares, and compares them on the rows they were not fitted on. The chosen one is fitted on all training rows and kept as a new version of the model.

Every result is written below .viewcast/selections as it is made: a search that was stopped with Ctrl-C goes on where it was when it is run again. Results are used again only for the same rows, folds and candidate.

With the name of a model instead of a selection, the model is cross-validated as it is declared, or over the penalties given, and kept only when there is something to choose.`,
  positionals: [{ name: 'name', description: 'selection, or model', required: true }],
  options: z.object({
    folds: z.coerce.number().int().min(2).max(1000).optional().meta({
      value: 'n',
      expects: 'a whole number from 2 to 1000',
      description: 'Folds for a model, by hash of the entity key; 5 when absent',
    }),
    penalty: z
      .string()
      .optional()
      .meta({ value: 'list', description: 'Penalties to try for a model, such as 0,0.1,1' }),
    limit: limitOption.default(20).meta({ value: 'n', description: 'Lines of the table' }),
    fresh: z.boolean().default(false).meta({ description: 'Measure everything again, and write no results' }),
    noRefit: z.boolean().default(false).meta({ description: 'Compare only; keep no new version' }),
  }),
  examples: [
    { command: 'viewcast select reorder_grid', description: 'Search; print the comparison; keep the chosen model' },
    { command: 'viewcast select reorder --folds 10', description: 'Cross-validate a model as it is declared' },
    { command: 'viewcast select reorder --penalty 0,0.1,1,10', description: 'Choose among penalties' },
    { command: 'viewcast select reorder_grid --no-refit --json | jq .table[0]', description: 'Compare only' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async ({ settings, project, db, store }) => {
      const { adoptRecords, listVersions, saveRecord, selectModel, selectRecorded } = await import('@viewcast/sdk')
      const { io, output, options: o } = invocation
      const directory = settings.directory.value
      const { selection, isDeclared } = await selectionNamed(project, positional(invocation, 'name'), o)
      const versions = await listVersions(directory, selection.model.name)
      const wanted = {
        version: (versions.at(-1) ?? 0) + 1,
        directory: project.directory,
        ...(o.fresh ? {} : { resultsDirectory: directory }),
        refit: !o.noRefit && (isDeclared || o.penalty !== undefined),
        signal: io.signal,
        onProgress: stages(output.progress),
      }
      // Versions that only files have keep their numbers.
      if (store) await adoptRecords(store, directory, selection.model.name)
      const result = store ? await selectRecorded(store, selection, wanted) : await selectModel(db, selection, wanted)
      output.progress.done()
      const file = result.record && (await saveRecord(directory, result.record))
      await output.warn(result.warnings)
      await output.result(asData(selection, result, file), (colors) =>
        report(selection, result, file && shown(file, io.cwd), o.limit, colors),
      )
      if (file !== undefined) await output.note(`next: viewcast predict ${selection.model.name}`)
      return 0
    }),
})

interface Options {
  readonly folds?: number | undefined
  readonly penalty?: string | undefined
}

/** A selection the project declares, or one made for a model. Errors: `project/unknown-name`, `project/wrong-kind`. */
async function selectionNamed(
  project: Project,
  name: string,
  { folds, penalty }: Options,
): Promise<{ readonly selection: SelectionDef; readonly isDeclared: boolean }> {
  const { fail, nearParameter, resolveDefinition, selectionOf } = await import('@viewcast/sdk')
  const declared = project.selections.get(name)
  if (declared !== undefined) {
    if (folds !== undefined || penalty !== undefined) {
      throw new UsageError(
        `${folds === undefined ? '--penalty' : '--folds'} is for a model; selection "${name}" declares its own`,
      )
    }
    return { selection: declared, isDeclared: true }
  }
  if (!project.definitions.has(name)) {
    fail('project/unknown-name', {
      name,
      ...nearParameter(name, [...project.selections.keys(), ...project.definitions.keys()]),
    })
  }
  const model: ModelDef = resolveDefinition(project, name, 'model')
  const selection = selectionOf(name, {
    model,
    folds: { kind: 'hash', count: folds ?? 5, repeats: 1 },
    ...(penalty === undefined ? {} : { over: { penalty: numbersOf(penalty) } }),
  })
  return { selection, isDeclared: false }
}

function numbersOf(list: string): number[] {
  const numbers = list.split(',').map((t) => (t.trim() === '' ? Number.NaN : Number(t)))
  if (numbers.every((n) => n >= 0 && n < Number.POSITIVE_INFINITY)) return numbers
  throw new UsageError(`--penalty ${list} is not a list of numbers from 0, such as 0,0.1,1`)
}

const asData = (selection: SelectionDef, result: SelectResult, file: string | undefined) => ({
  selection: selection.name,
  model: selection.model.name,
  ...(result.record === undefined ? {} : { version: result.record.version, file }),
  metric: selection.metric,
  rule: selection.rule,
  folds: result.folds,
  rows: result.rows,
  measured: result.measured,
  reused: result.reused,
  seconds: result.seconds,
  chosen: result.table.find((t) => t.state === 'chosen'),
  table: result.table,
  ...(result.record === undefined
    ? {}
    : {
        metrics: result.record.metrics,
        threshold: result.record.threshold,
        thresholdChoice: result.record.thresholdChoice ?? null,
      }),
  warnings: result.warnings.map(diagnosticData),
  sql: result.trainingQuery,
})

function report(
  { name, metric, rule, model }: SelectionDef,
  result: SelectResult,
  file: string | undefined,
  limit: number,
  colors: Colors,
): string {
  const { table, record } = result
  const chosen = table.find((t) => t.state === 'chosen')
  const count = (state: ComparedCandidate['state']): number => table.filter((t) => t.state === state).length
  const stopped = [
    ...(count('pruned') > 0 ? [`${grouped(count('pruned'))} stopped early`] : []),
    ...(count('failed') > 0 ? [`${grouped(count('failed'))} could not be fitted`] : []),
  ]
  const head = renderPairs([
    [
      'selection',
      `${colors.bold(name)} of model ${model.name}, by ${metric}${rule === 'best' ? '' : ', one standard error'}`,
    ],
    ['rows', `${grouped(result.rows.train)} train in ${result.folds}`],
    ['candidates', [grouped(table.length), ...stopped].join(', ')],
    ['fits', `${grouped(result.measured)} made, ${grouped(result.reused)} reused, ${result.seconds.toFixed(2)} s`],
    ['chosen', colors.bold(chosen?.candidate ?? '')],
    ...(record === undefined || file === undefined
      ? []
      : [['kept as', `version ${record.version}, ${file}`] as [string, string]]),
  ])
  return [
    head,
    comparison(table, metric, limit, colors),
    ...failures(table),
    ...metrics(result),
    record === undefined ? '' : thresholdTable(record, colors),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function comparison(table: readonly ComparedCandidate[], metric: string, limit: number, colors: Colors): string {
  const others = [...new Set(table.flatMap((t) => Object.keys(t.metrics)))].filter((m) => m !== metric && !isRate(m))
  const columns = [
    { name: 'candidate' },
    { name: '' },
    { name: metric, type: 'float8' },
    { name: '± s.e.', type: 'float8' },
    { name: 'worse by', type: 'float8' },
    { name: '± s.e.', type: 'float8' },
    ...others.map((name) => ({ name, type: 'float8' })),
    { name: 'columns', type: 'float8' },
    { name: 'folds', type: 'int4' },
    { name: 's', type: 'float8' },
  ]
  const lines = table.slice(0, limit)
  // The chosen one may be far down by the rule of one standard error.
  const chosen = table.find((t) => t.state === 'chosen')
  if (chosen !== undefined && !lines.includes(chosen)) lines.push(chosen)
  const rows = lines.map((t) => [
    t.candidate,
    words[t.state],
    ...both(t.state === 'failed' ? undefined : t.metrics[metric]),
    ...both(t.state === 'failed' ? undefined : t.worseBy),
    ...others.map((m) => significant(t.state === 'failed' ? null : (t.metrics[m]?.mean ?? null), 4)),
    significant(t.nonZero, 4),
    t.folds,
    t.seconds.toFixed(1),
  ])
  const more =
    table.length > lines.length ? `${grouped(table.length - lines.length)} more with --limit ${table.length}\n` : ''
  return `${renderTable(columns, rows, { colors })}${more}`
}

/** What depends on the rows and not on the candidate. */
const isRate = (metric: string): boolean => ['baseRate', 'mean', 'largestShare'].includes(metric)

const words = { chosen: 'chosen', measured: '', pruned: 'stopped', failed: 'failed' } as const

const both = (summary: MetricSummary | undefined): string[] => [
  significant(summary?.mean ?? null, 4),
  significant(summary?.standardError ?? null, 2),
]

function failures(table: readonly ComparedCandidate[]): string[] {
  const failed = table.flatMap((t) =>
    t.failure === undefined ? [] : [`${t.candidate}: ${t.failure.message} (${t.failure.code})`],
  )
  const more = failed.length > 5 ? [`and ${grouped(failed.length - 5)} more; --json has them all`] : []
  return failed.length === 0
    ? []
    : [`could not be fitted:\n${[...failed.slice(0, 5), ...more].map((l) => `  ${l}\n`).join('')}`]
}

function metrics({ record }: SelectResult): string[] {
  if (record === undefined) return []
  const { train, validation, test, baseline } = record.metrics
  const parts = { train, ...(validation === undefined ? {} : { validation }), test, baseline }
  const present = Object.entries(parts).filter(([, values]) => Object.keys(values).length > 0)
  const names = [...new Set(present.flatMap(([, values]) => Object.keys(values)))]
  const rows = names.map((name) => [name, ...present.map(([, values]) => significant(values[name] ?? null, 4))])
  return [renderTable([{ name: 'fitted on all' }, ...present.map(([name]) => ({ name, type: 'float8' }))], rows)]
}

import type { ModelRecord, Run, ScorecardRow, TrainResult } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { withStoreIfAllowed } from '../open.ts'
import { coefficientTable, fitStatistics } from '../render/coefficients.ts'
import { significant } from '../render/number.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { calibrationTable, pathTable } from '../render/penalty-path.ts'
import { scorecardTable } from '../render/scorecard.ts'
import { stages } from '../render/stages.ts'
import { grouped, renderPairs, renderTable } from '../render/table.ts'
import { thresholdTable } from '../render/threshold.ts'

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'Train a model on its dataset and keep the result as a new version',
  description:
    'Runs the training query, learns the encoders and the coefficients, measures them on the test part and writes a model record. Earlier versions stay; what gives the same as one of them is that version again.',
  positionals: [{ name: 'model', description: 'model to train', required: true }],
  options: z.object({
    where: z
      .enum(['auto', 'process', 'database'])
      .default('auto')
      .describe('Where the sums are made: process reads the rows, database only aggregates, auto chooses and says why'),
    'group-rows': z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe(
        'Read groups of equal rows, counted by the database, instead of rows: auto where many rows are few groups',
      ),
    exact: z
      .boolean()
      .default(false)
      .describe('Least squares in whole numbers, without rounding: slow, and right to the last digit'),
    noDigest: z.boolean().default(false).meta({
      description: 'Keep no version of the dataset; spares running the training query once more to digest its rows',
    }),
  }),
  examples: [
    { command: 'viewcast train reorder', description: 'Train; print coefficients and metrics' },
    { command: 'viewcast train reorder --where database', description: 'No row leaves the database' },
    { command: 'viewcast train reorder --json | jq .metrics.test', description: 'Metrics for a script' },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async ({ settings, project, db, store }) => {
      const {
        adoptRecords,
        familyTitle,
        listVersions,
        resolveDefinition,
        saveRecord,
        scorecardRows,
        trainModel,
        trainRecorded,
      } = await import('@viewcast/sdk')
      const { io, output } = invocation
      const directory = settings.directory.value
      const model = resolveDefinition(project, positional(invocation, 'model'), 'model')
      const options = {
        directory: project.directory,
        signal: io.signal,
        where: invocation.options.where,
        exact: invocation.options.exact,
        ...groupRows[invocation.options['group-rows']],
        onProgress: stages(output.progress),
      }
      // Versions that only files have keep their numbers: the next one is none of theirs.
      if (store) await adoptRecords(store, directory, model.name)
      const result: TrainResult & { readonly run?: Run; readonly isNew?: boolean } = store
        ? await trainRecorded(store, model, { ...options, digest: !invocation.options.noDigest })
        : await trainModel(db, model, {
            ...options,
            version: ((await listVersions(directory, model.name)).at(-1) ?? 0) + 1,
          })
      output.progress.done()
      const file = await saveRecord(directory, result.record)
      await output.warn(result.warnings)
      const points = scorecardRows(result.record)
      await output.result(
        { ...asData(result, points, file), run: result.run?.id ?? null, isNew: result.isNew ?? true },
        (colors) =>
          [
            report(result, familyTitle(model.family, model.link), shown(file, io.cwd), colors),
            scorecardTable(points, colors),
          ]
            .filter((table) => table !== '')
            .join('\n'),
      )
      if (result.isNew === false) await output.note(`nothing new: this is version ${result.record.version} again`)
      await output.note(`next: viewcast predict ${model.name}, or viewcast compile ${model.name}`)
      return 0
    }),
})

const groupRows = { auto: {}, always: { groupRows: true }, never: { groupRows: false } } as const

const asData = (
  { record, warnings, seconds, trainingQuery }: TrainResult,
  points: readonly ScorecardRow[],
  file: string,
) => ({
  model: record.name,
  version: record.version,
  file,
  seconds,
  rows: {
    train: record.dataset.trainRows,
    ...(record.dataset.validationRows === undefined ? {} : { validation: record.dataset.validationRows }),
    test: record.dataset.testRows,
    leftOut: record.dataset.leftOut,
  },
  metrics: record.metrics,
  ...(record.classes === undefined ? {} : { classes: record.classes }),
  ...(record.offset === undefined ? {} : { offset: record.offset }),
  coefficients: record.coefficients,
  ...(record.covariance === undefined ? {} : { covariance: record.covariance }),
  fit: record.fit,
  ...(record.path === undefined ? {} : { path: record.path }),
  ...(record.calibration === undefined ? {} : { calibration: record.calibration }),
  threshold: record.threshold,
  ...(record.thresholdChoice === undefined ? {} : { thresholdChoice: record.thresholdChoice }),
  ...(points.length === 0 ? {} : { scorecard: points }),
  warnings: warnings.map(diagnosticData),
  sql: trainingQuery,
})

function report(
  { record, seconds, run }: TrainResult & { readonly run?: Run },
  family: string,
  file: string,
  colors: Colors,
): string {
  const { dataset, fit } = record
  const head = renderPairs([
    ['model', `${colors.bold(record.name)} version ${record.version}, ${family} for ${record.label}`],
    ['rows', rowsIn(dataset)],
    ...leftOut(dataset),
    [
      'fit',
      `${fit.solver}${fit.certifiedDigits === undefined ? '' : ` (${fit.certifiedDigits} digits certified)`}, ${fit.iterations} iterations${penalised(fit.penalty)}, ${seconds.toFixed(2)} s`,
    ],
    ...fitStatistics(record),
    ['where', `${fit.where}${fit.reason === undefined ? '' : `: ${fit.reason}`}`],
    ['file', file],
    ...(run === undefined ? [] : [['run', run.id] as const]),
  ])
  return [
    head,
    coefficientTable(record, colors),
    pathTable(record, colors),
    metrics(record, colors),
    calibrationTable(record, colors),
    thresholdTable(record, colors),
  ]
    .filter((table) => table !== '')
    .join('\n')
}

const penalised = ({ l1, l2 }: ModelRecord['fit']['penalty']): string =>
  `${l1 > 0 ? `, L1 penalty ${l1}` : ''}${l2 > 0 ? `, L2 penalty ${l2}` : ''}`

function rowsIn({ trainRows, validationRows, testRows }: ModelRecord['dataset']): string {
  const validation = validationRows === undefined ? '' : `${grouped(validationRows)} validation, `
  return `${grouped(trainRows)} train, ${validation}${grouped(testRows)} test`
}

const reasons = {
  censored: 'outcome not complete',
  gap: 'in the gap of the split',
  unlabelled: 'without label',
  weightless: 'of weight 0',
  missing: 'with a missing input that has no score',
} as const

function leftOut({ leftOut }: ModelRecord['dataset']): [string, string][] {
  const told = Object.entries(reasons).flatMap(([reason, words]) => {
    const rows = leftOut?.[reason as keyof typeof reasons] ?? 0
    return rows === 0 ? [] : [`${grouped(rows)} ${words}`]
  })
  return told.length === 0 ? [] : [['left out', told.join(', ')]]
}

function metrics({ metrics: { train, validation, test, baseline } }: ModelRecord, colors: Colors): string {
  const parts = { train, ...(validation === undefined ? {} : { validation }), test, baseline }
  const shown = Object.entries(parts).filter(([, values]) => Object.keys(values).length > 0)
  const names = [...new Set(shown.flatMap(([, values]) => Object.keys(values)))]
  const columns = [{ name: 'metric' }, ...shown.map(([name]) => ({ name, type: 'float8' }))]
  const rows = names.map((name) => [name, ...shown.map(([, values]) => significant(values[name] ?? null, 4))])
  return renderTable(columns, rows, { colors })
}

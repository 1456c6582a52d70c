import { resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { withStore } from '../../open.ts'
import { shown } from '../../render/path.ts'
import { grouped, renderPairs } from '../../render/table.ts'
import { datasetReference } from './text.ts'

export const datasetsExportCommand = defineCommand({
  name: 'datasets export',
  summary: 'Write the rows of a version to a Parquet or CSV file, with a pointer for DVC',
  description:
    'Rows are those of the table that keeps the version, or of its query where that still gives equal rows, which the digest says. The file is written whole or not at all.',
  positionals: [
    { name: 'dataset', description: 'name, name@3 or name@tag', required: true },
    { name: 'path', description: 'file to write; .parquet or .csv says the format', required: true },
  ],
  options: z.object({
    format: z.enum(['parquet', 'csv']).optional().describe('Format, where the path does not say it'),
    dvc: z.boolean().default(false).describe('Write <path>.dvc too, a pointer of DVC 3'),
    overwrite: z.boolean().default(false).describe('Replace a file that is no copy of a dataset'),
  }),
  examples: [
    { command: 'viewcast datasets export departures data/departures.parquet --dvc', description: 'For DVC and git' },
    { command: 'viewcast datasets export departures@golden golden.csv', description: 'For a spreadsheet' },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { exportDataset } = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      const { dataset, selector } = await datasetReference(positional(invocation, 'dataset'))
      const path = resolve(io.cwd, positional(invocation, 'path'))
      output.progress.step('digesting')
      let isWriting = false
      const file = await exportDataset(store, dataset, selector, path, {
        ...(options.format === undefined ? {} : { format: options.format }),
        dvc: options.dvc,
        overwrite: options.overwrite,
        signal: io.signal,
        onProgress: (rows, total) => {
          if (!isWriting) output.progress.step('writing', total)
          isWriting = true
          output.progress.at(rows, total)
        },
      })
      output.progress.done()
      await output.result({ dataset, ...file }, (colors) =>
        renderPairs([
          ['dataset', `${colors.bold(dataset)} version ${file.version}`],
          ['file', `${shown(file.path, io.cwd)}, ${grouped(file.size)} bytes`],
          ['rows', grouped(file.rows)],
          ['md5', file.md5],
          ...(file.pointer === undefined ? [] : [['pointer', shown(file.pointer, io.cwd)] as const]),
        ]),
      )
      return 0
    }),
})

import { resolve } from 'node:path'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { openProject } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { outOption, versionOption } from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'

export const exportModelCommand = defineCommand({
  name: 'export-model',
  summary: 'Write a trained model for others to run: a JavaScript module, PMML, ONNX',
  description:
    'Writes a version of a model in a format that needs nothing of viewcast. javascript is one module without dependencies whose score(row) gives the same bits as a prediction; pmml is PMML 4.4, which other engines read; onnx is a graph of standard operators in double precision, which needs --out. No database is opened.',
  positionals: [{ name: 'model', description: 'model with a trained version', required: true }],
  options: z.object({
    as: z.enum(['javascript', 'pmml', 'onnx']).default('javascript').describe('Format to write'),
    version: versionOption,
    out: outOption,
  }),
  examples: [
    { command: 'viewcast export-model reorder --out reorder.js', description: 'A module with score(row)' },
    { command: 'viewcast export-model reorder --as pmml --out reorder.pmml', description: 'PMML 4.4' },
    { command: 'viewcast export-model reorder --version 2 --json | jq -r .content', description: 'For a script' },
  ],
  async run(invocation) {
    const { options, io, output } = invocation
    if (options.as === 'onnx' && options.out === undefined) throw new UsageError('--as onnx needs --out: it is no text')
    const { settings, project } = await openProject(invocation)
    const { exportModel, loadRecord, resolveDefinition } = await import('@viewcast/sdk')
    const model = resolveDefinition(project, positional(invocation, 'model'), 'model')
    const record = await loadRecord(settings.directory.value, model.name, options.version)
    const { content } = exportModel(record, options.as)
    const file = options.out === undefined ? undefined : resolve(io.cwd, options.out)
    if (file !== undefined) {
      await writeWhole(file, content)
      await output.note(`wrote ${options.out}`)
    }
    if (!output.json && file !== undefined) return 0
    const about = { model: model.name, version: record.version, format: options.as }
    await output.result(file === undefined ? { ...about, content } : { ...about, file }, () => String(content))
    return 0
  },
})

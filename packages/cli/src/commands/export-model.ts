import { resolve } from 'node:path'
import type { ModelRecord } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation, positional } from '../command.ts'
import { openProject, withProject } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import { outOption, versionOption } from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'
import { chosenModel, namedVersion } from './chosen-model.ts'

export const exportModelCommand = defineCommand({
  name: 'export-model',
  summary: 'Write a trained model for others to run: a JavaScript module, PMML, ONNX',
  description:
    'Writes a version of a model in a format that needs nothing of viewcast. javascript is one module without dependencies whose score(row) gives the same bits as a prediction; pmml is PMML 4.4, which other engines read; onnx is a graph of standard operators in double precision, which needs --out. No database is opened where a file has the version; an alias is looked up in the store.',
  positionals: [
    { name: 'model', description: 'model with a trained version; model@3, model@production', required: true },
  ],
  options: z.object({
    as: z.enum(['javascript', 'pmml', 'onnx']).default('javascript').describe('Format to write'),
    version: versionOption,
    out: outOption,
  }),
  examples: [
    { command: 'viewcast export-model reorder --out reorder.js', description: 'A module with score(row)' },
    { command: 'viewcast export-model reorder --as pmml --out reorder.pmml', description: 'PMML 4.4' },
    { command: 'viewcast export-model reorder@production --out reorder.js', description: 'What an alias points at' },
    { command: 'viewcast export-model reorder --version 2 --json | jq -r .content', description: 'For a script' },
  ],
  async run(invocation) {
    const { options, io, output } = invocation
    if (options.as === 'onnx' && options.out === undefined) throw new UsageError('--as onnx needs --out: it is no text')
    const { exportModel } = await import('@viewcast/sdk')
    const record = await recordOf(invocation, positional(invocation, 'model'), options.version)
    const { content } = exportModel(record, options.as)
    const file = options.out === undefined ? undefined : resolve(io.cwd, options.out)
    if (file !== undefined) {
      await writeWhole(file, content)
      await output.note(`wrote ${options.out}`)
    }
    if (!output.json && file !== undefined) return 0
    const about = { model: record.name, version: record.version, format: options.as }
    await output.result(file === undefined ? { ...about, content } : { ...about, file }, () => String(content))
    return 0
  },
})

/** From its file where that is there: exporting needs no database. */
async function recordOf(
  invocation: Pick<Invocation, 'globals' | 'io' | 'output'>,
  given: string,
  version: number | undefined,
): Promise<ModelRecord> {
  const { listVersions, loadRecord, resolveDefinition } = await import('@viewcast/sdk')
  const { settings, project } = await openProject(invocation)
  const { name, selector } = await namedVersion(project, given, version)
  const model = resolveDefinition(project, name, 'model')
  const directory = settings.directory.value
  const versions = await listVersions(directory, model.name)
  const wanted = selector ?? versions.at(-1)
  if (typeof wanted === 'number' && versions.includes(wanted)) return loadRecord(directory, model.name, wanted)
  return withProject(invocation, async (opened) => {
    const { record } = await chosenModel(opened, given, version, invocation.output)
    return record
  })
}

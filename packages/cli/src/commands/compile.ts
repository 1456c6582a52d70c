import { resolve } from 'node:path'
import type { CompiledQuery, Database, Definition } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { type Opened, withProject } from '../open.ts'
import { formOption, readForms } from '../parse/forms.ts'
import { UsageError } from '../parse/usage.ts'
import { atOption, keysOption, outOption, readKeys, versionOption } from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'

const options = z.object({
  keys: keysOption,
  at: atOption,
  as: z.enum(['query', 'view']).default('query').describe('The SELECT, or a CREATE VIEW around it'),
  version: versionOption,
  form: formOption,
  out: outOption,
})
type Options = z.output<typeof options>

export const compileCommand = defineCommand({
  name: 'compile',
  summary: 'Write the SQL of a dataset (training query) or a model (prediction query)',
  description:
    'Prints one statement and runs nothing. For a dataset it is the point-in-time training query; for a model it is the prediction query of a trained version, with the coefficients inside it.',
  positionals: [{ name: 'name', description: 'dataset or model', required: true }],
  options,
  examples: [
    { command: 'viewcast compile history', description: 'The training query' },
    { command: 'viewcast compile reorder --out reorder.sql', description: 'The prediction query, into a file' },
    { command: 'viewcast compile reorder --keys customer_id=7 | psql', description: 'Ask for one customer' },
  ],
  run: (invocation) =>
    withProject(invocation, async (opened) => {
      const { options: o, io, output } = invocation
      const { quoteIdentifier, resolveDefinition } = await import('@viewcast/sdk')
      const definition = resolveDefinition(opened.project, positional(invocation, 'name'), 'dataset', 'model')
      const { query, version } = await compiled(opened, definition, o, io.cwd)
      const sql = o.as === 'view' ? viewAround(quoteIdentifier(definition.name), query.sql) : `${query.sql}\n`
      await output.warn(query.warnings)
      const file = o.out === undefined ? undefined : resolve(io.cwd, o.out)
      if (file !== undefined) {
        await writeWhole(file, sql)
        await output.note(`wrote ${o.out}`)
      }
      if (!output.json && file !== undefined) return 0
      const warnings = query.warnings.map(diagnosticData)
      await output.result(
        {
          name: definition.name,
          kind: definition.kind,
          ...(version === undefined ? {} : { version }),
          sql,
          columns: query.columns,
          warnings,
          ...(file === undefined ? {} : { file }),
        },
        () => sql,
      )
      return 0
    }),
})

async function compiled(
  { project, settings, db }: Opened & { db: Database },
  definition: Definition,
  o: Options,
  cwd: string,
): Promise<{ query: CompiledQuery; version?: number }> {
  const sdk = await import('@viewcast/sdk')
  const asked = readForms(o.form)
  const forms = asked === undefined ? {} : { forms: asked }
  if (definition.kind === 'dataset') {
    for (const flag of ['keys', 'at', 'version'] as const) {
      if (o[flag] !== undefined) throw new UsageError(`--${flag} is for models; "${definition.name}" is a dataset`)
    }
    return { query: await sdk.trainingQuery(db, definition, { directory: project.directory, ...forms }) }
  }
  const model = sdk.resolveDefinition(project, definition.name, 'model')
  const record = await sdk.loadRecord(settings.directory.value, model.name, o.version)
  const keys = readKeys(o.keys, cwd)
  const query = await sdk.predictionQuery(db, model, record, {
    directory: project.directory,
    ...forms,
    ...(o.at === undefined ? {} : { at: o.at }),
    ...(keys === undefined ? {} : { keys }),
  })
  return { query, version: record.version }
}

const viewAround = (quotedName: string, sql: string): string =>
  `CREATE OR REPLACE VIEW ${quotedName} WITH (security_invoker = true) AS\n${sql};\n`

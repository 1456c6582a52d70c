import { resolve } from 'node:path'
import type {
  Column,
  CompiledQuery,
  CompileOptions,
  Database,
  Definition,
  Diagnostic,
  ModelDef,
  ModelSelector,
  QueryPlan,
} from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { diagnosticData } from '../failure.ts'
import { type Opened, withProject } from '../open.ts'
import { formOption, readForms } from '../parse/forms.ts'
import { UsageError } from '../parse/usage.ts'
import {
  atOption,
  keysOption,
  limitOption,
  outOption,
  outputsOption,
  readKeys,
  readOutputs,
  versionOption,
} from '../parse/values.ts'
import { writeWhole } from '../render/file.ts'
import { renderSize, renderStages } from '../render/query-size.ts'
import { namedVersion, readableStore } from './chosen-model.ts'

const options = z.object({
  keys: keysOption,
  at: atOption,
  sample: z.boolean().optional().meta({ description: "Ask for the sample's own rows and instants" }),
  limit: limitOption.optional(),
  as: z
    .enum(['query', 'view', 'function', 'scalar'])
    .default('query')
    .describe('The SELECT; a view of every entity; a function that gives a row for a key; one that gives the number'),
  name: z.string().optional().meta({ value: 'schema.name', description: 'Name of the view or function' }),
  'self-test': z.boolean().optional().meta({ description: 'Add the test of the query: checks as rows, then an error' }),
  dialect: z
    .enum(['postgres', 'citus'])
    .optional()
    .meta({ description: 'Engine the text is for; postgres when absent. citus keeps it one distributed plan' }),
  version: versionOption,
  outputs: outputsOption,
  form: formOption,
  out: outOption,
  report: z
    .boolean()
    .optional()
    .meta({ description: 'Say on stderr what the query asks of an engine: stages, bytes, tests, lookups' }),
})
type Options = z.output<typeof options>

export const compileCommand = defineCommand({
  name: 'compile',
  summary: 'Write the SQL of a dataset (training query) or a model (prediction query)',
  description:
    'Prints SQL and runs nothing. For a dataset it is the point-in-time training query; for a model it is the prediction query of a trained version, with the coefficients inside it, or the statements that keep it in a database.',
  positionals: [{ name: 'name', description: 'dataset or model; model@3, model@production', required: true }],
  options,
  examples: [
    { command: 'viewcast compile history', description: 'The training query' },
    { command: 'viewcast compile reorder --out reorder.sql', description: 'The prediction query, into a file' },
    { command: 'viewcast compile reorder --keys customer_id=7 | psql', description: 'Ask for one customer' },
    {
      command: 'viewcast compile reorder --outputs value,label,reasons=3',
      description: 'With the label and the three features that raise it most',
    },
    {
      command: 'viewcast compile reorder --as function | psql',
      description: 'A function of a customer and an instant',
    },
    {
      command: 'viewcast compile reorder --report --out reorder.sql',
      description: 'And what it costs, before it is deployed',
    },
    {
      command: 'viewcast compile reorder --self-test | psql -v ON_ERROR_STOP=1',
      description: 'Test it where it will run',
    },
  ],
  run: (invocation) =>
    withProject(invocation, async (opened) => {
      const { options: o, io, output } = invocation
      const { resolveDefinition } = await import('@viewcast/sdk')
      const named = await namedVersion(opened.project, positional(invocation, 'name'), o.version)
      const definition = resolveDefinition(opened.project, named.name, 'dataset', 'model')
      const { sql, columns, warnings, version, plan } = await compiled(opened, definition, named.selector, o, io.cwd)
      await output.warn(warnings)
      const bytes = Buffer.byteLength(sql)
      if (o.report) await output.note(`${renderStages(plan.stages)}${renderSize(bytes, plan.model)}`.trimEnd())
      const file = o.out === undefined ? undefined : resolve(io.cwd, o.out)
      if (file !== undefined) {
        await writeWhole(file, sql)
        await output.note(`wrote ${o.out}`)
      }
      if (!output.json && file !== undefined) return 0
      await output.result(
        {
          name: definition.name,
          kind: definition.kind,
          ...(version === undefined ? {} : { version }),
          sql,
          columns,
          warnings: warnings.map(diagnosticData),
          ...(o.report ? { report: { bytes, stages: plan.stages, ...(plan.model && { model: plan.model }) } } : {}),
          ...(file === undefined ? {} : { file }),
        },
        () => sql,
      )
      return 0
    }),
})

interface Compiled {
  readonly sql: string
  readonly columns: readonly Column[]
  readonly warnings: readonly Diagnostic[]
  readonly version?: number
  readonly plan: QueryPlan
}

async function compiled(
  opened: Opened & { db: Database },
  definition: Definition,
  selector: ModelSelector,
  o: Options,
  cwd: string,
): Promise<Compiled> {
  const sdk = await import('@viewcast/sdk')
  const { project, db } = opened
  if (definition.kind === 'dataset') {
    refuse(
      o,
      ['keys', 'at', 'sample', 'limit', 'name', 'self-test', 'version', 'outputs'],
      `is for models; "${definition.name}" is a dataset`,
    )
    if (o.as !== 'query') throw new UsageError(`--as ${o.as} is for models; "${definition.name}" is a dataset`)
    if (selector !== undefined) throw new UsageError(`versions are of models; "${definition.name}" is a dataset`)
    return ended(await sdk.trainingQuery(db, definition, { directory: project.directory, ...textOf(o) }))
  }
  const model = sdk.resolveDefinition(project, definition.name, 'model')
  return ofModel(opened, model, selector, o, cwd)
}

async function ofModel(
  opened: Opened & { db: Database },
  model: ModelDef,
  selector: ModelSelector,
  o: Options,
  cwd: string,
): Promise<Compiled> {
  const sdk = await import('@viewcast/sdk')
  const { project, settings, db } = opened
  const loaded = await sdk.loadModel(await readableStore(opened), settings.directory.value, model.name, selector)
  const { record } = loaded
  const outputs = await readOutputs(o.outputs)
  const common = {
    directory: project.directory,
    ...textOf(o),
    ...(o.at === undefined ? {} : { at: o.at }),
    ...(outputs === undefined ? {} : { outputs }),
  }
  if (o.as !== 'query') {
    refuse(o, ['keys', 'sample', 'limit', 'self-test'], 'is for --as query')
    if (o.as !== 'view')
      refuse(o, ['at'], `is an argument of the ${o.as === 'scalar' ? 'function' : o.as} when it is called`)
    const name = o.name === undefined ? {} : { name: relationOf(o.name) }
    const made = await sdk.predictionObject(db, model, record, { ...common, ...name, as: o.as })
    const { sql, columns, warnings, plan } = made
    return { sql, columns, warnings: [...loaded.warnings, ...warnings], plan, version: record.version }
  }
  refuse(o, ['name'], 'is for --as view, function and scalar')
  const keys = readKeys(o.keys, cwd)
  if (o.sample && (keys !== undefined || o.at !== undefined)) {
    throw new UsageError('--sample asks for rows of the sample, which have keys and instants of their own')
  }
  const asked = {
    ...common,
    ...(keys === undefined ? {} : { keys }),
    ...(o.limit === undefined ? {} : { limit: o.limit }),
    ...(o.sample ? { spine: 'sample' as const } : {}),
  }
  if (o['self-test']) {
    const { sql, columns, warnings, plan } = await sdk.selfTest(db, model, record, asked)
    return { sql, columns, warnings: [...loaded.warnings, ...warnings], plan, version: record.version }
  }
  const query = ended(await sdk.predictionQuery(db, model, record, asked))
  return { ...query, warnings: [...loaded.warnings, ...query.warnings], version: record.version }
}

function refuse(o: Options, flags: readonly (keyof Options)[], why: string): void {
  for (const flag of flags) if (o[flag] !== undefined) throw new UsageError(`--${flag} ${why}`)
}

function textOf(o: Options): Pick<CompileOptions, 'dialect' | 'forms'> {
  const forms = readForms(o.form)
  return { ...(o.dialect === undefined ? {} : { dialect: o.dialect }), ...(forms === undefined ? {} : { forms }) }
}

const ended = ({ sql, ...more }: CompiledQuery): Compiled => ({ ...more, sql: `${sql}\n` })

const relationOf = (text: string): { schema?: string; name: string } => {
  const dot = text.indexOf('.')
  return dot > 0 ? { schema: text.slice(0, dot), name: text.slice(dot + 1) } : { name: text }
}

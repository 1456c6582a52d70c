import type { RegisteredVersion } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../../command.ts'
import { diagnosticData } from '../../failure.ts'
import { UsageError } from '../../parse/usage.ts'
import { coefficientTable } from '../../render/coefficients.ts'
import { significant } from '../../render/number.ts'
import type { Colors } from '../../render/palette.ts'
import { shown } from '../../render/path.ts'
import { grouped, renderPairs, renderTable } from '../../render/table.ts'
import {
  type NamedInRegistry,
  namedModel,
  type Registry,
  readingRegistry,
  second,
  versionNumber,
} from './registered.ts'

export const modelsShowCommand = defineCommand({
  name: 'models show',
  summary: 'Show what the registry keeps of a version',
  description:
    'Signature (keys, inputs and outputs with their types), metrics, coefficients, the dataset and the run it comes from, and the hashes of its SQL. With --at an alias is asked where it pointed then. --json has the record and the texts of the SQL, too.',
  positionals: [
    { name: 'model', description: 'model, model@3 or model@production; the newest version without', required: true },
  ],
  options: z.object({
    at: z.string().optional().meta({
      value: 'instant',
      description: 'Where the alias pointed then: 2026-03-01T12:00Z, or a day, which is its first moment in UTC',
    }),
    sql: z.boolean().default(false).describe('Print the prediction query and nothing else'),
    restore: z.boolean().default(false).describe('Write the file of the version again, as the registry has it'),
  }),
  examples: [
    { command: 'viewcast models show reorder@production', description: 'What predicts now' },
    { command: 'viewcast models show reorder@production --at 2026-03-01', description: 'What did on that day' },
    {
      command: 'viewcast models show reorder@3 --sql > reorder-3.sql',
      description: 'Its prediction query, as it was kept',
    },
  ],
  run: (invocation) =>
    readingRegistry(invocation, async (opened) => {
      const { modelVersion, loadModel, saveRecord } = await import('@viewcast/sdk')
      const { io, options, output } = invocation
      const named = await namedModel(opened, positional(invocation, 'model'))
      const number =
        options.at === undefined ? await versionNumber(opened, named) : await versionAt(opened, named, options.at)
      const version = await modelVersion(opened.store, named.name, number)
      const directory = opened.settings.directory.value
      const file = options.restore ? await saveRecord(directory, version.record) : undefined
      const { warnings } =
        version.state === 'deleted' ? { warnings: [] } : await loadModel(opened.store, directory, named.name, number)
      await output.warn(warnings)
      if (file !== undefined) await output.note(`wrote ${shown(file, io.cwd)}`)
      if (options.sql && !output.json) {
        if (version.predictionSql === null) {
          throw new UsageError(
            `No prediction query was kept with version ${number}; see: viewcast compile ${named.name}@${number}`,
          )
        }
        await output.write(`${version.predictionSql.trimEnd()}\n`)
        return 0
      }
      const data = { model: named.name, ...version, warnings: warnings.map(diagnosticData) }
      await output.result(file === undefined ? data : { ...data, file }, (colors) =>
        report(named.name, version, colors),
      )
      return 0
    }),
})

/** Errors: `UsageError` without an alias, `time/instant`, `model/no-alias`. */
async function versionAt(opened: Registry, { name, selector }: NamedInRegistry, at: string): Promise<number> {
  const { aliasAt, aliasHistory, fail, nearParameter } = await import('@viewcast/sdk')
  if (typeof selector !== 'string') throw new UsageError('--at asks where an alias pointed: model@alias --at instant')
  const instant = /^\d{4}-\d\d-\d\d$/.test(at) ? `${at}T00:00Z` : at
  const version = await aliasAt(opened.store, name, selector, instant)
  if (version !== undefined) return version
  const known = [...new Set((await aliasHistory(opened.store, name)).map((h) => h.alias))].filter((a) => a !== selector)
  return fail('model/no-alias', { model: name, alias: selector, at, ...nearParameter(selector, known) })
}

function report(model: string, v: RegisteredVersion, colors: Colors): string {
  const { record, signature } = v
  const sql = (hash: string | null): string => (hash === null ? 'not kept' : hash.slice(0, 16))
  const head = renderPairs(
    [
      ['model', `${colors.bold(model)} version ${v.version}${v.state === 'live' ? '' : `, ${v.state}`}`],
      ['aliases', v.aliases.join(', ')],
      ['about', v.description ?? ''],
      [
        'tags',
        Object.entries(v.tags)
          .map(([key, value]) => `${key}=${value}`)
          .join(', '),
      ],
      ['predicts', `${record.label}, ${record.family} (${record.link})`],
      [
        'trained',
        `${second(record.trainedAt.replace('T', ' ').replace(/Z$/, ''))} on ${grouped(record.dataset.trainRows)} rows`,
      ],
      ['dataset', v.dataset === null ? record.dataset.name : `${v.dataset.name} version ${v.dataset.version}`],
      ['run', v.run ?? ''],
      ['registered', `${second(v.createdAt)}${v.createdBy === null ? '' : ` by ${v.createdBy}`}`],
      ['digest', v.digest?.slice(0, 16) ?? ''],
      ['SQL', `training ${sql(v.trainingHash)}, prediction ${sql(v.predictionHash)}`],
      ['checks', `${record.verification.length} verification rows`],
      [
        'asked by',
        (signature.keys ?? []).map((k) => `${k.name} ${k.type}`).join(', ') +
          (signature.asOf ? ', as_of timestamptz' : ''),
      ],
    ].filter((pair): pair is [string, string] => pair[1] !== ''),
  )
  const inputs = signature.inputs.map((i) => [i.name, i.type, i.encoder, i.nullable === false ? 'never' : i.missing])
  const outputs = signature.outputs.map((o) => [o.name, o.type, o.description])
  const parts = Object.entries(record.metrics).filter(([, values]) => Object.keys(values ?? {}).length > 0)
  const names = [...new Set(parts.flatMap(([, values]) => Object.keys(values ?? {})))]
  const metrics = names.map((name) => [name, ...parts.map(([, values]) => significant(values?.[name] ?? null, 4))])
  const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0
      ? []
      : [
          renderTable(
            columns.map((name) => ({ name })),
            rows,
            { colors },
          ),
        ]
  return [
    head,
    ...table(['input', 'type', 'encoder', 'NULL'], inputs),
    ...table(['output', 'type', 'meaning'], outputs),
    ...table(['metric', ...parts.map(([part]) => part)], metrics),
    ...(record.trees === undefined ? [coefficientTable(record, colors)] : []),
  ].join('\n')
}

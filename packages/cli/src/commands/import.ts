import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Database, ImportFrom, ImportResult } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, type Invocation } from '../command.ts'
import { expandPattern } from '../config/glob.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/resolve.ts'
import { diagnosticData, exit } from '../failure.ts'
import { withDatabase } from '../open.ts'
import { parseEntity } from '../parse/entity.ts'
import { UsageError } from '../parse/usage.ts'
import { writeWhole } from '../render/file.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { renderTable } from '../render/table.ts'

export const importCommand = defineCommand({
  name: 'import',
  summary: 'Write declarations for SQL that exists: .sql files, views, dbt models',
  description:
    'Reads a folder of .sql files, the views of a schema or a dbt manifest.json (v4 to v12), and infers entities, kinds, keys, times and features from the SQL, the catalog and the tests. Writes one module; what is not certain is marked "check:" in it and reported. Exit code 1 when a file could not be read as a view; the others are written all the same.',
  positionals: [
    { name: 'path', description: 'folder with .sql files, one such file, or target/manifest.json', required: false },
  ],
  options: z.object({
    schema: z.string().optional().meta({ value: 'name', description: 'Import the views of this schema' }),
    out: z.string().optional().meta({
      value: 'file',
      description: 'Module to write; features.ts beside the configuration when absent',
    }),
    entity: z.array(z.string()).optional().meta({
      value: 'name=column,…',
      description: 'A known entity and its key; wins over what is inferred. Types after a colon: id:int8',
    }),
    include: z.array(z.string()).optional().meta({
      value: 'name',
      description: "Only these views; 'mart_*' and tag:features work too",
    }),
    dryRun: z.boolean().default(false).describe('Write nothing; print the module'),
    force: z.boolean().default(false).describe('Overwrite files that exist'),
    offline: z.boolean().default(false).describe('Ask no database: types are then known only where texts name them'),
  }),
  examples: [
    { command: 'viewcast import views/', description: 'A folder of .sql files' },
    { command: 'viewcast import --schema analytics --entity customer=customer_id', description: 'Views of a schema' },
    {
      command: 'viewcast import target/manifest.json --include tag:features --dry-run',
      description: 'dbt, looked at first',
    },
  ],
  async run(invocation) {
    const { options, globals, io, output, positionals } = invocation
    const from = sourceOf(positionals['path'], options.schema)
    const entities = (options.entity ?? []).map(parseEntity)
    const settings = await loadSettings(globals, io)
    const module = options.out === undefined ? join(settings.root, 'features.ts') : resolve(io.cwd, options.out)
    const types = existsSync(join(dirname(module), 'db.gen.ts')) ? { types: './db.gen.ts' } : {}
    const result = await withDatabaseIfAny(invocation, settings, options.offline, async (db) => {
      const { importViews } = await import('@viewcast/sdk')
      return await importViews(from, {
        ...(db === undefined ? {} : { db }),
        directory: settings.root,
        cwd: io.cwd,
        project: basename(settings.root),
        entities,
        ...(options.include === undefined ? {} : { include: options.include }),
        ...types,
        command: `viewcast import ${'schema' in from ? `--schema ${from.schema}` : from.path}`,
      })
    })
    const imported = result.views.length > 0
    const files = imported
      ? [
          { path: module, text: result.module },
          ...result.files.map((f) => ({ path: join(settings.root, f.path), text: f.text })),
        ]
      : []
    if (!options.dryRun) await writeAll(files, options.force, io.cwd)
    const written = options.dryRun ? [] : files.map((f) => shown(f.path, io.cwd))
    const next = imported && !options.dryRun ? nextSteps(module, settings, io.cwd) : []
    const report = (colors: Colors) => reportText(result, written, next, colors, output.width)
    const json = {
      ...dataOf(result),
      written,
      ...(options.dryRun ? { module: result.module, files: result.files } : {}),
    }
    if (options.dryRun && !output.json) {
      await output.write(imported ? result.module : '')
      await output.note(report(output.colors).trimEnd())
    } else await output.result(json, report)
    await output.warn(result.findings)
    return !imported || result.findings.some((d) => d.severity === 'error') ? exit.failed : exit.ok
  },
})

function sourceOf(path: string | undefined, schema: string | undefined): ImportFrom {
  const hint = 'See: viewcast import --help'
  if (path !== undefined && schema !== undefined) throw new UsageError('A path and --schema are two imports', { hint })
  if (path !== undefined) return { path }
  if (schema !== undefined) return { schema }
  throw new UsageError('"viewcast import" needs a path or --schema', { hint })
}

/** The embedded database of a project that has none would be empty: asking it refuses every view. */
async function withDatabaseIfAny<T>(
  invocation: Invocation,
  settings: Settings,
  offline: boolean,
  body: (db: Database | undefined) => Promise<T>,
): Promise<T> {
  if (offline) return await body(undefined)
  const { value, origin } = settings.database
  if (origin === 'default' && value.kind === 'target' && !existsSync(value.target)) {
    await invocation.output.note('note: no database is named, so types are known only where texts name them')
    return await body(undefined)
  }
  return await withDatabase(invocation, settings, body)
}

async function writeAll(
  files: readonly { readonly path: string; readonly text: string }[],
  force: boolean,
  cwd: string,
): Promise<void> {
  const existing = force ? [] : files.filter((f) => existsSync(f.path)).map((f) => shown(f.path, cwd))
  if (existing.length > 0) {
    const { fail } = await import('@viewcast/sdk')
    fail('cli/exists', { files: existing.join(', ') })
  }
  for (const file of files) {
    await mkdir(dirname(file.path), { recursive: true })
    await writeWhole(file.path, file.text)
  }
}

/** A module counts once the configuration names it. */
function nextSteps(module: string, settings: Settings, cwd: string): string[] {
  const specifier = `./${relative(settings.root, module).split(sep).join('/')}`
  const { configFile, root, project } = settings
  if (configFile === undefined) {
    return [
      `write viewcast.config.ts:  import { defineConfig } from 'viewcast'`,
      `                           export default defineConfig({ project: '${specifier}', database: { env: 'DATABASE_URL' } })`,
      'npx viewcast doctor',
    ]
  }
  const known = project.value.some((pattern) => expandPattern(pattern, root).includes(module))
  return [...(known ? [] : [`add '${specifier}' to project in ${shown(configFile, cwd)}`]), 'npx viewcast doctor']
}

function dataOf(result: ImportResult): Record<string, unknown> {
  const { entities, views, dataset, findings } = result
  return { entities, views, ...(dataset === undefined ? {} : { dataset }), findings: findings.map(diagnosticData) }
}

function reportText(
  result: ImportResult,
  written: readonly string[],
  next: readonly string[],
  colors: Colors,
  width: number | undefined,
): string {
  const columns = ['view', 'entity', 'kind', 'key', 'time', 'features', 'check'].map((name) => ({ name }))
  const rows = result.views.map((v) => [
    v.name,
    v.entity,
    v.kind,
    v.keys.join(', '),
    v.time ?? (v.kind === 'window' ? 'as_of' : ''),
    v.features.map((f) => f.name).join(', '),
    v.checks.length === 0 ? '' : String(v.checks.length),
  ])
  const entities = result.entities.map((e) => [
    e.name,
    e.keys.map((k) => `${k.name} ${k.type}`).join(', '),
    e.from === undefined ? '' : [e.from.schema, e.from.name].filter((n) => n !== undefined).join('.'),
  ])
  const blocks = [
    ...(rows.length === 0
      ? ['Nothing was imported.\n']
      : [
          renderTable([{ name: 'entity' }, { name: 'key' }, { name: 'listed in' }], entities, {
            columns: width,
            colors,
          }),
          renderTable(columns, rows, { columns: width, colors }),
        ]),
    ...(written.length === 0 ? [] : [written.map((f) => `${colors.good('wrote')}  ${f}\n`).join('')]),
    ...(next.length === 0 ? [] : [`${colors.bold('Next')}\n${next.map((line) => `  ${line}\n`).join('')}`]),
  ]
  return blocks.join('\n')
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ImportModelOptions, ImportModelResult } from '@viewcast/sdk'
import { z } from 'zod'
import { defineCommand, positional } from '../command.ts'
import { withStoreIfAllowed } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import type { Colors } from '../render/palette.ts'
import { shown } from '../render/path.ts'
import { renderPairs, renderTable } from '../render/table.ts'

const options = z.object({
  rows: z.string().optional().meta({
    value: 'file',
    description: "JSON with rows and the library's own answers, which the import is held to",
  }),
  column: z.array(z.string()).optional().meta({
    value: 'feature=column',
    description: 'Which column of the dataset a feature of the file is',
  }),
  columns: z.string().optional().meta({
    value: 'a,b,…',
    description: 'Columns in the order of the features, for files without names',
  }),
  classes: z.string().optional().meta({ value: 'a,b,…', description: 'Classes in the order of their numbers' }),
  categories: z.array(z.string()).optional().meta({
    value: 'feature=a,b,…',
    description: 'Categories of a feature in the order of their numbers',
  }),
})
type Options = z.output<typeof options>

export const importModelCommand = defineCommand({
  name: 'import-model',
  summary: 'Keep a model of another library as a new version of a declared model',
  description:
    "Reads xgboost JSON (save_model), LightGBM text or JSON, scikit-learn attributes as JSON, ml-logistic-regression JSON PMML (regressions, scorecards) or ONNX (linear operators, tree ensembles), matches its features to the columns of the model's dataset, scores rows as the library does and writes a model record. Trees give the library's bits. Exit code 1 when a row is scored otherwise; nothing is written then.",
  positionals: [
    { name: 'model', description: 'declared model that gets the version', required: true },
    { name: 'file', description: 'file of the library', required: true },
  ],
  options,
  examples: [
    { command: 'viewcast import-model reorder model.json', description: 'Features named as the columns are' },
    {
      command: 'viewcast import-model reorder model.json --rows rows.json',
      description: "Held to the library's own answers",
    },
    {
      command: 'viewcast import-model reorder lgb.txt --column n_orders=orders_30d --classes no,yes,maybe',
      description: 'Other names; classes of a softmax',
    },
  ],
  run: (invocation) =>
    withStoreIfAllowed(invocation, async ({ settings, project, db, store }) => {
      const { adoptRecords, importModel, importModelRecorded, listVersions, resolveDefinition, saveRecord } =
        await import('@viewcast/sdk')
      const { io, output } = invocation
      const directory = settings.directory.value
      const model = resolveDefinition(project, positional(invocation, 'model'), 'model')
      const file = positional(invocation, 'file')
      const given = givenOptions(invocation.options)
      const parity = invocation.options.rows
      const versions = await listVersions(directory, model.name)
      const content = await contentOf(resolve(io.cwd, file), file)
      const wanted = {
        ...given,
        ...(parity === undefined ? {} : { parity: await textOf(resolve(io.cwd, parity), parity) }),
        file,
        version: (versions.at(-1) ?? 0) + 1,
        directory: project.directory,
      }
      // Versions that only files have keep their numbers.
      if (store) await adoptRecords(store, directory, model.name)
      const result = store
        ? await importModelRecorded(store, model, content, wanted)
        : await importModel(db, model, content, wanted)
      const saved = await saveRecord(directory, result.record)
      for (const note of result.notes) await output.note(`note: ${note}`)
      await output.result(asData(result, saved), (colors) => report(result, shown(saved, io.cwd), colors))
      await output.note(`next: viewcast verify ${model.name}, or viewcast predict ${model.name}`)
      return 0
    }),
})

/** ONNX is no text; all others are. */
async function contentOf(path: string, name: string): Promise<string | Uint8Array> {
  return name.endsWith('.onnx') ? new Uint8Array(await attempt(() => readFile(path), name)) : await textOf(path, name)
}

const textOf = (path: string, name: string): Promise<string> => attempt(() => readFile(path, 'utf8'), name)

async function attempt<T>(read: () => Promise<T>, name: string): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const { fail } = await import('@viewcast/sdk')
    return fail('cli/file', { file: name, detail: (error as Error).message })
  }
}

function givenOptions(o: Options): ImportModelOptions {
  if (o.column !== undefined && o.columns !== undefined) {
    throw new UsageError('--column and --columns are two ways of naming columns')
  }
  const pairs = o.column?.map((text) => pair(text, '--column', 'feature=column'))
  const columns =
    pairs === undefined ? (o.columns === undefined ? undefined : list(o.columns)) : Object.fromEntries(pairs)
  const categories = o.categories?.map((text) => {
    const [feature, values] = pair(text, '--categories', 'feature=a,b,…')
    return [feature, list(values)] as const
  })
  return {
    ...(columns === undefined ? {} : { columns }),
    ...(o.classes === undefined ? {} : { classes: list(o.classes) }),
    ...(categories === undefined ? {} : { categories: Object.fromEntries(categories) }),
  }
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim())

function pair(text: string, flag: string, form: string): [string, string] {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1) throw new UsageError(`${flag} takes ${form}, not "${text}"`)
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

const asData = ({ record, source, parity, notes }: ImportModelResult, file: string) => ({
  model: record.name,
  version: record.version,
  file,
  source,
  family: record.family,
  link: record.link,
  ...(record.classes === undefined ? {} : { classes: record.classes }),
  inputs: record.inputs.map(({ feature, type }) => ({
    feature,
    type,
    ...(record.trees?.importance === undefined ? {} : { importance: record.trees.importance[feature] ?? 0 }),
  })),
  ...(record.trees === undefined ? { coefficients: record.coefficients } : { trees: record.trees.trees.length }),
  parity,
  notes,
})

function report({ record, source, parity }: ImportModelResult, file: string, colors: Colors): string {
  const { trees } = record
  const rows =
    parity.from === 'given'
      ? `${parity.rows} rows give what ${source} gave for them`
      : `${parity.rows} rows beside the thresholds give what the rules of ${source} say`
  const head = renderPairs([
    ['model', `${colors.bold(record.name)} version ${record.version}, ${record.family} for ${record.label}`],
    ['from', trees === undefined ? source : `${source}, ${trees.trees.length} trees`],
    ['checked', rows],
    ['file', file],
  ])
  const importance = Object.entries(trees?.importance ?? {}).sort(([, a], [, b]) => b - a)
  if (trees === undefined) {
    const columns = [{ name: 'coefficient' }, { name: 'estimate', type: 'float8' }]
    const estimates = record.coefficients.map((c) => [
      c.class === undefined ? c.name : `${c.class}: ${c.name}`,
      String(Number(c.estimate.toPrecision(5))),
    ])
    return `${head}\n${renderTable(columns, estimates, { colors })}`
  }
  const columns = [{ name: 'input' }, { name: 'importance', type: 'float8' }]
  const shares = importance.map(([name, share]) => [name, share.toFixed(4)])
  return shares.length === 0 ? head : `${head}\n${renderTable(columns, shares, { colors })}`
}

/** A model of another library as a version of a declared model: read, matched to its dataset, checked, made a record. */
import { createHash } from 'node:crypto'
import {
  type BoundDataset,
  bindDataset,
  trainingQuery as compileTrainingQuery,
  diagnostic,
  type Facts,
  fail,
  featureKind,
  type ImportedModel,
  importedRecord,
  importParity,
  labelKind,
  type ModelDef,
  type ModelRecord,
  nearParameter,
  type ParityRow,
  parityRows,
  probeRows,
  readImportedModel,
  readParityFile,
  rowScorer,
  throwIfErrors,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { prepareDataset } from '../../project/facts.ts'

export interface ImportModelOptions {
  /** For messages: the path of the file. Default `the model`. */
  readonly file?: string
  /**
   * Which column of the dataset a feature of the file is, where the names differ; or all columns in the order of the
   * features, for files without names.
   */
  readonly columns?: Readonly<Record<string, string>> | readonly string[]
  /** Classes of the label in the order of their numbers, where the file has numbers only. */
  readonly classes?: readonly string[]
  /** Texts of the categories of a feature in the order of their numbers, where the file has numbers only. */
  readonly categories?: Readonly<Record<string, readonly string[]>>
  /** JSON text `{ columns, rows, scores?, predictions? }`: rows with the library's own answers. */
  readonly parity?: string
  /** Version of the record; default 1. */
  readonly version?: number
  /** ISO instant written into the record; default the clock. */
  readonly importedAt?: string
  /** What relative `.sql` paths are relative to; default the working directory. */
  readonly directory?: string
}

export interface ImportModelResult {
  readonly record: ModelRecord
  /** Library the model comes from: `xgboost 1.7.4`. */
  readonly source: string
  /** Rows that were scored before the record was made, and whose answers they were held to. */
  readonly parity: { readonly rows: number; readonly from: 'given' | 'rules' }
  readonly notes: readonly string[]
}

/** Rows next to thresholds, when none are given. */
const probes = 400
/** Of them in the record, for an engine to prove itself with. */
const kept = 24

/**
 * Imports a model: xgboost JSON (`save_model`), LightGBM text or JSON, scikit-learn attributes, PMML as text; ONNX as bytes.
 *
 * Features are matched to columns of the model's dataset by name or by `columns`. Before there is a record, rows are
 * scored: those of `parity` against the library's answers, or else rows made beside the thresholds against the library's rules.
 * The record is used as a trained one: by `predict`, `compile`, `verify`, `apply`, `lineage`.
 *
 * Errors: `model/import` when the file is not understood; `model/import-input`, `model/input-type`, `model/unknown-label` when
 * it does not fit the dataset; `model/import-parity` when rows are scored otherwise; what compiling the dataset finds.
 *
 * @example
 * ```ts
 * const { record, parity } = await importModel(db, late, await readFile('model.json', 'utf8'))
 * await saveRecord('.viewcast', record)
 * ```
 */
export async function importModel(
  db: Database,
  model: ModelDef,
  content: string | Uint8Array,
  options: ImportModelOptions = {},
): Promise<ImportModelResult> {
  const file = options.file ?? 'the model'
  const given = options.columns
  const imported = readImportedModel(content, {
    file,
    ...(isList(given) ? { features: given } : {}),
    ...(options.classes === undefined ? {} : { classes: options.classes }),
    ...(options.categories === undefined ? {} : { categories: options.categories }),
  })
  checkFamily(model, imported, file)
  const { dataset, facts } = await prepareDataset(db, model.dataset, options.directory)
  const bound = bindDataset(dataset, facts)
  throwIfErrors(bound.diagnostics)
  const columns = columnsOf(imported, isList(given) ? {} : (given ?? {}), { ...model, dataset }, bound.value, file)
  const draft = importedRecord(imported, {
    name: model.name,
    version: options.version ?? 1,
    at: options.importedAt ?? new Date().toISOString(),
    label: model.label,
    threshold: model.threshold,
    dataset: { name: dataset.name, queryHash: queryHash(bound.value, facts) },
    columns,
  })
  const scored = examples(imported, options.parity, file)
  const parity = importParity(
    draft,
    scored.rows.map((row) => ({ ...row, inputs: renamed(row.inputs, columns) })),
    scored.from === 'given' ? imported.tolerance : undefined,
  )
  if (parity.mismatched > 0) {
    fail('model/import-parity', {
      count: String(parity.mismatched),
      rows: String(parity.rows),
      source: imported.source,
      detail: parity.detail ?? '',
      ...(scored.from === 'given'
        ? { hint: 'Are the rows of this model, and classes and categories in its order?' }
        : { hint: 'This is a defect of the import: please report it with the file.' }),
    })
  }
  const { score } = rowScorer(draft)
  const verification = probeRows(imported, kept).map((row) => {
    const inputs = renamed(row, columns)
    const { scores, outputs } = score(inputs)
    return { inputs, scores: [...scores], outputs: { ...outputs } }
  })
  return {
    record: { ...draft, verification },
    source: imported.source,
    parity: { rows: parity.rows, from: scored.from },
    notes: imported.notes,
  }
}

const isList = (columns: ImportModelOptions['columns']): columns is readonly string[] => Array.isArray(columns)

function checkFamily(model: ModelDef, { family, source }: ImportedModel, file: string): void {
  if (labelKind(model.family) === labelKind(family)) return
  const detail = `it is a ${family} model of ${source}, and "${model.name}" is declared as ${model.family}`
  fail('model/import', { file, detail, hint: 'Declare the model with the family of the file.' })
}

type Columns = Readonly<Record<string, { readonly name: string; readonly type: string }>>

/** The column of each input; all that do not fit are told at once. */
function columnsOf(
  { inputs, features }: ImportedModel,
  mapping: Readonly<Record<string, string>>,
  model: ModelDef,
  bound: BoundDataset,
  file: string,
): Columns {
  const available = new Map([...bound.extras, ...bound.features].map((c) => [c.name, c]))
  available.delete(model.label)
  const unknown = Object.keys(mapping).find((feature) => !features.includes(feature))
  if (unknown !== undefined) {
    const { near } = nearParameter(unknown, features)
    const detail = `it has no feature "${unknown}", for which a column is given`
    fail('model/import', { file, detail, ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }) })
  }
  const taken = new Map<string, string>()
  const found = inputs.map(({ feature, type }) => {
    const name = mapping[feature] ?? feature
    const column = available.get(name)
    const other = taken.get(name)
    taken.set(name, feature)
    if (other !== undefined) {
      const detail = `its features "${other}" and "${feature}" are both column "${name}"`
      return { feature, problem: diagnostic('model/import', { file, detail }) }
    }
    if (column === undefined) {
      const near = nearParameter(name, available.keys())
      return {
        feature,
        problem: diagnostic('model/import-input', { file, input: name, dataset: bound.dataset.name, ...near }),
      }
    }
    const kind = featureKind(column.type, 'isEnum' in column ? column.isEnum : false)
    const fits = type === 'text' ? kind === 'category' : kind === 'numeric' || kind === 'boolean'
    if (!fits) {
      const encoder = `the imported model, which takes it as ${type === 'text' ? 'a category' : 'a number'},`
      return { feature, problem: diagnostic('model/input-type', { input: name, type: column.type, encoder }) }
    }
    return { feature, column: { name, type: column.type } }
  })
  throwIfErrors(found.flatMap((f) => (f.problem === undefined ? [] : [f.problem])))
  return Object.fromEntries(found.flatMap((f) => (f.column === undefined ? [] : [[f.feature, f.column]])))
}

const renamed = <T>(row: Readonly<Record<string, T>>, columns: Columns): Record<string, T> =>
  Object.fromEntries(Object.entries(row).map(([feature, value]) => [columns[feature]?.name ?? feature, value]))

/** Rows with answers: of the library, or else by its rules. */
function examples(
  imported: ImportedModel,
  parity: string | undefined,
  file: string,
): { rows: readonly ParityRow[]; from: 'given' | 'rules' } {
  const scores = imported.classes?.length ?? 1
  if (parity !== undefined) {
    const rows = parityRows(readParityFile(parity, 'the parity rows'), imported.inputs, scores, 'the parity rows')
    return { rows, from: 'given' }
  }
  if (imported.rows !== undefined) return { rows: imported.rows, from: 'given' }
  const { reference } = imported
  if (reference === undefined) {
    const detail = 'no rows come with it to check the import with'
    return fail('model/import', { file, detail, hint: 'Give rows with the answers of the library.' })
  }
  return { rows: probeRows(imported, probes).map((inputs) => ({ inputs, scores: reference(inputs) })), from: 'rules' }
}

const queryHash = (bound: BoundDataset, facts: Facts): string =>
  createHash('sha256').update(compileTrainingQuery(bound.dataset, facts).sql).digest('hex')

/** scikit-learn models as JSON of their attributes, which `export_sklearn.py` of the guide writes. */
import { type ImportedModel, type ImportOptions, readJson, refuse } from './imported-model.ts'
import { parityRows, parsedParity } from './parity-file.ts'
import { type Estimator, estimatorOf, namedParts } from './sklearn-attributes.ts'
import { featureColumn, transformed } from './sklearn-columns.ts'
import { isLinear, linearModel } from './sklearn-linear.ts'
import { treeModel } from './sklearn-trees.ts'

export const isSklearn = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'format' in json && json.format === 'sklearn-attributes'

/** Reads a model, or a pipeline that ends in one. Errors: `model/import`. */
export function importSklearn(text: string, options: ImportOptions): ImportedModel {
  const { file } = options
  const json = readJson(text, file) as { version?: unknown; model?: unknown; parity?: unknown }
  const version = String(json.version ?? '')
  const given = json.parity === undefined ? undefined : parsedParity(json.parity, file)
  const outer = estimatorOf(json.model, 'model', file)
  const features = featuresOf(outer, given?.columns, options)
  const { steps, final } = stepsOf(outer)
  const columns = steps.reduce(
    (all, { json: step, at }) => transformed(step, at, file, all),
    features.map(featureColumn),
  )
  const model = isLinear(final) ? linearModel(final, columns) : treeModel(final, columns, version)
  const scores = model.classes?.length ?? 1
  return {
    source: `scikit-learn ${version} ${final.name}`.replace('  ', ' '),
    features,
    ...model,
    ...(given === undefined ? {} : { rows: parityRows(given, model.inputs, scores, file) }),
    notes: [],
  }
}

/** The steps of a pipeline and the model at its end. */
function stepsOf(outer: Estimator): { steps: { json: unknown; at: string }[]; final: Estimator } {
  if (outer.name !== 'Pipeline') return { steps: [], final: outer }
  const parts = namedParts(outer, 'steps')
  const last = parts.at(-1)
  if (last === undefined) return refuse(outer.file, `${outer.at}: the pipeline is empty`)
  return {
    steps: parts.slice(0, -1).map(([name, json]) => ({ json, at: `${outer.at}.${name}` })),
    final: estimatorOf(last[1], `${outer.at}.${last[0]}`, outer.file),
  }
}

/** Names from the model itself, from its first step, from the rows beside it, or as given. */
function featuresOf(outer: Estimator, columns: readonly string[] | undefined, { features, file }: ImportOptions) {
  const holders = [outer, ...(outer.name === 'Pipeline' ? pipelineParts(outer) : [])]
  for (const holder of holders) {
    const own = holder.get('feature_names_in_')
    if (Array.isArray(own)) return own.map(String)
  }
  const counts = holders.flatMap((h) =>
    h.get('n_features_in_') === undefined ? [] : [Number(h.get('n_features_in_'))],
  )
  const count = counts[0]
  const names = features ?? columns ?? Array.from({ length: count ?? 0 }, (_, i) => `x${i}`)
  if (count !== undefined && names.length !== count) refuse(file, `${names.length} names for ${count} features`)
  return names
}

const pipelineParts = (outer: Estimator): Estimator[] =>
  namedParts(outer, 'steps').flatMap(([name, json]) =>
    typeof json === 'object' && json !== null ? [estimatorOf(json, `${outer.at}.${name}`, outer.file)] : [],
  )

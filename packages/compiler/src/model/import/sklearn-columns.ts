/** Columns of scikit-learn's transformers, each traced to the feature it is made of. */
import type { Literal } from '../../ir/expression.ts'
import { refuse } from './imported-model.ts'
import { type Estimator, estimatorOf, namedParts, numberOf } from './sklearn-attributes.ts'

export type SklearnColumn =
  | {
      readonly kind: 'number'
      readonly feature: string
      /** Value of the column for a number of the feature: never falls as it rises. */
      readonly at: (x: number) => number
      /** The same but for its rounding: at(x) = slope · x + shift. */
      readonly slope: number
      readonly shift: number
      /** Value of the column where the feature is missing, and what stands in for it; undefined where nothing does. */
      readonly missing?: { readonly value: number; readonly feature: number }
    }
  /** Whether the feature is the level. */
  | {
      readonly kind: 'level'
      readonly feature: string
      /** What the column has where it is not, and where it is; 0 and 1 before a scaler. */
      readonly values: readonly [number, number]
      readonly level: string | number
      /** All zeros belong to this level, when one is dropped. */
      readonly base: string | number | null
      /** Whether the library refuses values it does not know, missing ones among them. */
      readonly strict: boolean
    }
  /** Whether the feature is missing. */
  | { readonly kind: 'missing'; readonly feature: string; readonly values: readonly [number, number] }

export const featureColumn = (feature: string): SklearnColumn => ({
  kind: 'number',
  feature,
  at: (x) => x,
  slope: 1,
  shift: 0,
})

/** Value of a column for a row of features; NaN where the library has none. */
export function columnValue(column: SklearnColumn, row: Readonly<Record<string, Literal>>): number {
  const value = row[column.feature] ?? null
  if (column.kind === 'level') return column.values[value === column.level ? 1 : 0]
  const isMissing = value === null || Number.isNaN(value)
  if (column.kind === 'missing') return column.values[isMissing ? 1 : 0]
  if (isMissing) return column.missing?.value ?? Number.NaN
  return column.at(Number(value))
}

/** The columns after a transformer. Errors: `model/import` for a transformer that is not known. */
export function transformed(
  json: unknown,
  at: string,
  file: string,
  columns: readonly SklearnColumn[],
): SklearnColumn[] {
  if (json === 'passthrough') return [...columns]
  if (json === 'drop') return []
  const step = estimatorOf(json, at, file)
  switch (step.name) {
    case 'Pipeline':
      return namedParts(step, 'steps').reduce<SklearnColumn[]>(
        (all, [name, part]) => transformed(part, `${at}.${name}`, file, all),
        [...columns],
      )
    case 'ColumnTransformer':
      return columnTransformer(step, columns)
    case 'FunctionTransformer':
      if (step.get('func') !== undefined) return refuseStep(step, 'applies a function')
      return [...columns]
    case 'SimpleImputer':
      return imputed(step, columns)
    case 'OneHotEncoder':
      return oneHot(step, columns)
    case 'StandardScaler':
      return scaled(
        step,
        columns,
        step.get('with_mean') ? 'mean_' : undefined,
        step.get('with_std') ? 'scale_' : undefined,
      )
    case 'RobustScaler':
      return scaled(
        step,
        columns,
        step.get('with_centering') ? 'center_' : undefined,
        step.get('with_scaling') ? 'scale_' : undefined,
      )
    case 'MaxAbsScaler':
      return scaled(step, columns, undefined, 'scale_')
    case 'MinMaxScaler':
      return minMax(step, columns)
    default:
      return refuseStep(step, 'is no step that is known')
  }
}

function refuseStep(step: Estimator, what: string): never {
  return refuse(
    step.file,
    `${step.at}: ${step.name} ${what}`,
    'Known: Pipeline, ColumnTransformer, SimpleImputer, OneHotEncoder, StandardScaler, RobustScaler, MinMaxScaler, MaxAbsScaler. Do other steps in a feature view.',
  )
}

/** Each part in its order over the columns it takes, given by their places. */
function columnTransformer(step: Estimator, columns: readonly SklearnColumn[]): SklearnColumn[] {
  const places = step.get('_transformer_to_input_indices') as Record<string, unknown> | undefined
  return namedParts(step, 'transformers_').flatMap(([name, part]) => {
    const own = places?.[name]
    if (!Array.isArray(own)) return refuseStep(step, `does not say which columns "${name}" takes`)
    const taken = own.map(
      (i) => columns[Number(i)] ?? refuseStep(step, `gives "${name}" column ${i} of ${columns.length}`),
    )
    return transformed(part, `${step.at}.${name}`, step.file, taken)
  })
}

const numbersFor = (step: Estimator, attribute: string, columns: readonly SklearnColumn[]): number[] => {
  const all = step.numbers(attribute)
  if (all.length !== columns.length) refuseStep(step, `has ${all.length} of ${attribute} for ${columns.length} columns`)
  return all
}

/** Applies z → f(z), which is slope · z + shift but for its rounding. */
function mapped(
  step: Estimator,
  column: SklearnColumn,
  f: (z: number) => number,
  slope: number,
  shift: number,
): SklearnColumn {
  if (!(slope > 0) || !Number.isFinite(slope) || !Number.isFinite(shift)) {
    return refuseStep(step, `scales "${column.feature}" by ${slope}`)
  }
  if (column.kind !== 'number') return { ...column, values: [f(column.values[0]), f(column.values[1])] }
  const { at, missing } = column
  return {
    ...column,
    at: (x) => f(at(x)),
    slope: slope * column.slope,
    shift: slope * column.shift + shift,
    ...(missing === undefined ? {} : { missing: { ...missing, value: f(missing.value) } }),
  }
}

function scaled(
  step: Estimator,
  columns: readonly SklearnColumn[],
  centers: string | undefined,
  scales: string | undefined,
): SklearnColumn[] {
  const center = centers === undefined ? undefined : numbersFor(step, centers, columns)
  const scale = scales === undefined ? undefined : numbersFor(step, scales, columns)
  return columns.map((column, i) => {
    const c = center?.[i] ?? 0
    const s = scale?.[i] ?? 1
    return mapped(step, column, (z) => (z - c) / s, 1 / s, -c / s)
  })
}

function minMax(step: Estimator, columns: readonly SklearnColumn[]): SklearnColumn[] {
  if (step.get('clip') === true) return refuseStep(step, 'clips')
  const scale = numbersFor(step, 'scale_', columns)
  const least = numbersFor(step, 'min_', columns)
  return columns.map((column, i) => {
    const s = scale[i] ?? 1
    const m = least[i] ?? 0
    return mapped(step, column, (z) => z * s + m, s, m)
  })
}

function imputed(step: Estimator, columns: readonly SklearnColumn[]): SklearnColumn[] {
  if (!Number.isNaN(numberOf(step.get('missing_values')) ?? Number.NaN))
    return refuseStep(step, 'replaces what is not NaN')
  const statistics = step.get('statistics_')
  if (!Array.isArray(statistics) || statistics.length !== columns.length) {
    return refuseStep(step, `has no statistic for each of ${columns.length} columns`)
  }
  const filled = columns.flatMap((column, i): SklearnColumn[] => {
    const value = numberOf(statistics[i])
    if (value === undefined) return refuseStep(step, `replaces a missing "${column.feature}" by text`)
    // A column that was missing throughout is dropped.
    if (Number.isNaN(value)) return []
    if (column.kind !== 'number' || column.missing !== undefined) return [column]
    return [{ ...column, missing: { value, feature: (value - column.shift) / column.slope } }]
  })
  const indicator = step.get('indicator_')
  if (indicator === undefined) return filled
  const places = estimatorOf(indicator, `${step.at}.indicator_`, step.file).numbers('features_')
  return [
    ...filled,
    ...places.map((place): SklearnColumn => {
      const column = columns[place]
      return column === undefined
        ? refuseStep(step, `marks column ${place}`)
        : { kind: 'missing', feature: column.feature, values: [0, 1] }
    }),
  ]
}

function oneHot(step: Estimator, columns: readonly SklearnColumn[]): SklearnColumn[] {
  if (step.get('_infrequent_enabled') === true) return refuseStep(step, 'groups infrequent categories')
  const categories = step.get('categories_')
  const dropped = step.get('drop_idx_')
  if (!Array.isArray(categories) || categories.length !== columns.length) {
    return refuseStep(step, `has no categories for each of ${columns.length} columns`)
  }
  const strict = step.get('handle_unknown') === 'error'
  return columns.flatMap((column, i) => {
    if (column.kind !== 'number' || column.slope !== 1 || column.shift !== 0 || column.missing !== undefined) {
      return refuseStep(step, `encodes "${column.feature}" after another step`)
    }
    const levels = categories[i] as readonly unknown[]
    const drop = Array.isArray(dropped) ? dropped[i] : null
    const base = drop === null || drop === undefined ? null : levelOf(levels[Number(drop)])
    return levels.flatMap((written, place): SklearnColumn[] => {
      if (place === drop) return []
      const level = levelOf(written)
      const { feature } = column
      return level === null
        ? [{ kind: 'missing', feature, values: [0, 1] }]
        : [{ kind: 'level', feature, level, base, strict, values: [0, 1] }]
    })
  })
}

/** Null for a category that stands for missing values. */
const levelOf = (written: unknown): string | number | null => {
  if (written === null || written === undefined || written === 'nan') return null
  return typeof written === 'number' ? written : String(written)
}

/**
 * LightGBM models, as text (`save_model`) or JSON (`dump_model`).
 *
 * Arithmetic, checked against LightGBM 4.7.0: features and thresholds are float64 and go left when `value <= threshold`;
 * leaves are float64, added from 0 one tree after the other; a forest divides by its rounds. A missing value is 0 where
 * the split has no missing type, and takes the default direction otherwise; with the type Zero so does every value within
 * ±1e-35 (as a float32). A category that is missing, negative or not in the set goes right.
 */
import type { Family, Link } from '../../ir/family.ts'
import { type ImportedModel, type ImportOptions, readJson, refuse } from './imported-model.ts'
import {
  isLightgbmJson,
  isLightgbmText,
  type LightgbmFile,
  type LightgbmNode,
  readLightgbmJson,
  readLightgbmText,
} from './lightgbm-file.ts'
import { flatTree, shares, type TreeNode, usedInputs } from './tree-node.ts'

const objectives: Readonly<Record<string, readonly [Family, Link]>> = {
  binary: ['binomial', 'logit'],
  cross_entropy: ['binomial', 'logit'],
  multiclass: ['multinomial', 'softmax'],
  regression: ['gaussian', 'identity'],
  regression_l1: ['gaussian', 'identity'],
  huber: ['gaussian', 'identity'],
  fair: ['gaussian', 'identity'],
  quantile: ['gaussian', 'identity'],
  mape: ['gaussian', 'identity'],
  poisson: ['poisson', 'log'],
  gamma: ['gamma', 'log'],
}

const zero = Math.fround(1e-35)

export { isLightgbmJson, isLightgbmText }

/** Reads a model of LightGBM. Errors: `model/import`. */
export function importLightgbm(text: string, options: ImportOptions): ImportedModel {
  const { file } = options
  const model = isLightgbmText(text) ? readLightgbmText(text, options) : jsonModel(text, options)
  const [objective = '', ...settings] = model.objective.split(' ')
  const [family, link] =
    objectives[objective] ??
    refuse(
      file,
      `the objective ${objective || '(none)'} is none that a record has`,
      `Known: ${Object.keys(objectives).join(', ')}.`,
    )
  const unusual = settings.find((s) => s === 'sqrt' || (s.startsWith('sigmoid:') && Number(s.slice(8)) !== 1))
  if (unusual !== undefined) refuse(file, `the objective has the setting ${unusual}`)
  const scores = family === 'multinomial' ? model.classes : 1
  if (model.perRound !== scores) refuse(file, `it has ${model.perRound} trees per round for ${scores} scores`)
  const names = model.features
  if (names.length === 0) refuse(file, 'it names no features')
  const levels = categoriesOf(model, options)
  const roots = model.trees.map((t) => asNode(t, model, levels, file))
  const used = usedInputs(roots, names)
  const gains = new Map<string, number>()
  for (const t of model.trees) addGains(t, names, gains)
  const importance = shares(gains)
  const classes = options.classes ?? Array.from({ length: scores }, (_, i) => String(i))
  if (scores > 1 && classes.length !== scores) refuse(file, `${classes.length} classes are given for ${scores} scores`)
  const divisor = model.average ? Math.max(1, model.trees.length / scores) : 1
  return {
    source: `LightGBM (format ${model.version})`,
    family,
    link,
    ...(scores === 1 ? {} : { classes }),
    features: names,
    inputs: used.kept.map((i) => ({
      feature: names[i] ?? '',
      type: levels.has(i) ? 'text' : 'float8',
      encoder: { kind: 'raw' },
    })),
    coefficients: [],
    trees: {
      inputs: used.inputs,
      values: 'float64',
      comparison: '<=',
      required: [],
      zero,
      sums: 'float64',
      base: Array.from({ length: scores }, () => 0),
      divisor,
      trees: used.roots.map((root, i) => flatTree(root, i % scores)),
      ...(importance === undefined ? {} : { importance }),
    },
    reference: (row) => {
      const values = names.map((name, i) => codeOf(row[name], levels.get(i)))
      const sums = Array.from({ length: scores }, () => 0)
      model.trees.forEach((t, i) => {
        sums[i % scores] = (sums[i % scores] ?? 0) + leafOf(t, values, model)
      })
      return divisor === 1 ? sums : sums.map((s) => s / divisor)
    },
    notes: [],
  }
}

function jsonModel(text: string, options: ImportOptions): LightgbmFile {
  const json = readJson(text, options.file)
  return isLightgbmJson(json)
    ? readLightgbmJson(json, options)
    : refuse(options.file, 'it is neither the text nor the JSON dump of a LightGBM model')
}

/** Texts by place of the feature; a categorical feature without texts is a column of numbers. */
function categoriesOf(model: LightgbmFile, { categories, file }: ImportOptions): Map<number, readonly string[]> {
  const { categorical, pandas, features } = model
  if (pandas.length > 0 && pandas.length !== categorical.length && categories === undefined) {
    refuse(file, `it has ${pandas.length} lists of categories for ${categorical.length} categorical features`)
  }
  return new Map(
    categorical.flatMap((place, k) => {
      const levels = categories?.[features[place] ?? ''] ?? pandas[k]
      return levels === undefined ? [] : [[place, levels] as const]
    }),
  )
}

/** Before version 4 a missing category was the category 0 where the split had no missing type. */
const missingIsZero = (model: LightgbmFile, missing: 'none' | 'zero' | 'nan'): boolean =>
  missing !== 'nan' && /^v[23]$/.test(model.version)

function asNode(
  node: LightgbmNode,
  model: LightgbmFile,
  levels: ReadonlyMap<number, readonly string[]>,
  file: string,
): TreeNode {
  if ('leaf' in node) return { leaf: node.leaf + 0 }
  const { feature: input, threshold, missing, defaultLeft, categories } = node
  if (input >= model.features.length) refuse(file, `a split reads feature ${input} of ${model.features.length}`)
  const left = asNode(node.left, model, levels, file)
  const right = asNode(node.right, model, levels, file)
  if (categories !== undefined) {
    const texts = levels.get(input)
    const members = categories.map((c) =>
      texts === undefined ? c : (texts[c] ?? refuse(file, `"${model.features[input]}" has no category ${c}`)),
    )
    const missingLeft = missingIsZero(model, missing) && categories.includes(0)
    return { input, threshold: 0, missingLeft, members, left, right }
  }
  if (levels.has(input)) refuse(file, `"${model.features[input]}" has categories, and a split compares it as a number`)
  const missingLeft = missing === 'none' ? 0 <= threshold : defaultLeft
  return {
    input,
    threshold: threshold + 0,
    missingLeft,
    ...(missing === 'zero' ? { zeroMissing: true } : {}),
    left,
    right,
  }
}

function addGains(node: LightgbmNode, names: readonly string[], gains: Map<string, number>): void {
  if ('leaf' in node) return
  const name = names[node.feature] ?? ''
  gains.set(name, (gains.get(name) ?? 0) + Math.max(0, node.gain))
  addGains(node.left, names, gains)
  addGains(node.right, names, gains)
}

function codeOf(value: unknown, levels: readonly string[] | undefined): number {
  if (typeof value === 'string') return levels?.indexOf(value) ?? -1
  return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : Number.NaN
}

/** The library's own rules on its own nodes. */
function leafOf(root: LightgbmNode, values: readonly number[], model: LightgbmFile): number {
  let node = root
  while (!('leaf' in node)) {
    const x = values[node.feature] ?? Number.NaN
    let left: boolean
    if (node.categories !== undefined) {
      const code = Number.isNaN(x) ? (missingIsZero(model, node.missing) ? 0 : -1) : Math.trunc(x)
      left = node.categories.includes(code)
    } else {
      const value = Number.isNaN(x) && node.missing !== 'nan' ? 0 : x
      const isMissing =
        (node.missing === 'zero' && Math.abs(value) <= zero) || (node.missing === 'nan' && Number.isNaN(value))
      left = isMissing ? node.defaultLeft : value <= node.threshold
    }
    node = left ? node.left : node.right
  }
  return node.leaf
}

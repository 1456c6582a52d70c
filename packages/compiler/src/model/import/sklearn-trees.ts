/**
 * Trees of scikit-learn. Steps before them (imputing, scaling, one-hot) are folded into thresholds, directions and sets, to
 * the bit, so that the trees read the features as they are.
 *
 * Arithmetic, checked against scikit-learn 1.2.1: features are rounded to float32 (histogram boosting: float64) and go left
 * when `value <= threshold` in float64; leaves are float64 and are added in order, forests from 0 and divided by their trees,
 * boosting from its first prediction with leaves times the learning rate.
 */
import type { Literal } from '../../ir/expression.ts'
import type { Family, Link } from '../../ir/family.ts'
import type { Trees } from '../../ir/trees.ts'
import { boundary, lastWhere } from '../trees/boundary.ts'
import { type ImportedModel, refuse } from './imported-model.ts'
import { type Estimator, flatNumbers, numberOf } from './sklearn-attributes.ts'
import { columnValue, type SklearnColumn } from './sklearn-columns.ts'
import { classesOf, isUnknown } from './sklearn-linear.ts'
import { flatTree, shares, type TreeNode, usedInputs } from './tree-node.ts'

interface Ensemble {
  readonly family: Family
  readonly link: Link
  readonly classes?: readonly string[]
  readonly base: readonly number[]
  readonly divisor: number
  readonly values: 'float32' | 'float64'
  /** Whether missing values have a way to go; otherwise the library refuses them. */
  readonly routes: boolean
  /** Nodes read columns of the last step. */
  readonly trees: readonly { readonly score: number; readonly root: TreeNode }[]
}

type TreeModel = Pick<ImportedModel, 'family' | 'link' | 'classes' | 'inputs' | 'coefficients' | 'trees' | 'reference'>

/** Errors: `model/import` for an estimator that is not known. */
export function treeModel(model: Estimator, columns: readonly SklearnColumn[], version: string): TreeModel {
  const ensemble = ensembleOf(model, columns.length, version)
  const features = [...new Set(columns.map((c) => c.feature))]
  const place = new Map(features.map((feature, i) => [feature, i]))
  const { values } = ensemble
  const isPlain = columns.every((c) => c.kind === 'number' && c.slope === 1 && c.shift === 0 && c.missing === undefined)
  const folded = ensemble.trees.map((t) => ({
    score: t.score,
    root: foldedNode(t.root, columns, place, values, isPlain),
  }))
  const used = usedInputs(
    folded.map((t) => t.root),
    features,
  )
  const counts = new Map<string, number>()
  for (const { root } of folded) countSplits(root, features, counts)
  const importance = shares(counts)
  const needed = (feature: string): boolean =>
    columns.some(
      (c) =>
        c.feature === feature &&
        ((c.kind === 'number' && c.missing === undefined && !ensemble.routes) || (c.kind === 'level' && c.strict)),
    )
  const isCategory = (feature: string): boolean =>
    columns.some((c) => c.kind === 'level' && c.feature === feature && typeof c.level === 'string')
  const trees: Trees = {
    inputs: used.inputs,
    values: isPlain ? values : 'float64',
    comparison: '<=',
    required: used.inputs.filter(needed),
    zero: 0,
    sums: 'float64',
    base: [...ensemble.base],
    divisor: ensemble.divisor,
    trees: used.roots.map((root, i) => flatTree(root, folded[i]?.score ?? 0)),
    ...(importance === undefined ? {} : { importance }),
  }
  return {
    family: ensemble.family,
    link: ensemble.link,
    ...(ensemble.classes === undefined ? {} : { classes: ensemble.classes }),
    inputs: used.inputs.map((feature) => ({
      feature,
      type: isCategory(feature) ? 'text' : 'float8',
      encoder: { kind: 'raw' },
    })),
    coefficients: [],
    trees,
    reference: (row) => scoresOf(ensemble, columns, trees.required, row),
  }
}

function ensembleOf(model: Estimator, columns: number, version: string): Ensemble {
  const { name, file, at } = model
  if (Number(model.get('n_outputs_') ?? 1) > 1) refuse(file, `${at}: ${name} has ${model.get('n_outputs_')} outputs`)
  const isClassifier = name.endsWith('Classifier')
  const names = classesOf(model)
  const scores = isClassifier && names.length > 2 ? names.length : 1
  const classes = scores > 1 ? { classes: names } : {}
  switch (name) {
    case 'DecisionTreeRegressor':
    case 'ExtraTreeRegressor':
    case 'DecisionTreeClassifier':
    case 'ExtraTreeClassifier':
    case 'RandomForestRegressor':
    case 'ExtraTreesRegressor':
    case 'RandomForestClassifier':
    case 'ExtraTreesClassifier': {
      const members = model.get('estimators_') === undefined ? [model] : model.estimators('estimators_')
      const family = isClassifier ? (scores > 1 ? 'multinomial' : 'binomial') : 'gaussian'
      const read = members.map((m) => readTree(m, columns))
      return {
        family,
        link: 'identity',
        ...classes,
        base: Array.from({ length: scores }, () => 0),
        divisor: members.length,
        values: 'float32',
        routes: read.some((t) => t.routes),
        trees: read.flatMap((t) =>
          Array.from({ length: scores }, (_, score) => ({
            score,
            root: t.rootOf((leaf) => (isClassifier ? shareOf(leaf, scores > 1 ? score : 1, version) : (leaf[0] ?? 0))),
          })),
        ),
      }
    }
    case 'GradientBoostingRegressor':
    case 'GradientBoostingClassifier': {
      const loss = String(model.get('loss'))
      if (loss === 'exponential') refuse(file, `${at}: ${name} has the loss exponential`)
      const init = model.get('init_')
      const first = typeof init === 'object' && init !== null && 'class' in init ? String(init.class) : 'zero'
      if (!['zero', 'DummyClassifier', 'DummyRegressor'].includes(first)) {
        refuse(file, `${at}: ${name} starts from ${first}, which depends on the row`)
      }
      const rate = Number(model.get('learning_rate'))
      return {
        family: isClassifier ? (scores > 1 ? 'multinomial' : 'binomial') : 'gaussian',
        link: isClassifier ? (scores > 1 ? 'softmax' : 'logit') : 'identity',
        ...classes,
        base: model.numbers('raw_init_'),
        divisor: 1,
        values: 'float32',
        routes: false,
        trees: model.estimators('estimators_').map((m, i) => ({
          score: i % scores,
          root: readTree(m, columns).rootOf((leaf) => rate * (leaf[0] ?? 0)),
        })),
      }
    }
    case 'HistGradientBoostingRegressor':
    case 'HistGradientBoostingClassifier':
      return histogram(model, scores, isClassifier, columns)
    default:
      return refuse(
        file,
        `${at}: ${name} is no model that is known`,
        'Known: linear models, LinearSVC, DecisionTree, ExtraTree(s), RandomForest, GradientBoosting, HistGradientBoosting.',
      )
  }
}

/** Before version 1.3 a leaf holds weights of the classes, from then on their shares. */
function shareOf(leaf: readonly number[], score: number, version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 1 || (major === 1 && minor >= 3)) return leaf[score] ?? 0
  const total = leaf.reduce((a, b) => a + b, 0)
  return (leaf[score] ?? 0) / (total === 0 ? 1 : total)
}

function readTree(model: Estimator, columns: number) {
  const { file, at } = model
  const tree = model.get('tree_') as Record<string, unknown> | undefined
  if (typeof tree !== 'object') return refuse(file, `${at}: ${model.name} has no tree_`)
  const numbers = (key: string): number[] => flatNumbers(tree[key], `${at}.tree_.${key}`, file)
  const left = numbers('children_left')
  const right = numbers('children_right')
  const feature = numbers('feature')
  const threshold = numbers('threshold')
  const values = tree['value']
  const missing = tree['missing_go_to_left'] === undefined ? undefined : numbers('missing_go_to_left')
  const rootOf = (leafOf: (leaf: readonly number[]) => number): TreeNode => {
    const seen = new Set<number>()
    const node = (i: number): TreeNode => {
      if (i < 0 || i >= left.length || seen.has(i))
        return refuse(file, `${at}.tree_: node ${i} is missing or reached twice`)
      seen.add(i)
      if (left[i] === -1) {
        const own = Array.isArray(values) ? values[i] : undefined
        return { leaf: leafOf(flatNumbers(own, `${at}.tree_.value.${i}`, file)) + 0 }
      }
      const input = feature[i] ?? -1
      if (input < 0 || input >= columns) refuse(file, `${at}.tree_: node ${i} reads column ${input} of ${columns}`)
      return {
        input,
        threshold: (threshold[i] ?? 0) + 0,
        missingLeft: missing?.[i] === 1,
        left: node(left[i] ?? -1),
        right: node(right[i] ?? -1),
      }
    }
    return node(0)
  }
  return { rootOf, routes: missing?.includes(1) ?? false }
}

const histogramLinks: Readonly<Record<string, readonly [Family, Link]>> = {
  squared_error: ['gaussian', 'identity'],
  absolute_error: ['gaussian', 'identity'],
  quantile: ['gaussian', 'identity'],
  poisson: ['poisson', 'log'],
  gamma: ['gamma', 'log'],
}

function histogram(model: Estimator, scores: number, isClassifier: boolean, columns: number): Ensemble {
  const { file, at, name } = model
  const loss = String(model.get('loss'))
  const [family, link] = isClassifier
    ? scores > 1
      ? (['multinomial', 'softmax'] as const)
      : (['binomial', 'logit'] as const)
    : (histogramLinks[loss] ?? refuse(file, `${at}: ${name} has the loss ${loss}`))
  const rounds = model.get('_predictors')
  if (!Array.isArray(rounds)) return refuse(file, `${at}: ${name} has no _predictors`)
  const trees = rounds.flatMap((round: unknown) => (Array.isArray(round) ? round : []))
  return {
    family,
    link,
    ...(scores > 1 ? { classes: classesOf(model) } : {}),
    base: model.numbers('_baseline_prediction'),
    divisor: 1,
    values: 'float64',
    routes: true,
    trees: trees.map((tree: { nodes?: unknown } | null, t) => {
      const nodes = tree?.nodes
      if (!Array.isArray(nodes)) return refuse(file, `${at}._predictors: tree ${t} has no nodes`)
      return { score: t % scores, root: histogramTree(nodes, `${at}._predictors: tree ${t}`, columns, file) }
    }),
  }
}

function histogramTree(nodes: readonly Record<string, unknown>[], at: string, columns: number, file: string): TreeNode {
  const seen = new Set<number>()
  const node = (i: number): TreeNode => {
    const own = nodes[i]
    if (own === undefined || seen.has(i)) return refuse(file, `${at}: node ${i} is missing or reached twice`)
    seen.add(i)
    const number = (key: string): number => numberOf(own[key]) ?? refuse(file, `${at}: node ${i} has no ${key}`)
    if (number('is_leaf') === 1) return { leaf: number('value') + 0 }
    if (number('is_categorical') === 1)
      refuse(file, `${at}: node ${i} splits categories`, 'Encode them with OneHotEncoder.')
    const input = number('feature_idx')
    if (input >= columns) refuse(file, `${at}: node ${i} reads column ${input} of ${columns}`)
    return {
      input,
      threshold: number('num_threshold') + 0,
      missingLeft: number('missing_go_to_left') === 1,
      left: node(number('left')),
      right: node(number('right')),
    }
  }
  return node(0)
}

const read = (values: 'float32' | 'float64', x: number): number => (values === 'float32' ? Math.fround(x) : x)

/** The same tree over features. */
function foldedNode(
  node: TreeNode,
  columns: readonly SklearnColumn[],
  place: ReadonlyMap<string, number>,
  values: 'float32' | 'float64',
  isPlain: boolean,
): TreeNode {
  if ('leaf' in node) return node
  const column = columns[node.input] as SklearnColumn
  const input = place.get(column.feature) ?? 0
  const left = foldedNode(node.left, columns, place, values, isPlain)
  const right = foldedNode(node.right, columns, place, values, isPlain)
  const goesLeft = (z: number): boolean => read(values, z) <= node.threshold
  if (column.kind === 'number') {
    const { at, slope, shift, missing } = column
    const isSame = slope === 1 && shift === 0
    const last = isSame ? boundary({ values, comparison: '<=' }, node.threshold) : lastWhere((x) => goesLeft(at(x)))
    const missingLeft = missing === undefined ? node.missingLeft : goesLeft(missing.value)
    return { input, threshold: (isPlain ? node.threshold : last) + 0, missingLeft, left, right }
  }
  const [without, within] = column.values
  if (goesLeft(without) === goesLeft(within)) return goesLeft(without) ? left : right
  const holdsLeft = goesLeft(within)
  if (column.kind === 'missing') {
    return holdsLeft
      ? { input, threshold: Number.NEGATIVE_INFINITY, missingLeft: true, left, right }
      : { input, threshold: Number.POSITIVE_INFINITY, missingLeft: false, left, right }
  }
  return holdsLeft
    ? { input, threshold: 0, missingLeft: false, members: [column.level], left, right }
    : { input, threshold: 0, missingLeft: false, members: [column.level], left: right, right: left }
}

function countSplits(node: TreeNode, features: readonly string[], counts: Map<string, number>): void {
  if ('leaf' in node) return
  const feature = features[node.input] ?? ''
  counts.set(feature, (counts.get(feature) ?? 0) + 1)
  countSplits(node.left, features, counts)
  countSplits(node.right, features, counts)
}

/** The library's own rules: transformed columns, rounded, down its own nodes. */
function scoresOf(
  { trees, base, divisor, values }: Ensemble,
  columns: readonly SklearnColumn[],
  required: readonly string[],
  row: Readonly<Record<string, Literal>>,
): (number | null)[] {
  if (required.some((name) => (row[name] ?? null) === null) || columns.some((c) => isUnknown(c, row))) {
    return base.map(() => null)
  }
  const all = columns.map((c) => columnValue(c, row))
  const sums = [...base]
  for (const { score, root } of trees) {
    let node = root
    while (!('leaf' in node)) {
      const z = all[node.input] ?? Number.NaN
      node = (Number.isNaN(z) ? node.missingLeft : read(values, z) <= node.threshold) ? node.left : node.right
    }
    sums[score] = (sums[score] ?? 0) + node.leaf
  }
  return divisor === 1 ? sums : sums.map((s) => s / divisor)
}

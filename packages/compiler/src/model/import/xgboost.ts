/**
 * xgboost models as `save_model('model.json')` writes them, booster gbtree.
 *
 * Arithmetic, checked against xgboost 1.7.4: features are float32 and go left when `value < threshold` in float32; leaves
 * are float32, added to the base margin one tree after the other in float32. The base score is a mean, and its margin
 * is the link of it, except for softmax, where it is the margin itself.
 */
import { z } from 'zod'
import type { Family, Link } from '../../ir/family.ts'
import { recordNumber } from '../../ir/record-number.ts'
import { featureNames, type ImportedModel, type ImportOptions, readJson, refuse } from './imported-model.ts'
import { flatTree, shares, type TreeNode, usedInputs } from './tree-node.ts'

const integers = z.array(z.number().int())
const treeSchema = z.looseObject({
  left_children: integers,
  right_children: integers,
  split_indices: integers,
  split_conditions: z.array(recordNumber),
  default_left: z.array(z.union([z.boolean(), z.literal([0, 1])])),
  loss_changes: z.array(recordNumber).optional(),
  split_type: integers.optional(),
  categories: integers.optional(),
  categories_nodes: integers.optional(),
  categories_segments: integers.optional(),
  categories_sizes: integers.optional(),
  tree_param: z.looseObject({ size_leaf_vector: z.string().optional() }).optional(),
})
type XgboostTree = z.infer<typeof treeSchema>

const modelSchema = z.looseObject({
  version: z.array(z.number()),
  learner: z.looseObject({
    attributes: z.record(z.string(), z.string()).optional(),
    feature_names: z.array(z.string()).optional(),
    feature_types: z.array(z.string()).optional(),
    objective: z.looseObject({ name: z.string() }),
    learner_model_param: z.looseObject({
      base_score: z.string(),
      num_class: z.string(),
      num_feature: z.string(),
      num_target: z.string().optional(),
    }),
    gradient_booster: z.looseObject({
      name: z.string(),
      model: z.looseObject({ tree_info: integers, trees: z.array(z.unknown()) }).optional(),
    }),
  }),
})

const objectives: Readonly<Record<string, readonly [Family, Link]>> = {
  'binary:logistic': ['binomial', 'logit'],
  'reg:logistic': ['binomial', 'logit'],
  'multi:softprob': ['multinomial', 'softmax'],
  'multi:softmax': ['multinomial', 'softmax'],
  'reg:squarederror': ['gaussian', 'identity'],
  'reg:absoluteerror': ['gaussian', 'identity'],
  'reg:pseudohubererror': ['gaussian', 'identity'],
  'count:poisson': ['poisson', 'log'],
  'reg:gamma': ['gamma', 'log'],
}

/** Whether a parsed file looks like one of xgboost. */
export const isXgboost = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'learner' in json && 'version' in json

/** Reads a model of xgboost. Errors: `model/import`. */
export function importXgboost(text: string, options: ImportOptions): ImportedModel {
  const { file } = options
  const { version, learner } = valid(modelSchema, readJson(text, file), file)
  const { name: objective } = learner.objective
  const { name: booster, model } = learner.gradient_booster
  const param = learner.learner_model_param
  const [family, link] =
    objectives[objective] ??
    refuse(
      file,
      `the objective ${objective} is none that a record has`,
      `Known: ${Object.keys(objectives).join(', ')}.`,
    )
  if (booster !== 'gbtree' || model === undefined) {
    refuse(file, `the booster is ${booster}`, 'Only gbtree is imported; train dart and gblinear models as gbtree.')
  }
  if (Number(param.num_target ?? '1') > 1) refuse(file, `it has ${param.num_target} targets`)
  const trees = model.trees.map((t, i) => valid(treeSchema, t, file, `learner.gradient_booster.model.trees.${i}`))
  trees.forEach((t, i) => {
    if (Number(t.tree_param?.size_leaf_vector ?? '0') > 1) refuse(file, `tree ${i} has a vector in each leaf`)
  })
  const names = featureNames(learner.feature_names ?? [], Number(param.num_feature), options)
  const scores = family === 'multinomial' ? Number(param.num_class) : 1
  const base = margins(param.base_score, link, scores, file)
  const roots = trees.map((t, i) => nested(t, names, options, `tree ${i}`))
  const used = usedInputs(roots, names)
  const gains = new Map<string, number>()
  for (const t of trees) {
    t.left_children.forEach((left, i) => {
      const name = names[t.split_indices[i] ?? 0] ?? ''
      if (left >= 0) gains.set(name, (gains.get(name) ?? 0) + Math.max(0, t.loss_changes?.[i] ?? 1))
    })
  }
  const importance = shares(gains)
  const score = (i: number): number => (scores === 1 ? 0 : (model.tree_info[i] ?? 0))
  const classes = options.classes ?? Array.from({ length: scores }, (_, i) => String(i))
  if (scores > 1 && classes.length !== scores) refuse(file, `${classes.length} classes are given for ${scores} scores`)
  const best = Number(learner.attributes?.['best_iteration'] ?? 'NaN')
  const rounds = trees.length / scores
  return {
    source: `xgboost ${version.join('.')}`,
    family,
    link,
    ...(scores === 1 ? {} : { classes }),
    features: names,
    inputs: used.inputs.map((feature) => ({
      feature,
      type: options.categories?.[feature] === undefined ? 'float8' : 'text',
      encoder: { kind: 'raw' },
    })),
    coefficients: [],
    trees: {
      inputs: used.inputs,
      values: 'float32',
      comparison: '<',
      required: [],
      zero: 0,
      sums: 'float32',
      base,
      divisor: 1,
      trees: used.roots.map((root, i) => flatTree(root, score(i))),
      ...(importance === undefined ? {} : { importance }),
    },
    reference: (row) => {
      const values = names.map((n) => codeOf(row[n], options.categories?.[n]))
      const sums = base.map(Math.fround)
      trees.forEach((t, i) => {
        sums[score(i)] = Math.fround((sums[score(i)] ?? 0) + Math.fround(leafOf(t, values)))
      })
      return sums
    },
    notes:
      best + 1 < rounds
        ? [`It has ${rounds} rounds and the best was ${best + 1}: all are imported, as Booster.predict uses them.`]
        : [],
  }
}

/** `"5E-1"`, or `"[5E-1,…]"` from version 3 on: the mean, through the link in float32. */
function margins(text: string, link: Link, scores: number, file: string): number[] {
  const means = text
    .replace(/[[\]]/g, '')
    .split(',')
    .map((s) => Math.fround(Number(s)))
  const margin = (mean: number): number => {
    if (link === 'logit') return Math.fround(-Math.fround(Math.log(Math.fround(Math.fround(1 / mean) - 1))))
    return link === 'log' ? Math.fround(Math.log(mean)) : mean
  }
  const all = means.map((mean) => margin(mean) + 0)
  if (!all.every(Number.isFinite)) refuse(file, `learner.learner_model_param.base_score is ${text}`)
  if (all.length === scores) return all
  if (all.length !== 1) refuse(file, `${all.length} base scores for ${scores} scores`)
  return Array.from({ length: scores }, () => all[0] ?? 0)
}

function nested(t: XgboostTree, names: readonly string[], options: ImportOptions, what: string): TreeNode {
  const { file, categories } = options
  const nodes = t.left_children.length
  const seen = new Set<number>()
  const node = (i: number): TreeNode => {
    if (i < 0 || i >= nodes || seen.has(i)) refuse(file, `${what} is no tree: node ${i} is missing or reached twice`)
    seen.add(i)
    const left = t.left_children[i] ?? -1
    const threshold = t.split_conditions[i] ?? Number.NaN
    if (left < 0) return { leaf: Math.fround(threshold) + 0 }
    const input = t.split_indices[i] ?? -1
    const name = names[input] ?? refuse(file, `${what} reads feature ${input} of ${names.length}`)
    const defaultLeft = Boolean(t.default_left[i])
    const children = { left: node(left), right: node(t.right_children[i] ?? -1) }
    if (t.split_type?.[i] === 1) {
      // Members of the set go right.
      const members = categoriesOf(t, i).map((c) => levelOf(c, name, categories?.[name], file))
      return {
        input,
        threshold: 0,
        missingLeft: !defaultLeft,
        members,
        left: children.right,
        right: children.left,
      }
    }
    if (categories?.[name] !== undefined)
      refuse(file, `"${name}" is given categories, and ${what} compares it as a number`)
    return { input, threshold: Math.fround(threshold) + 0, missingLeft: defaultLeft, ...children }
  }
  return node(0)
}

function categoriesOf(t: XgboostTree, node: number): readonly number[] {
  const at = t.categories_nodes?.indexOf(node) ?? -1
  const start = t.categories_segments?.[at] ?? 0
  return t.categories?.slice(start, start + (t.categories_sizes?.[at] ?? 0)) ?? []
}

function levelOf(code: number, name: string, levels: readonly string[] | undefined, file: string): number | string {
  return levels === undefined ? code : (levels[code] ?? refuse(file, `"${name}" has no category ${code}`))
}

const codeOf = (value: unknown, levels: readonly string[] | undefined): number => {
  if (typeof value === 'string') {
    const code = levels?.indexOf(value) ?? -1
    // A category the model has not seen is in no set.
    return code < 0 ? -2 : code
  }
  return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? Math.fround(value) : Number.NaN
}

/** The library's own walk over its own arrays. */
function leafOf(t: XgboostTree, values: readonly number[]): number {
  let i = 0
  while ((t.left_children[i] ?? -1) >= 0) {
    const x = values[t.split_indices[i] ?? 0] ?? Number.NaN
    const left = Number.isNaN(x)
      ? Boolean(t.default_left[i])
      : t.split_type?.[i] === 1
        ? !categoriesOf(t, i).includes(x)
        : x < Math.fround(t.split_conditions[i] ?? 0)
    i = (left ? t.left_children[i] : t.right_children[i]) ?? 0
  }
  return t.split_conditions[i] ?? 0
}

function valid<T>(schema: z.ZodType<T>, json: unknown, file: string, at?: string): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = [...(at === undefined ? [] : [at]), ...(issue?.path ?? [])].join('.')
  return refuse(file, `${place || 'the file'}: ${issue?.message}`, 'Write it with save_model("model.json").')
}

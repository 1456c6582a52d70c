/** The two ways LightGBM writes a model down, text and JSON, as one structure. */
import { z } from 'zod'
import { type ImportOptions, readJson, refuse } from './imported-model.ts'

export type LightgbmNode =
  | { readonly leaf: number }
  | {
      readonly feature: number
      readonly gain: number
      readonly threshold: number
      /** Of a categorical split: the categories that go left. */
      readonly categories?: readonly number[]
      readonly missing: 'none' | 'zero' | 'nan'
      readonly defaultLeft: boolean
      readonly left: LightgbmNode
      readonly right: LightgbmNode
    }

export interface LightgbmFile {
  readonly version: string
  readonly objective: string
  readonly classes: number
  /** Trees are in rounds of so many, one per score. */
  readonly perRound: number
  readonly average: boolean
  readonly features: readonly string[]
  /** Places of the features that are categories. */
  readonly categorical: readonly number[]
  /** Texts of pandas categories, per categorical feature. */
  readonly pandas: readonly (readonly string[])[]
  readonly trees: readonly LightgbmNode[]
}

/** Whether a text begins as LightGBM's do. */
export const isLightgbmText = (text: string): boolean => /^tree\r?\nversion=v\d/.test(text)

export const isLightgbmJson = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'tree_info' in json && 'num_tree_per_iteration' in json

type Section = ReadonlyMap<string, string>

const section = (lines: readonly string[]): Section =>
  new Map(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
    }),
  )

/** `Booster.save_model()`. Errors: `model/import`. */
export function readLightgbmText(text: string, { file }: ImportOptions): LightgbmFile {
  const lines = text.split(/\r?\n/)
  const end = lines.indexOf('end of trees')
  if (end < 0) refuse(file, 'it has no line "end of trees": it is cut off')
  const starts = lines.flatMap((line, i) => (i < end && /^Tree=\d+$/.test(line) ? [i] : []))
  const head = section(lines.slice(0, starts[0] ?? end))
  const pandas = lines.find((line) => line.startsWith('pandas_categorical:'))
  const infos = words(head.get('feature_infos'))
  return {
    version: head.get('version') ?? '',
    objective: head.get('objective') ?? '',
    classes: Number(head.get('num_class') ?? '1'),
    perRound: Number(head.get('num_tree_per_iteration') ?? '1'),
    average: head.has('average_output'),
    features: words(head.get('feature_names')),
    categorical: infos.flatMap((info, i) => (/^-?\d+(:|$)/.test(info) ? [i] : [])),
    pandas: texts(pandas === undefined ? null : readJson(pandas.slice('pandas_categorical:'.length), file), file),
    trees: starts.map((start, i) => textTree(section(lines.slice(start, starts[i + 1] ?? end)), `Tree=${i}`, file)),
  }
}

const words = (line: string | undefined): string[] => (line === undefined || line === '' ? [] : line.split(' '))

function textTree(tree: Section, what: string, file: string): LightgbmNode {
  if (tree.get('is_linear') === '1') refuse(file, `${what} has linear leaves`)
  const numbers = (key: string, count?: number): number[] => {
    const all = words(tree.get(key)).map(Number)
    if (all.some(Number.isNaN) || (count !== undefined && all.length !== count)) {
      refuse(file, `${what}: ${key} is damaged`)
    }
    return all
  }
  const leaves = numbers('leaf_value', Number(tree.get('num_leaves')))
  const splits = leaves.length - 1
  if (splits < 1) return { leaf: leaves[0] ?? 0 }
  const feature = numbers('split_feature', splits)
  const gain = numbers('split_gain', splits)
  const threshold = numbers('threshold', splits)
  const decision = numbers('decision_type', splits)
  const left = numbers('left_child', splits)
  const right = numbers('right_child', splits)
  const boundaries = numbers('cat_boundaries')
  const bits = numbers('cat_threshold')
  const seen = new Set<number>()
  const node = (i: number): LightgbmNode => {
    if (i < 0) return { leaf: leaves[-i - 1] ?? refuse(file, `${what} has no leaf ${-i - 1}`) }
    if (i >= splits || seen.has(i)) refuse(file, `${what} is no tree: split ${i} is missing or reached twice`)
    seen.add(i)
    const kind = decision[i] ?? 0
    const isCategory = (kind & 1) === 1
    const set = threshold[i] ?? 0
    return {
      feature: feature[i] ?? 0,
      gain: gain[i] ?? 0,
      threshold: isCategory ? 0 : set,
      ...(isCategory ? { categories: members(bits.slice(boundaries[set], boundaries[set + 1])) } : {}),
      missing: (['none', 'zero', 'nan'] as const)[(kind >> 2) & 3] ?? 'none',
      defaultLeft: (kind & 2) === 2,
      left: node(left[i] ?? 0),
      right: node(right[i] ?? 0),
    }
  }
  return node(0)
}

/** The numbers of the bits that are set, 32 to a word. */
const members = (bitWords: readonly number[]): number[] =>
  bitWords.flatMap((word, w) =>
    Array.from({ length: 32 }, (_, bit) => bit).flatMap((bit) => ((word >>> bit) & 1 ? [w * 32 + bit] : [])),
  )

interface JsonNode {
  leaf_value?: number | undefined
  split_feature?: number | undefined
  split_gain?: number | undefined
  threshold?: number | string | undefined
  decision_type?: string | undefined
  default_left?: boolean | undefined
  missing_type?: string | undefined
  left_child?: JsonNode | undefined
  right_child?: JsonNode | undefined
}
const jsonNode: z.ZodType<JsonNode> = z.looseObject({
  leaf_value: z.number().optional(),
  split_feature: z.number().int().nonnegative().optional(),
  split_gain: z.number().optional(),
  threshold: z.union([z.number(), z.string()]).optional(),
  decision_type: z.string().optional(),
  default_left: z.boolean().optional(),
  missing_type: z.string().optional(),
  get left_child() {
    return jsonNode.optional()
  },
  get right_child() {
    return jsonNode.optional()
  },
})
const jsonFile = z.looseObject({
  version: z.string(),
  objective: z.string().optional(),
  num_class: z.number(),
  num_tree_per_iteration: z.number(),
  average_output: z.boolean().optional(),
  feature_names: z.array(z.string()),
  feature_infos: z.record(z.string(), z.looseObject({ values: z.array(z.unknown()).optional() })).optional(),
  tree_info: z.array(z.looseObject({ tree_structure: jsonNode })),
  pandas_categorical: z.unknown().optional(),
})

/** `json.dump(booster.dump_model(), …)`. Errors: `model/import`. */
export function readLightgbmJson(json: unknown, { file }: ImportOptions): LightgbmFile {
  const parsed = jsonFile.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return refuse(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  const m = parsed.data
  return {
    version: m.version,
    objective: m.objective ?? '',
    classes: m.num_class,
    perRound: m.num_tree_per_iteration,
    average: m.average_output ?? false,
    features: m.feature_names,
    categorical: m.feature_names.flatMap((name, i) => ((m.feature_infos?.[name]?.values?.length ?? 0) > 0 ? [i] : [])),
    pandas: texts(m.pandas_categorical ?? null, file),
    trees: m.tree_info.map((t, i) => nested(t.tree_structure, `tree_info.${i}`, file)),
  }
}

function nested(node: JsonNode, what: string, file: string): LightgbmNode {
  if ('leaf_coeff' in node) refuse(file, `${what} has linear leaves`)
  const { left_child: left, right_child: right, threshold, split_feature: feature } = node
  if (node.leaf_value !== undefined) return { leaf: node.leaf_value }
  if (left === undefined || right === undefined || threshold === undefined || feature === undefined) {
    return refuse(file, `${what} has a node that is neither a split nor a leaf`)
  }
  const isCategory = node.decision_type === '=='
  return {
    feature,
    gain: node.split_gain ?? 0,
    threshold: isCategory ? 0 : Number(threshold),
    ...(isCategory ? { categories: String(threshold).split('||').map(Number) } : {}),
    missing: ({ Zero: 'zero', NaN: 'nan' } as const)[node.missing_type ?? ''] ?? 'none',
    defaultLeft: node.default_left ?? false,
    left: nested(left, what, file),
    right: nested(right, what, file),
  }
}

function texts(json: unknown, file: string): string[][] {
  if (json === null) return []
  const parsed = z.array(z.array(z.union([z.string(), z.number(), z.boolean()]))).safeParse(json)
  if (!parsed.success) return refuse(file, 'pandas_categorical is no list of lists')
  return parsed.data.map((levels) => levels.map(String))
}

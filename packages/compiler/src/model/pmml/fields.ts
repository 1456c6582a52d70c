/** Fields of a document as encoders: what a predictor of a PMML model reads. */
import type { LearnedEncoder } from '../../ir/learned-encoder.ts'
import { child, childrenOf, type Element } from './element.ts'

/** Collects what a document asks for and a record cannot say, with its place. */
export type Refuse = (e: Element, detail: string) => void

/** A number of a feature: (clipped value − center) / scale. */
export interface NumberField {
  readonly kind: 'number'
  readonly feature: string
  readonly center: number
  readonly scale: number
  readonly clip?: readonly [number, number]
  readonly transform: 'identity' | 'log1p'
}
/** The bins of a feature, each with its name. */
export interface BinsField {
  readonly kind: 'bins'
  readonly feature: string
  /** Ascending; one less than names. */
  readonly edges: readonly number[]
  readonly closed: 'left' | 'right'
  readonly names: readonly string[]
  readonly missing?: string
}
/** A category, as it is. */
export interface CategoryField {
  readonly kind: 'category'
  readonly feature: string
}
/** 1 for one value of a category, 0 for the others. */
export interface LevelField {
  readonly kind: 'level'
  readonly feature: string
  readonly level: string
}
/** A number for each value of a category. */
export interface TableField {
  readonly kind: 'table'
  readonly feature: string
  readonly levels: readonly (readonly [string, number])[]
  readonly unseen: number
  readonly missing: number | null
}
export type Field = NumberField | BinsField | CategoryField | LevelField | TableField

export interface Fields {
  /** Undefined, and refused, when there is no such field or it cannot be said. */
  readonly field: (name: string, from: Element, refuse?: Refuse) => Field | undefined
  /** What replaces a missing value of a feature; null where nothing does. */
  readonly replacement: (feature: string) => number | string | null
  /** In the order of the mining schema: active and supplementary fields that are in the data dictionary. */
  readonly features: readonly string[]
  readonly target: string | undefined
  /** Values of a categorical target, in the order of the dictionary. */
  readonly classes: readonly string[]
  readonly isText: (feature: string) => boolean
}

/** Reads data dictionary, transformations and the mining schema of `model`. */
export function readFields(document: Element, model: Element, refuse: Refuse): Fields {
  const dictionary = child(document, 'DataDictionary')
  const data = new Map(childrenOf(dictionary ?? document, 'DataField').map((e) => [e.attributes.name ?? '', e]))
  const schema = child(model, 'MiningSchema')
  const mining = new Map(childrenOf(schema ?? model, 'MiningField').map((e) => [e.attributes.name ?? '', e]))
  const transformations = [child(document, 'TransformationDictionary'), child(model, 'LocalTransformations')]
  const derived = new Map(
    transformations.flatMap((t) =>
      t ? childrenOf(t, 'DerivedField').map((e) => [e.attributes.name ?? '', e] as const) : [],
    ),
  )
  const isTarget = (e: Element): boolean => ['target', 'predicted'].includes(e.attributes.usageType ?? 'active')
  const target = [...mining.values()].find(isTarget)?.attributes.name
  const features = [...mining].filter(([name, e]) => !isTarget(e) && data.has(name)).map(([name]) => name)

  const dataField = (name: string): Field => {
    const e = data.get(name)
    const isCategory = e?.attributes.optype === 'categorical' || e?.attributes.dataType === 'string'
    if (isCategory) return { kind: 'category', feature: name }
    const own = mining.get(name)
    const [low, high] = [own?.attributes.lowValue, own?.attributes.highValue].map(Number)
    const clips = own?.attributes.outliers === 'asExtremeValues' && Number.isFinite(low) && Number.isFinite(high)
    const plain = { kind: 'number', feature: name, center: 0, scale: 1, transform: 'identity' } as const
    return clips ? { ...plain, clip: [low as number, high as number] } : plain
  }
  const field = (name: string, from: Element): Field | undefined => {
    const e = derived.get(name)
    if (e !== undefined) return derivedField(e)
    if (data.has(name)) return dataField(name)
    refuse(from, `there is no field "${name}"`)
    return undefined
  }
  const derivedField = (e: Element): Field | undefined => {
    const body = e.children.find((c) => c.name !== 'Extension')
    if (body === undefined) {
      refuse(e, `derived field "${e.attributes.name}" is empty`)
      return undefined
    }
    return transformed(body, field, refuse)
  }
  for (const [name, e] of mining) {
    const treatment = e.attributes.outliers
    if (treatment !== undefined && treatment !== 'asIs' && treatment !== 'asExtremeValues') {
      refuse(e, `outliers "${treatment}" of field "${name}"`)
    }
  }
  const replacement = (feature: string): number | string | null => {
    const given = mining.get(feature)?.attributes.missingValueReplacement
    if (given === undefined) return null
    return isText(feature) ? given : Number(given)
  }
  const isText = (feature: string): boolean => {
    const e = data.get(feature)
    return e?.attributes.optype === 'categorical' || e?.attributes.dataType === 'string'
  }
  const targetField = target === undefined ? undefined : data.get(target)
  const classes = targetField === undefined ? [] : childrenOf(targetField, 'Value').map((v) => v.attributes.value ?? '')
  return { field, replacement, features, target, classes, isText }
}

type Lookup = (name: string, from: Element) => Field | undefined

function transformed(e: Element, field: Lookup, refuse: Refuse): Field | undefined {
  switch (e.name) {
    case 'FieldRef':
      return field(e.attributes.field ?? '', e)
    case 'NormContinuous':
      return normContinuous(e, field, refuse)
    case 'NormDiscrete': {
      const of = field(e.attributes.field ?? '', e)
      if (of?.kind === 'category') return { kind: 'level', feature: of.feature, level: e.attributes.value ?? '' }
      if (of !== undefined) refuse(e, 'NormDiscrete of a field that is no category')
      return undefined
    }
    case 'Discretize':
      return discretize(e, field, refuse)
    case 'MapValues':
      return mapValues(e, field, refuse)
    case 'Apply': {
      const [argument] = e.children
      if (e.attributes.function === 'ln1p' && argument !== undefined) {
        const of = transformed(argument, field, refuse)
        if (of?.kind === 'number' && of.transform === 'identity' && of.center === 0 && of.scale === 1) {
          return { ...of, transform: 'log1p' }
        }
      }
      refuse(e, `the function "${e.attributes.function}"`)
      return undefined
    }
    default:
      refuse(e, `the transformation ${e.name}`)
      return undefined
  }
}

/** A line through two points. */
function normContinuous(e: Element, field: Lookup, refuse: Refuse): Field | undefined {
  const of = field(e.attributes.field ?? '', e)
  const norms = childrenOf(e, 'LinearNorm').map((n) => [Number(n.attributes.orig), Number(n.attributes.norm)] as const)
  const [[o1, n1] = [0, 0], [o2, n2] = [0, 0]] = norms
  if (of === undefined) return undefined
  if (of.kind !== 'number' || of.center !== 0 || of.scale !== 1 || norms.length !== 2 || !(o2 > o1) || n1 === n2) {
    refuse(e, 'NormContinuous that is no line through two points of a number')
    return undefined
  }
  if (e.attributes.mapMissingTo !== undefined) refuse(e, 'mapMissingTo of NormContinuous')
  const outliers = e.attributes.outliers ?? 'asIs'
  if (outliers === 'asMissingValues') refuse(e, 'outliers "asMissingValues"')
  const scale = (o2 - o1) / (n2 - n1)
  const line = { ...of, scale, center: o1 - n1 * scale }
  return outliers === 'asExtremeValues' ? { ...line, clip: [o1, o2] } : line
}

function discretize(e: Element, field: Lookup, refuse: Refuse): Field | undefined {
  const of = field(e.attributes.field ?? '', e)
  if (of === undefined) return undefined
  const bins = childrenOf(e, 'DiscretizeBin').map((b) => {
    const interval = child(b, 'Interval')
    return {
      name: b.attributes.binValue ?? '',
      left: Number(interval?.attributes.leftMargin ?? Number.NEGATIVE_INFINITY),
      right: Number(interval?.attributes.rightMargin ?? Number.POSITIVE_INFINITY),
      closure: interval?.attributes.closure ?? '',
    }
  })
  const adjoin = bins.every((b, i) => i === 0 || b.left === bins[i - 1]?.right)
  const whole = bins[0]?.left === Number.NEGATIVE_INFINITY && bins.at(-1)?.right === Number.POSITIVE_INFINITY
  const inner = bins.slice(1).map((b) => b.closure)
  const closed = inner.every((c) => c.startsWith('closed'))
    ? 'left'
    : inner.every((c) => c.startsWith('open'))
      ? 'right'
      : undefined
  const plain = of.kind === 'number' && of.transform === 'identity' && of.center === 0 && of.scale === 1
  if (!plain || !adjoin || !whole || closed === undefined || bins.length < 2) {
    refuse(e, 'Discretize whose intervals do not divide all numbers in ascending order, closed on one side')
    return undefined
  }
  const missing = e.attributes.mapMissingTo
  return {
    kind: 'bins',
    feature: of.feature,
    edges: bins.slice(1).map((b) => b.left),
    closed,
    names: bins.map((b) => b.name),
    ...(missing === undefined ? {} : { missing }),
  }
}

function mapValues(e: Element, field: Lookup, refuse: Refuse): Field | undefined {
  const pairs = childrenOf(e, 'FieldColumnPair')
  const of = pairs.length === 1 ? field(pairs[0]?.attributes.field ?? '', e) : undefined
  const table = child(e, 'InlineTable')
  const [from, to] = [pairs[0]?.attributes.column ?? '', e.attributes.outputColumn ?? '']
  const levels = childrenOf(table ?? e, 'row').map(
    (row) => [child(row, from)?.text.trim() ?? '', Number(child(row, to)?.text)] as const,
  )
  const unseen = Number(e.attributes.defaultValue)
  if (
    of?.kind !== 'category' ||
    levels.length === 0 ||
    levels.some(([, v]) => Number.isNaN(v)) ||
    Number.isNaN(unseen)
  ) {
    refuse(e, 'MapValues other than from one category to numbers with a default')
    return undefined
  }
  const missing = e.attributes.mapMissingTo
  return { kind: 'table', feature: of.feature, levels, unseen, missing: missing === undefined ? null : Number(missing) }
}

/** Encoders that read a number as PMML does: without a replacement, a missing value leaves the row without a score. */
export function numberEncoder(f: NumberField, replacement: number | null, degree: number): LearnedEncoder {
  return {
    kind: 'numeric',
    ...(f.clip === undefined ? {} : { clip: [...f.clip] }),
    transform: f.transform,
    impute: replacement ?? 0,
    ...(replacement === null ? { missing: 'null' as const } : {}),
    indicator: false,
    center: f.center,
    scale: f.scale,
    ...(degree > 1 ? { basis: { kind: 'polynomial', degree } } : {}),
  }
}

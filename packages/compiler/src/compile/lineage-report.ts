/** Where a column comes from, as a tree that ends in source columns and may begin at a prediction. */
import type { BoundDataset, BoundUse, Facts } from '../analyse/bind.ts'
import { type ColumnLineage, type Influence, isDirect } from '../analyse/lineage.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import type { FeatureView, SampleDef, TargetDef } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { outputs } from '../model/outputs.ts'
import { titleOf } from './describe-query.ts'
import { tracedColumns } from './traced-columns.ts'

export interface LineageNode {
  readonly kind: 'prediction' | 'input' | 'view' | 'source' | 'unknown'
  /** `delay15.probability`, `origin_delay_7d`, `public.flights.delay`. */
  readonly name: string
  /** How it enters its parent: an influence, or encoder and coefficient. */
  readonly via?: string
  /** Of a source: whether it makes up the value, or only decides about it. */
  readonly direct?: boolean
  readonly children: readonly LineageNode[]
}

/** Lineage of one column of a view, sample or target. Errors: `view/unknown-column` with the nearest. */
export function viewLineage(
  definition: FeatureView | SampleDef | TargetDef,
  column: string,
  facts: Facts,
): LineageNode {
  const columns = tracedColumns(definition, facts)
  const traced = columns.find((c) => c.column === column)
  if (!traced) {
    const names = columns.map((c) => c.column)
    return fail('view/unknown-column', { view: titleOf(definition), column, ...nearParameter(column, names) })
  }
  return node(`${definition.name}.${column}`, traced)
}

/** Lineage of a feature of a dataset, through its view. */
export function featureLineage(bound: BoundDataset, feature: string, facts: Facts): LineageNode {
  const use = bound.uses.find((u) => u.features.some((f) => f.name === feature))
  if (use) return inputNode(use, feature, facts)
  if (bound.extras.some((c) => c.name === feature)) {
    return { kind: 'input', name: feature, children: [viewLineage(bound.dataset.sample, feature, facts)] }
  }
  const names = [...bound.features.map((f) => f.name), ...bound.extras.map((c) => c.name)]
  return fail('view/unknown-column', {
    view: `dataset "${bound.dataset.name}"`,
    column: feature,
    ...nearParameter(feature, names),
  })
}

/** Lineage of a model's prediction: every input with its coefficients, down to source columns. */
export function predictionLineage(bound: BoundDataset, record: ModelRecord, facts: Facts): LineageNode {
  const output = outputs(record)[0]?.name ?? ''
  const children = record.inputs.map((input) => {
    const { trees } = record
    if (trees !== undefined) {
      const share = trees.importance?.[input.feature]
      const via = share === undefined ? 'trees' : `trees, importance ${share.toPrecision(3)}`
      return { ...featureLineage(bound, input.feature, facts), via }
    }
    const own = record.coefficients.filter((c) => c.feature === input.feature)
    const weight = own.length === 1 ? `coefficient ${own[0]?.estimate.toPrecision(4)}` : `${own.length} coefficients`
    return { ...featureLineage(bound, input.feature, facts), via: `${input.encoder.kind}, ${weight}` }
  })
  return { kind: 'prediction', name: `${record.name}.${output}`, children }
}

function inputNode(use: BoundUse, feature: string, facts: Facts): LineageNode {
  const column = use.features.find((f) => f.name === feature)?.column ?? feature
  return { kind: 'input', name: feature, children: [viewLineage(use.use.view, column, facts)] }
}

function node(name: string, traced: ColumnLineage): LineageNode {
  const ways = new Map<string, Influence[]>()
  for (const s of traced.sources) {
    const source = `${s.relation}.${s.column}`
    ways.set(source, [...(ways.get(source) ?? []), s.influence])
  }
  // What makes up the value comes first.
  const ranked = [...ways].sort(([, a], [, b]) => Number(b.some(isDirect)) - Number(a.some(isDirect)))
  const children: LineageNode[] = ranked.map(([source, how]) => ({
    kind: 'source',
    name: source,
    via: how.join(', '),
    direct: how.some(isDirect),
    children: [],
  }))
  const unknown: LineageNode[] = traced.unknown ? [{ kind: 'unknown', name: 'unknown', children: [] }] : []
  return { kind: 'view', name, children: [...children, ...unknown] }
}

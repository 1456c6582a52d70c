/** Where a column comes from, as a tree that ends in source columns and may begin at a prediction. */
import type { BoundDataset, BoundUse, Facts } from '../analyse/bind.ts'
import { type ColumnLineage, type Influence, isDirect, lineageOf, type SourceColumn } from '../analyse/lineage.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { FeatureView, HistoryView, SampleDef, TargetDef } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { outcomeSql } from '../rewrite/outcome.ts'
import { windowSql } from '../rewrite/windows/window-sql.ts'
import { queryOf, titleOf } from './describe-query.ts'

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
  const output = record.family === 'logistic' ? 'probability' : 'prediction'
  const children = record.inputs.map((input) => {
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

function tracedColumns(definition: FeatureView | SampleDef | TargetDef, facts: Facts): ColumnLineage[] {
  const title = titleOf(definition)
  const { text, origin } = viewText(queryOf(definition), facts.catalog, title)
  const spine = [...definition.entity.keys.map((k) => k.name), 'as_of']
  if (definition.kind === 'target' && definition.outcomes) {
    const own = outcomeSql(definition, definition.outcomes, facts.columns(definition), facts.catalog)
    return lineageOf(own, { view: title, file: title }, facts.catalog, spine)
  }
  if (definition.kind === 'history') {
    return throughTime(definition, lineageOf(text, speakerOf(title, origin), facts.catalog, spine))
  }
  if (definition.kind !== 'aggregates') return lineageOf(text, speakerOf(title, origin), facts.catalog, spine)
  const { source } = definition.spec
  const view: typeof definition =
    source.kind === 'relation'
      ? definition
      : { ...definition, spec: { ...definition.spec, source: { kind: 'sql', text, origin } } }
  const every = new Set(
    Object.keys(definition.spec.aggregates).flatMap((a) =>
      Object.keys(definition.spec.windows).map((w) => `${a}_${w}`),
    ),
  )
  const sql = windowSql(view, facts.columns(definition), every, 'join')
  return lineageOf(sql, { view: title, file: title }, facts.catalog, spine)
}

/** The latest row counts: its time sorts and filters, `knownAt` filters, and the keys join it to the question. */
function throughTime(view: HistoryView, columns: ColumnLineage[]): ColumnLineage[] {
  const chosen: [string, Influence[]][] = [
    [view.time, ['filter', 'sort']],
    ...(view.knownAt === undefined ? [] : [[view.knownAt, ['filter']] as [string, Influence[]]]),
    ...view.entity.keys.map((k): [string, Influence[]] => [k.name, ['join']]),
  ]
  const deciding = chosen.flatMap(([name, how]) => {
    const made = columns.find((c) => c.column === name)?.sources.filter((s) => isDirect(s.influence)) ?? []
    return how.flatMap((influence) => made.map(({ relation, column }) => ({ relation, column, influence })))
  })
  return columns.map((c) => ({ ...c, sources: distinct([...c.sources, ...deciding]) }))
}

const distinct = (sources: readonly SourceColumn[]): SourceColumn[] => [
  ...new Map(sources.map((s) => [`${s.relation}\0${s.column}\0${s.influence}`, s])).values(),
]

/** All columns of a project as one graph, step by step: table → view of the database → feature view → feature → coefficient → prediction. */
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { type ColumnLineage, type Influence, isDirect, lineageOfView } from '../analyse/lineage.ts'
import type { FeatureView, ModelDef, SampleDef, TargetDef } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { outputName, outputs } from '../model/outputs.ts'
import { tracedColumns } from './traced-columns.ts'

/**
 * - `column`: of a table or view of the database, `public.flights.delay`;
 * - `question`: what the question brings, `spine.as_of`;
 * - `view`: of a feature view, sample or target, `late.delay_7d`;
 * - `feature`, `label`: of a dataset, `departures.origin_delay_7d`;
 * - `coefficient`: of a trained model, `delay15.state=CA`;
 * - `prediction`: what a model returns, `delay15.probability`.
 */
export type LineageVertexKind = 'column' | 'question' | 'view' | 'feature' | 'label' | 'coefficient' | 'prediction'

export interface LineageVertex {
  readonly kind: LineageVertexKind
  /** `owner.column`, by which edges name it. */
  readonly name: string
  /** Relation (`public.flights`), or the definition's name. */
  readonly owner: string
  readonly column: string
  /** Of a `view` that is no feature view: what it is. */
  readonly role?: 'sample' | 'target'
  /** Of a coefficient: its value. */
  readonly value?: number
}

export interface LineageEdge {
  readonly from: string
  readonly to: string
  /** Whether `from` makes up the value of `to`, or only decides about it. */
  readonly direct: boolean
  /** Influences ({@link openLineage} translates them), the encoder of an input, `term` of a sum, or the `label` of a model. */
  readonly how: readonly string[]
}

/** Plain data, ready to be stored: vertices by name, each edge once. */
export interface LineageGraph {
  readonly vertices: readonly LineageVertex[]
  readonly edges: readonly LineageEdge[]
}

export interface LineageOfModel {
  readonly model: ModelDef
  readonly bound: BoundDataset
  /** Absent for a model that was never trained: its features then lead to its prediction at once. */
  readonly record?: ModelRecord
}

/** Builds the graph of what is given and of all views of the database. */
export function lineageGraph(
  definitions: readonly (FeatureView | SampleDef | TargetDef)[],
  datasets: readonly BoundDataset[],
  models: readonly LineageOfModel[],
  facts: Facts,
): LineageGraph {
  const vertices = new Map<string, LineageVertex>()
  const edges = new Map<string, LineageEdge>()
  const roles = rolesOf(definitions, datasets)
  const vertex: AddVertex = (kind, owner, column, value) => {
    const name = `${owner}.${column}`
    const role = kind === 'view' ? roles.get(owner) : undefined
    if (!vertices.has(name))
      vertices.set(name, {
        kind,
        name,
        owner,
        column,
        ...(role && { role }),
        ...(value === undefined ? {} : { value }),
      })
    return name
  }
  const edge = (from: string, to: string, direct: boolean, how: readonly string[]): void => {
    edges.set(`${from}\0${to}`, { from, to, direct, how })
  }
  const sourceVertex = (relation: string, column: string): string => {
    return vertex(relation === 'spine' ? 'question' : 'column', relation, column)
  }
  const trace = (to: string, lineage: ColumnLineage): void => {
    const ways = new Map<string, Influence[]>()
    for (const s of lineage.sources) {
      const from = sourceVertex(s.relation, s.column)
      ways.set(from, [...(ways.get(from) ?? []), s.influence])
    }
    for (const [from, how] of ways) edge(from, to, how.some(isDirect), how)
  }

  for (const d of definitions) {
    // What a view is asked by is not made by it.
    const asked = d.kind === 'sample' ? [] : [...d.entity.keys.map((k) => k.name), 'as_of']
    for (const lineage of tracedColumns(d, facts, false)) {
      if (!asked.includes(lineage.column)) trace(vertex('view', d.name, lineage.column), lineage)
    }
  }
  for (const bound of datasets) addDataset(bound, vertex, edge)
  for (const m of models) addModel(m, vertex, edge)
  for (const view of facts.catalog.relations) {
    for (const c of view.columns) vertex('column', `${view.schema}.${view.name}`, c.name)
    if (view.definition === undefined) continue
    for (const lineage of lineageOfView(view, facts.catalog)) {
      trace(vertex('column', `${view.schema}.${view.name}`, lineage.column), lineage)
    }
  }
  return { vertices: [...vertices.values()], edges: [...edges.values()] }
}

function rolesOf(
  definitions: readonly (FeatureView | SampleDef | TargetDef)[],
  datasets: readonly BoundDataset[],
): ReadonlyMap<string, 'sample' | 'target'> {
  const within = datasets.flatMap(({ dataset: d }) => [d.sample, ...(d.target ? [d.target] : [])])
  return new Map(
    [...definitions, ...within].flatMap((d) =>
      d.kind === 'sample' || d.kind === 'target' ? [[d.name, d.kind] as const] : [],
    ),
  )
}

type AddVertex = (kind: LineageVertexKind, owner: string, column: string, value?: number) => string
type AddEdge = (from: string, to: string, direct: boolean, how: readonly string[]) => void

const asIs = ['identity']

function addDataset(bound: BoundDataset, vertex: AddVertex, edge: AddEdge): void {
  const { dataset } = bound
  for (const { use, features } of bound.uses) {
    for (const f of features) {
      const how = f.meta.fill === undefined ? asIs : ['transformation']
      edge(vertex('view', use.view.name, f.column), vertex('feature', dataset.name, f.name), true, how)
    }
  }
  for (const c of bound.extras)
    edge(vertex('view', dataset.sample.name, c.name), vertex('feature', dataset.name, c.name), true, asIs)
  if (!dataset.target) return
  for (const l of bound.labels)
    edge(vertex('view', dataset.target.name, l.name), vertex('label', dataset.name, l.name), true, asIs)
}

function addModel({ model, bound, record }: LineageOfModel, vertex: AddVertex, edge: AddEdge): void {
  const data = bound.dataset.name
  const names = record ? outputs(record).map((o) => o.name) : [outputName(model.family)]
  const predictions = names.map((name) => vertex('prediction', model.name, name))
  // What is learned is learned from the label.
  const label = bound.labels.some((l) => l.name === model.label) ? vertex('label', data, model.label) : undefined
  if (!record) {
    const inputs = Object.keys(model.inputs)
    const features = inputs.length > 0 ? inputs : bound.features.map((f) => f.name)
    for (const p of predictions) {
      for (const f of features) edge(vertex('feature', data, f), p, true, ['input'])
      if (label !== undefined) edge(label, p, false, ['label'])
    }
    return
  }
  // Trees have no columns of their own between an input and the prediction, and were not fitted to this label.
  for (const f of record.trees?.inputs ?? []) {
    for (const p of predictions) edge(vertex('feature', data, f), p, true, ['trees'])
  }
  // Its coefficient is 1 and no column of the record.
  if (record.offset !== undefined) {
    for (const p of predictions) edge(vertex('feature', data, record.offset), p, true, ['offset'])
  }
  const interactions = new Map((record.interactions ?? []).map((features) => [features.join(':'), features]))
  for (const c of record.coefficients) {
    const title = c.class === undefined ? c.name : `${c.name} of ${c.class}`
    const own = vertex('coefficient', model.name, title, c.estimate)
    for (const p of predictions) edge(own, p, true, ['term'])
    const input = record.inputs.find((i) => i.feature === c.feature)
    if (input) edge(vertex('feature', data, input.feature), own, true, [input.encoder.kind])
    for (const f of input ? [] : (interactions.get(c.feature ?? '') ?? []))
      edge(vertex('feature', data, f), own, true, ['interaction'])
    if (label !== undefined) edge(label, own, false, ['label'])
  }
}

/** What a search along the edges reaches. */
export interface LineageWalk {
  /** The vertices one starts from, in order. */
  readonly from: readonly string[]
  readonly edges: readonly LineageEdge[]
}

/**
 * Follows edges from some vertices: `up` to what they come from, `down` to what depends on them. Each edge once, nearest
 * first; circles end.
 */
export function follow(graph: LineageGraph, from: readonly string[], direction: 'up' | 'down'): LineageWalk {
  const at = direction === 'up' ? 'to' : 'from'
  const next = direction === 'up' ? 'from' : 'to'
  const byEnd = new Map<string, LineageEdge[]>()
  for (const e of graph.edges) {
    const there = byEnd.get(e[at])
    if (there) there.push(e)
    else byEnd.set(e[at], [e])
  }
  const visited = new Set(from)
  const edges: LineageEdge[] = []
  // The set grows while it is gone through: that is the queue.
  for (const name of visited) {
    for (const e of byEnd.get(name) ?? []) {
      edges.push(e)
      visited.add(e[next])
    }
  }
  return { from, edges }
}

/** What the queries that are run are made of, for naming the view that fails. */
import {
  aggregateColumns,
  type BoundDataset,
  bindDataset,
  definitionPlace,
  type Facts,
  type FeatureView,
  type LeakProbe,
  type ModelDef,
  type ModelRecord,
  type QueryPart,
  queryParts,
  quoteIdentifier,
  type SampleDef,
  type SpineBinding,
  type TargetDef,
  titleOf,
} from '@viewcast/compiler'
import type { RunningQuery } from './failed-view.ts'

const definitionsOf = ({ dataset }: BoundDataset): RunningQuery['definitions'] => [
  ...new Set([dataset.sample, ...dataset.features.map((u) => u.view), ...(dataset.target ? [dataset.target] : [])]),
]

/** The training query of a dataset. */
export const runningTraining = (bound: BoundDataset, facts: Facts, signal?: AbortSignal): RunningQuery => ({
  query: `dataset "${bound.dataset.name}"`,
  parts: () => queryParts(bound, facts, { spine: { kind: 'sample' } }),
  definitions: definitionsOf(bound),
  signal,
})

interface PreparedModel {
  readonly model: ModelDef
  readonly facts: Facts
}

/** The prediction query of a model. */
export function runningPrediction(
  { model, facts }: PreparedModel,
  record: ModelRecord,
  spine: SpineBinding,
  signal?: AbortSignal,
): RunningQuery {
  const bound = bindDataset(model.dataset, facts).value
  const wanted = new Set(record.inputs.map((i) => i.feature))
  return {
    query: `model "${model.name}"`,
    parts: () => queryParts(bound, facts, { spine, wanted, withTarget: false }),
    definitions: definitionsOf(bound),
    signal,
  }
}

/** Both, as verifying runs them. */
export function runningVerification(
  prepared: PreparedModel,
  record: ModelRecord,
  spine: SpineBinding,
  signal?: AbortSignal,
): RunningQuery {
  const training = runningTraining(bindDataset(prepared.model.dataset, prepared.facts).value, prepared.facts, signal)
  const prediction = runningPrediction(prepared, record, spine, signal)
  // Without keys and instant the sample's own questions are predicted.
  const isAsked = spine.kind === 'keys' || (spine.kind === 'entities' && spine.at !== undefined)
  const parts = () => [...training.parts(), ...(isAsked ? prediction.parts() : [])]
  return { ...prediction, parts }
}

/** One definition, shown alone by `text`. */
export function runningView(definition: FeatureView | SampleDef | TargetDef, facts: Facts, text: string): RunningQuery {
  const view = definition.kind === 'aggregates' ? `view "${definition.name}"` : titleOf(definition)
  const part: QueryPart = {
    view,
    sql: text,
    columns: shownColumns(definition, facts),
    only: (column) => `SELECT q.${quoteIdentifier(column)} FROM (\n${text}\n) AS q`,
    rows: `SELECT FROM (\n${text}\n) AS q`,
    place: (column) => definitionPlace(definition, facts.catalog, column),
    reads: [],
  }
  return { query: view, parts: () => [part], definitions: [definition] }
}

function shownColumns(d: FeatureView | SampleDef | TargetDef, facts: Facts): string[] {
  if (d.kind === 'target' && d.outcomes) return Object.keys(d.outcomes.labels)
  return (d.kind === 'aggregates' ? aggregateColumns(d, facts.columns(d), []) : facts.columns(d)).map((c) => c.name)
}

/** The views of a probe, each over cut sources. */
export function probedParts(
  bound: BoundDataset,
  facts: Facts,
  what: 'features' | 'labels',
  probe: (some: BoundDataset) => LeakProbe,
  at: string,
): QueryPart[] {
  const parts = queryParts(bound, facts, { spine: { kind: 'sample' } })
  if (what === 'labels') return parts
  const cut = (some: BoundDataset): string => {
    const { cut: query, sources } = probe(some)
    return query(sources, at)
  }
  const over = bound.uses.flatMap((use): QueryPart[] => {
    const told = parts.find((p) => p.view === `view "${use.use.view.name}"`)
    if (!told) return []
    const ask = (features: typeof use.features) => cut({ ...bound, uses: [{ ...use, features }], features })
    const only = (column: string) => ask(use.features.filter((f) => f.column === column))
    return [{ ...told, sql: ask(use.features), only, reads: [] }]
  })
  return [...parts, ...over]
}

/** A feature view or target as the relation of a stage, one row per key and, where it depends on it, instant. */
import type { BoundDataset, BoundFeature, Facts } from '../analyse/bind.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { findRelation } from '../ir/catalog.ts'
import {
  type FeatureView,
  type HistoryView,
  type RequestView,
  structuralColumns,
  type TargetDef,
  type ViewQuery,
} from '../ir/definition.ts'
import { durationSeconds } from '../ir/duration.ts'
import type { AsOf, HistoryForm, Opaque, Relation } from '../ir/relation.ts'
import { outcomeSql } from './outcome.ts'
import { tieBreaking } from './tie-break.ts'
import type { ViewForm } from './view-form.ts'
import type { WindowForm } from './windows/forms.ts'
import { windowSql } from './windows/window-sql.ts'

export type Purpose = 'training' | 'prediction'

export interface StageRequest {
  readonly facts: Facts
  readonly purpose: Purpose
  /** Cut the columns nobody asked for. */
  readonly prune: boolean
}

/** The relation of a view. `spine` names the stage it is asked with; empty for static views. */
export function viewRelation(
  view: Exclude<FeatureView, HistoryView | RequestView>,
  features: readonly BoundFeature[],
  spine: string,
  request: StageRequest,
  { form }: ViewForm,
): Opaque {
  const { facts } = request
  const keys = view.entity.keys.map((k) => k.name)
  const columns = [...new Set(features.map((f) => f.column))]
  const title = `view "${view.name}"`
  const kept = (own: readonly string[]) => (request.prune ? { keep: [...own, ...columns] } : {})
  switch (view.kind) {
    case 'static': {
      const own = opaqueOf(view.query, title, facts)
      return guarded({ ...own, ...kept(keys) }, keys, facts, false)
    }
    case 'window': {
      const own = opaqueOf(view.query, title, facts)
      const unique = [...keys, 'as_of']
      return guarded({ ...own, targets: { spine }, ...kept(unique) }, unique, facts, true)
    }
    case 'aggregates': {
      const source = facts.columns(view)
      const text = windowSql(resolved(view, facts), source, new Set(columns), form as WindowForm)
      return { kind: 'opaque', text, origin: { kind: 'generated' }, view: title, targets: { spine } }
    }
  }
}

/** A history in one of its forms; `spine` is the alias of the questions in a LATERAL, their stage otherwise. */
export function asOfRelation(
  view: HistoryView,
  spine: string,
  on: AsOf['on'],
  features: readonly BoundFeature[],
  form: HistoryForm,
  { facts, prune }: StageRequest,
): AsOf {
  const own = opaqueOf(view.query, `view "${view.name}"`, facts)
  const maxAge = view.maxAge === undefined ? undefined : durationSeconds(view.maxAge)
  const columns = [...new Set(features.map((f) => f.column))]
  const { ties, wholeRow } = tieBreaking(view, facts)
  const all = facts.columns(view).map((c) => c.name)
  const free = (name: string): string => (all.includes(name) ? free(`_${name}`) : name)
  // The order of whole rows must not depend on which columns are asked for.
  const keep = prune && !wholeRow ? { keep: [...structuralColumns(view), ...columns] } : {}
  return {
    kind: 'asof',
    form,
    spine,
    history: { ...own, ...keep },
    on,
    time: view.time,
    ...(view.knownAt === undefined ? {} : { knownAt: view.knownAt }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ties,
    columns,
    range: { from: free('_from'), until: free('_until'), stale: free('_stale') },
  }
}

/** The target, and whether it asks for the instants of the questions. */
export function targetRelation(
  target: TargetDef,
  on: BoundDataset['targetOn'],
  facts: Facts,
): { readonly readsSpine: boolean; readonly relation: (spine: string) => Relation } {
  const { outcomes } = target
  if (outcomes) {
    const text = outcomeSql(target, outcomes, facts.columns(target), facts.catalog)
    const view = `target "${target.name}"`
    const origin = { kind: 'generated' } as const
    return { readsSpine: true, relation: (spine) => ({ kind: 'opaque', text, origin, view, targets: { spine } }) }
  }
  const own = opaqueOf(target.query, `target "${target.name}"`, facts)
  const readsSpine = sqlFacts(own.text, { view: own.view, file: own.view }).references.some(isSpine)
  const keys = [...on.map(([k]) => k), ...(readsSpine ? ['as_of'] : [])]
  return {
    readsSpine,
    relation: (spine) => guarded({ ...own, targets: readsSpine ? { spine } : {} }, keys, facts, readsSpine),
  }
}

const isSpine = (r: { schema?: string; name: string }): boolean => r.name === 'spine' && r.schema === undefined

/** Existing relations behind an aggregates source stay a name where they are tables, so that their indexes serve. */
function resolved(view: Extract<FeatureView, { kind: 'aggregates' }>, facts: Facts): typeof view {
  const { source } = view.spec
  if (source.kind !== 'relation') return view
  const found = findRelation(facts.catalog, source.relation.name, source.relation.schema)
  if (found && found.kind !== 'view') return view
  const { text, origin } = viewText(source, facts.catalog, `view "${view.name}"`)
  return { ...view, spec: { ...view.spec, source: { kind: 'sql', text, origin } } }
}

function opaqueOf(query: ViewQuery, title: string, facts: Facts): Opaque {
  const { text, origin } = viewText(query, facts.catalog, title)
  return { kind: 'opaque', text, origin, view: speakerOf(title, origin).file, targets: {} }
}

/** One row per key: proven, or else enforced, so that a join never multiplies sample rows. */
function guarded(own: Opaque, keys: readonly string[], facts: Facts, overSpine: boolean): Opaque {
  const read = sqlFacts(own.text, { view: own.view, file: own.view })
  return isUniqueOn(read, keys, facts.catalog, overSpine ? keys : undefined) ? own : { ...own, uniqueOn: keys }
}

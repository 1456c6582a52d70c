/** A feature view or target as the relation of a stage, one row per key and, where it depends on it, instant. */
import type { BoundDataset, BoundFeature, BoundUse, Facts } from '../analyse/bind.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { findRelation } from '../ir/catalog.ts'
import type { FeatureView, TargetDef, ViewQuery } from '../ir/definition.ts'
import { durationSeconds } from '../ir/duration.ts'
import type { Opaque, Relation } from '../ir/relation.ts'
import { historyForm } from './history-form.ts'
import { outcomeSql } from './outcome.ts'
import { windowForm, windowSql } from './windows.ts'

export type Purpose = 'training' | 'prediction'

export interface StageRequest {
  readonly facts: Facts
  readonly purpose: Purpose
  /** Cut the columns nobody asked for. */
  readonly prune: boolean
}

/** The relation of one use of a view. `spine` names the stage it is asked with; empty for static views. */
export function viewRelation(
  use: BoundUse,
  features: readonly BoundFeature[],
  spine: string,
  request: StageRequest,
): Relation {
  const { view } = use.use
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
      const form = windowForm(view, source, request.purpose)
      const text = windowSql(resolved(view, facts), source, new Set(columns), form)
      return { kind: 'opaque', text, origin: { kind: 'generated' }, view: title, targets: { spine } }
    }
    case 'history': {
      const own = opaqueOf(view.query, title, facts)
      const maxAge = view.maxAge === undefined ? undefined : durationSeconds(view.maxAge)
      return {
        kind: 'asof',
        spine,
        history: own,
        keys,
        time: view.time,
        ...(view.knownAt === undefined ? {} : { knownAt: view.knownAt }),
        ...(maxAge === undefined ? {} : { maxAge }),
        columns,
        form: historyForm(view, facts),
      }
    }
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

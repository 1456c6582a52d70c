/** Feature views as stages bound to the spine, and the joins that bring them back to its rows. LEFT always. */
import type { BoundDataset, BoundFeature, BoundUse, Facts } from '../analyse/bind.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import { columnType, findRelation } from '../ir/catalog.ts'
import type { FeatureView, HistoryView, TargetDef } from '../ir/definition.ts'
import { durationSeconds } from '../ir/duration.ts'
import { expr } from '../ir/expression.ts'
import type { Join, Opaque, Projection, Relation, Stage } from '../ir/relation.ts'
import { isBoolean, isNumber } from '../ir/type.ts'
import type { Spine } from './bind-spine.ts'
import type { StageNames } from './stage-names.ts'
import { windowForm, windowSql } from './windows.ts'

export interface PointInTime {
  readonly stages: readonly Stage[]
  readonly joins: readonly Join[]
  /** Feature (and label) columns at the feature boundary, cast once. */
  readonly columns: readonly Projection[]
}

export type Purpose = 'training' | 'prediction'

type Pairs = readonly (readonly [key: string, sampleColumn: string])[]

/** Stages and joins for the wanted features, and for the target when asked. */
export function pointInTime(
  bound: BoundDataset,
  wanted: ReadonlySet<string>,
  withTarget: boolean,
  spine: Spine,
  spineAlias: string,
  facts: Facts,
  names: StageNames,
  purpose: Purpose,
): PointInTime {
  const stages: Stage[] = []
  const joins: Join[] = []
  const columns: Projection[] = []
  const spines = new Map<string, string>()
  const shared = new Map<FeatureView | TargetDef, string>()

  /** The distinct (keys, as_of) a view is asked for, under its own key names; shared between views with the same keys. */
  const roleSpine = (on: Pairs): string => {
    const id = on.map(([k, c]) => `${c}>${k}`).join()
    const existing = spines.get(id)
    if (existing !== undefined) return existing
    const name = names.take(`_spine_${on.map(([, c]) => c).join('_')}`)
    const own = on.map(([k, c]) => ({ name: k, expr: expr.column(spine.name, c) }))
    stages.push({
      name,
      relation: {
        kind: 'select',
        from: { relation: { kind: 'table', name: spine.name }, alias: spine.name },
        joins: [],
        columns: [...own, { name: 'as_of', expr: expr.column(spine.name, 'as_of') }],
        distinct: true,
        fence: false,
      },
    })
    spines.set(id, name)
    return name
  }
  const join = (stage: string, alias: string, on: Pairs, byInstant: boolean): void => {
    const equal = (own: string, theirs: string) =>
      expr.compare('=', expr.column(alias, own), expr.column(spineAlias, theirs))
    joins.push({
      type: 'left',
      source: { relation: { kind: 'table', name: stage }, alias },
      on: [...on.map(([k, c]) => equal(k, c)), ...(byInstant ? [equal('as_of', 'as_of')] : [])],
    })
  }

  for (const use of bound.uses) {
    const features = use.features.filter((f) => wanted.has(f.name))
    if (features.length === 0) continue
    const { view } = use.use
    const byInstant = view.kind !== 'static'
    let stage = byInstant ? undefined : shared.get(view)
    if (stage === undefined) {
      const keep = byInstant ? features : neededOf(bound, view, wanted)
      const asked = byInstant ? roleSpine(use.on) : ''
      stage = names.take(byInstant ? `${use.use.prefix ?? ''}${view.name}` : view.name)
      stages.push({ name: stage, relation: viewRelation(use, keep, asked, facts, purpose) })
      shared.set(view, stage)
    }
    const alias = joins.some((j) => j.source.alias === stage)
      ? names.take(`${use.use.prefix ?? ''}${view.name}`)
      : stage
    join(stage, alias, use.on, byInstant)
    columns.push(...features.map((f) => ({ name: f.name, expr: atBoundary(f, alias) })))
  }
  if (withTarget && bound.dataset.target) {
    const { target } = bound.dataset
    const own = opaqueOf(target.query, `target "${target.name}"`, facts)
    const asked = sqlFacts(own.text, { view: own.view, file: own.view }).references.some(isSpine)
    const targets: Record<string, string> = asked ? { spine: roleSpine(bound.targetOn) } : {}
    const stage = names.take(target.name)
    const keys = [...bound.targetOn.map(([k]) => k), ...(asked ? ['as_of'] : [])]
    stages.push({ name: stage, relation: guarded({ ...own, targets }, keys, facts, asked) })
    join(stage, stage, bound.targetOn, asked)
    columns.push(...bound.labels.map((l) => ({ name: l.name, expr: expr.column(stage, l.name) })))
  }
  return { stages, joins, columns }
}

const isSpine = (r: { schema?: string; name: string }): boolean => r.name === 'spine' && r.schema === undefined

/** Every column any use of a shared view needs. */
const neededOf = (bound: BoundDataset, view: FeatureView, wanted: ReadonlySet<string>): BoundFeature[] =>
  bound.uses.filter((u) => u.use.view === view).flatMap((u) => u.features.filter((f) => wanted.has(f.name)))

function viewRelation(
  use: BoundUse,
  features: readonly BoundFeature[],
  spine: string,
  facts: Facts,
  purpose: Purpose,
): Relation {
  const { view } = use.use
  const keys = view.entity.keys.map((k) => k.name)
  const columns = [...new Set(features.map((f) => f.column))]
  const title = `view "${view.name}"`
  switch (view.kind) {
    case 'static': {
      const own = opaqueOf(view.query, title, facts)
      return guarded({ ...own, keep: [...keys, ...columns] }, keys, facts, false)
    }
    case 'window': {
      const own = opaqueOf(view.query, title, facts)
      const unique = [...keys, 'as_of']
      return guarded({ ...own, targets: { spine }, keep: [...unique, ...columns] }, unique, facts, true)
    }
    case 'aggregates': {
      const source = facts.columns(view)
      const text = windowSql(resolved(view, facts), source, new Set(columns), windowForm(view, source, purpose))
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
        form: hasTimeIndex(view, facts) ? 'lateral' : 'distinct',
      }
    }
  }
}

/** Existing relations behind an aggregates source stay a name where they are tables, so that their indexes serve. */
function resolved(view: Extract<FeatureView, { kind: 'aggregates' }>, facts: Facts): typeof view {
  const { source } = view.spec
  if (source.kind !== 'relation') return view
  const found = findRelation(facts.catalog, source.relation.name, source.relation.schema)
  if (found && found.kind !== 'view') return view
  const { text, origin } = viewText(source, facts.catalog, `view "${view.name}"`)
  return { ...view, spec: { ...view.spec, source: { kind: 'sql', text, origin } } }
}

function opaqueOf(query: HistoryView['query'], title: string, facts: Facts): Opaque {
  const { text, origin } = viewText(query, facts.catalog, title)
  return { kind: 'opaque', text, origin, view: speakerOf(title, origin).file, targets: {} }
}

/** One row per key: proven, or else enforced, so that a join never multiplies sample rows. */
function guarded(own: Opaque, keys: readonly string[], facts: Facts, overSpine: boolean): Opaque {
  const read = sqlFacts(own.text, { view: own.view, file: own.view })
  return isUniqueOn(read, keys, facts.catalog, overSpine ? keys : undefined) ? own : { ...own, uniqueOn: keys }
}

/** LATERAL … LIMIT 1 needs an index led by the keys and the time on the one table the history reads. */
function hasTimeIndex(view: HistoryView, facts: Facts): boolean {
  const { text } = viewText(view.query, facts.catalog, `view "${view.name}"`)
  const { references } = sqlFacts(text, { view: view.name, file: view.name })
  const only = references.length === 1 ? references[0] : undefined
  const relation = only ? findRelation(facts.catalog, only.name, only.schema) : undefined
  if (!relation || columnType(relation, view.time) === undefined) return false
  const keys = view.entity.keys.map((k) => k.name)
  return relation.indexes.some((i) => {
    const leading = i.columns.slice(0, keys.length)
    return i.total && keys.every((k) => leading.includes(k)) && i.columns[keys.length] === view.time
  })
}

/** The feature boundary: numbers become float8 once, categories text, and a declared fill replaces NULL. */
function atBoundary(f: BoundFeature, alias: string): Projection['expr'] {
  const column = expr.column(alias, f.column)
  const value = isNumber(f.type)
    ? f.type === 'float8'
      ? column
      : expr.cast(column, 'float8')
    : isBoolean(f.type) || f.type === 'text'
      ? column
      : expr.cast(column, 'text')
  const { fill } = f.meta
  if (fill === undefined) return value
  const type = isNumber(f.type) ? 'float8' : isBoolean(f.type) ? 'bool' : 'text'
  return expr.call('coalesce', [value, expr.literal(type, fill)])
}

/** The SQL type a feature has after the boundary. */
export const boundaryType = (f: { readonly type: string }): string =>
  isNumber(f.type) ? 'float8' : isBoolean(f.type) ? 'bool' : 'text'

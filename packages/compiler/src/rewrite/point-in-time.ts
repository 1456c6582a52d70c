/** Feature views as stages bound to the spine, and the joins that bring them back to its rows. LEFT always. */
import type { BoundDataset, BoundFeature, Facts } from '../analyse/bind.ts'
import { type CompileOptions, passesOf } from '../ir/compile-options.ts'
import type { FeatureView } from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { Join, Projection, Stage } from '../ir/relation.ts'
import type { Spine } from './bind-spine.ts'
import { atBoundary } from './feature-boundary.ts'
import type { StageNames } from './stage-names.ts'
import { type Purpose, targetRelation, viewRelation } from './view-stage.ts'

export interface PointInTime {
  readonly stages: readonly Stage[]
  readonly joins: readonly Join[]
  /** Feature (and label) columns at the feature boundary, cast once. */
  readonly columns: readonly Projection[]
}

export interface Question {
  readonly bound: BoundDataset
  readonly facts: Facts
  readonly names: StageNames
  readonly spine: Spine
  /** Features asked for. */
  readonly wanted: ReadonlySet<string>
  readonly withTarget: boolean
  readonly purpose: Purpose
  readonly options: CompileOptions
}

type Pairs = readonly (readonly [key: string, sampleColumn: string])[]

/** Stages and joins for the wanted features, and for the target when asked. */
export function pointInTime(question: Question): PointInTime {
  const { bound, facts, names, spine, wanted } = question
  const passes = passesOf(question.options)
  const request = { facts, purpose: question.purpose, prune: passes.prune }
  const stages: Stage[] = []
  const joins: Join[] = []
  const columns: Projection[] = []
  const spines = new Map<string, string>()
  const shared = new Map<FeatureView, string>()

  /** The distinct (keys, as_of) a view is asked for, under its own key names; shared between views with the same keys. */
  const roleSpine = (on: Pairs): string => {
    const id = on.map(([k, c]) => `${c}>${k}`).join()
    const existing = passes.share ? spines.get(id) : undefined
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
      expr.compare('=', expr.column(alias, own), expr.column(spine.name, theirs))
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
    let stage = byInstant || !passes.share ? undefined : shared.get(view)
    if (stage === undefined) {
      const keep = byInstant ? features : neededOf(bound, view, wanted)
      const asked = byInstant ? roleSpine(use.on) : ''
      stage = names.take(byInstant ? `${use.use.prefix ?? ''}${view.name}` : view.name)
      stages.push({ name: stage, relation: viewRelation(use, keep, asked, request) })
      shared.set(view, stage)
    }
    const alias = joins.some((j) => j.source.alias === stage)
      ? names.take(`${use.use.prefix ?? ''}${view.name}`)
      : stage
    join(stage, alias, use.on, byInstant)
    columns.push(...features.map((f) => ({ name: f.name, expr: atBoundary(f, alias) })))
  }
  if (question.withTarget && bound.dataset.target) {
    const { target } = bound.dataset
    const { readsSpine, relation } = targetRelation(target, bound.targetOn, facts)
    const asked = readsSpine ? roleSpine(bound.targetOn) : ''
    const stage = names.take(target.name)
    stages.push({ name: stage, relation: relation(asked) })
    join(stage, stage, bound.targetOn, readsSpine)
    columns.push(...bound.labels.map((l) => ({ name: l.name, expr: expr.column(stage, l.name) })))
  }
  return { stages, joins, columns }
}

/** Every column any use of a shared view needs. */
const neededOf = (bound: BoundDataset, view: FeatureView, wanted: ReadonlySet<string>): BoundFeature[] =>
  bound.uses.filter((u) => u.use.view === view).flatMap((u) => u.features.filter((f) => wanted.has(f.name)))

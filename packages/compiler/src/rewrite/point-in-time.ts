/** Feature views as stages bound to the spine, and the joins that bring them back to its rows. LEFT always. */
import type { BoundDataset, BoundFeature, BoundUse, Facts } from '../analyse/bind.ts'
import { type CompileOptions, isDistributed, passesOf } from '../ir/compile-options.ts'
import type { FeatureView } from '../ir/definition.ts'
import { type Expr, expr } from '../ir/expression.ts'
import type { AsOf, Join, Projection, Source, Stage } from '../ir/relation.ts'
import type { Spine } from './bind-spine.ts'
import { atBoundary } from './feature-boundary.ts'
import { inKeyOrder } from './in-key-order.ts'
import type { StageNames } from './stage-names.ts'
import { checkForms, type ViewForm, viewForm } from './view-form.ts'
import { asOfRelation, type Purpose, targetRelation, viewRelation } from './view-stage.ts'

/** How a view is computed and joined, as data: what `explain` shows. */
export interface ViewPlan extends ViewForm {
  readonly view: string
  readonly kind: FeatureView['kind']
  /** What a form is for, where training and predictions have forms of their own and both are shown. */
  readonly purpose?: Purpose
  /** Name in the statement: of its stage, or of its lateral join. */
  readonly name: string
  /** Features taken, by their names in the dataset. */
  readonly features: readonly string[]
  /** Stage with the distinct questions it is asked; absent when each row asks, or none does. */
  readonly asked?: string
  /** How there is one row per question: by a proof from SQL and indexes, by keeping one of them, or by the form. */
  readonly oneRow: 'proven' | 'enforced' | 'by form'
}

export interface PointInTime {
  readonly stages: readonly Stage[]
  /** The spine, as the joins want it. */
  readonly from: Source
  readonly joins: readonly Join[]
  /** Feature (and label) columns at the feature boundary, cast once. */
  readonly columns: readonly Projection[]
  readonly views: readonly ViewPlan[]
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

/** Stages and joins for the wanted features, and for the target when asked. Errors: `form/…`. */
export function pointInTime(question: Question): PointInTime {
  const { bound, facts, names, spine, wanted, options } = question
  checkForms(options, bound)
  const passes = passesOf(options)
  const distributed = isDistributed(options)
  const request = { facts, purpose: question.purpose, prune: passes.prune }
  const stages: Stage[] = []
  const joins: Join[] = []
  const columns: Projection[] = []
  const views: ViewPlan[] = []
  const spines = new Map<string, string>()
  const shared = new Map<FeatureView, string>()
  let order: Pairs | undefined

  /** The distinct (keys, as_of) a view is asked for, under its own key names; shared between views with the same keys. */
  const roleSpine = (on: Pairs): string => {
    const id = JSON.stringify(on)
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
  const join = (stage: string, alias: string, on: readonly Expr[]): void => {
    joins.push({ type: 'left', source: { relation: { kind: 'table', name: stage }, alias }, on })
  }
  const matches = (alias: string, on: Pairs, byInstant: boolean): Expr[] => {
    const equal = (own: string, theirs: string) =>
      expr.compare('=', expr.column(alias, own), expr.column(spine.name, theirs))
    return [...on.map(([k, c]) => equal(k, c)), ...(byInstant ? [equal('as_of', 'as_of')] : [])]
  }

  for (const use of bound.uses) {
    const features = use.features.filter((f) => wanted.has(f.name))
    if (features.length === 0) continue
    const { view } = use.use
    const taken = features.map((f) => f.column)
    const asked = { keyTypes: keyTypesOf(use, spine), questions: spine.rows, columns: taken, distributed }
    const choice = viewForm(view, facts, asked, question.purpose, options.forms?.[view.name])
    const wantedName = `${use.use.prefix ?? ''}${view.name}`
    const plan = { ...choice, view: view.name, kind: view.kind, features: features.map((f) => f.name) }
    if (view.kind === 'request') {
      columns.push(...features.map((f) => ({ name: f.name, expr: atBoundary(requested(f, spine), spine.name) })))
      views.push({ ...plan, name: spine.name, oneRow: 'by form' })
      continue
    }
    if (view.kind === 'history' && choice.form === 'lateral') {
      const alias = names.take(wantedName)
      const relation = asOfRelation(view, spine.name, use.on, features, 'lateral', request)
      joins.push({ type: 'lateral', source: { relation, alias }, on: [] })
      order ??= use.on
      columns.push(...features.map((f) => ({ name: f.name, expr: atBoundary(f, alias) })))
      views.push({ ...plan, name: alias, oneRow: 'by form' })
      continue
    }
    const ranges = view.kind === 'history' && choice.form === 'merge'
    const bySpine = view.kind !== 'static' && !ranges
    let stage = bySpine || !passes.share ? undefined : shared.get(view)
    const role = bySpine ? roleSpine(use.on) : undefined
    const keep = bySpine || !passes.share ? features : neededOf(bound, view, wanted)
    const identity = use.on.map(([k]) => [k, k] as const)
    const relation =
      view.kind === 'history'
        ? asOfRelation(view, role ?? '', identity, keep, choice.form as AsOf['form'], request)
        : viewRelation(view, keep, role ?? '', request, choice)
    if (stage === undefined) {
      stage = names.take(bySpine ? wantedName : view.name)
      stages.push({ name: stage, relation })
      shared.set(view, stage)
    }
    const alias = joins.some((j) => j.source.alias === stage) ? names.take(wantedName) : stage
    join(
      stage,
      alias,
      ranges && relation.kind === 'asof'
        ? [...matches(alias, use.on, false), ...whileLatest(relation, alias, spine.name)]
        : matches(alias, use.on, bySpine),
    )
    columns.push(...features.map((f) => ({ name: f.name, expr: atBoundary(f, alias) })))
    const oneRow =
      relation.kind !== 'opaque' || view.kind === 'aggregates' ? 'by form' : relation.uniqueOn ? 'enforced' : 'proven'
    views.push({ ...plan, name: stage, ...(role === undefined ? {} : { asked: role }), oneRow })
  }
  if (question.withTarget && bound.dataset.target) {
    const { target } = bound.dataset
    const { readsSpine, relation } = targetRelation(target, bound.targetOn, facts)
    const asked = readsSpine ? roleSpine(bound.targetOn) : ''
    const stage = names.take(target.name)
    stages.push({ name: stage, relation: relation(asked) })
    join(stage, stage, matches(stage, bound.targetOn, readsSpine))
    columns.push(...bound.labels.map((l) => ({ name: l.name, expr: expr.column(stage, l.name) })))
  }
  // What is in order on one machine is in no order on many.
  const ordered = question.purpose === 'training' && passes.order && !distributed
  const from = order && ordered ? inKeyOrder(spine, order) : asItIs(spine)
  return { stages, from, joins, columns, views }
}

const asItIs = ({ name }: Spine): Source => ({ relation: { kind: 'table', name }, alias: name })

const keyTypesOf = (use: BoundUse, spine: Spine) => Object.fromEntries(use.on.map(([k, c]) => [k, spine.types[c]]))

/** A row of ranges counts after its time until the next one, and until it is too old. */
function whileLatest({ range, maxAge }: AsOf, alias: string, spine: string): Expr[] {
  const asOf = expr.column(spine, 'as_of')
  const until = expr.column(alias, range.until)
  return [
    expr.compare('<', expr.column(alias, range.from), asOf),
    expr.or([expr.isNull(until), expr.compare('<=', asOf, until)]),
    ...(maxAge === undefined ? [] : [expr.compare('<', asOf, expr.column(alias, range.stale))]),
  ]
}

/** A feature of a request view is a column of the spine. */
const requested = (f: BoundFeature, spine: Spine): BoundFeature => ({
  ...f,
  column: spine.requested[f.name] ?? f.column,
})

/** Every column any use of a shared view needs. */
const neededOf = (bound: BoundDataset, view: FeatureView, wanted: ReadonlySet<string>): BoundFeature[] =>
  bound.uses.filter((u) => u.use.view === view).flatMap((u) => u.features.filter((f) => wanted.has(f.name)))

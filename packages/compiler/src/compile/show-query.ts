/** A single view as a query: what it returns for every entity, at an instant. */
import { aggregateColumns } from '../analyse/aggregate-columns.ts'
import { type BoundDataset, bindDataset, type Facts } from '../analyse/bind.ts'
import { fail, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { postgres } from '../emit/dialects/postgres.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import {
  type DatasetDef,
  type EntityDef,
  type FeatureView,
  type SampleDef,
  structuralColumns,
  type TargetDef,
} from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import type { Column } from '../ir/type.ts'
import { bindSpine } from '../rewrite/bind-spine.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { onStages } from '../rewrite/whole-statement.ts'
import { queryOf, titleOf } from './describe-query.ts'

/**
 * The query that shows a sample, target or feature view. What is asked over `spine` (window, history and aggregates views,
 * declared outcomes, targets that read it) is asked for every row of its entity's relation at `at` (default: the start of
 * the transaction); everything else is shown as it is.
 *
 * Errors: `compile/no-anchor` when no relation lists the entity, and for request views; for targets what binding finds.
 */
export function showQuery(definition: FeatureView | SampleDef | TargetDef, facts: Facts, at?: string): string {
  const { text: source, origin } = viewText(queryOf(definition), facts.catalog, titleOf(definition))
  // Without the semicolon a file may end with.
  const { text, references } = sqlFacts(source, speakerOf(titleOf(definition), origin))
  const { entity } = definition
  if (definition.kind === 'request') {
    const columns = definition.columns.map((c) => c.name).join(', ')
    const hint = `Show a dataset that uses view "${definition.name}", whose sample brings them; or predict with --keys.`
    fail('compile/no-anchor', { entity: entity.name, columns, hint })
  }
  const isOverSpine = references.some((r) => r.name === 'spine' && r.schema === undefined)
  if (definition.kind === 'sample' || definition.kind === 'static') return layout(text)
  if (definition.kind === 'target' && !definition.outcomes && !isOverSpine) return layout(text)
  if (!entity.from) {
    const hint = `Declare it: entity('${entity.name}', { … }, { from: 'table' }).`
    fail('compile/no-anchor', { entity: entity.name, hint })
  }
  const withTarget = definition.kind === 'target'
  const bound = withTarget ? targetAlone(definition, facts) : alone(definition, facts)
  const wanted = new Set(bound.features.map((f) => f.name))
  const names = stageNames(reservedNames([text], facts.catalog), entity.from.name)
  const spine = bindSpine(
    bound,
    { kind: 'entities', ...(at === undefined ? {} : { at }) },
    wanted,
    facts.catalog,
    names,
  )
  const purpose = 'prediction'
  const pit = pointInTime({ bound, facts, names, spine, wanted, withTarget, purpose, options: {} })
  const own = spine.columns.map((name) => ({ name, expr: expr.column(spine.name, name) }))
  const statement = overSpine(pit, [...spine.stages, ...pit.stages], [...own, ...pit.columns])
  const inlined = onStages(statement, (stages) => inlineViews(stages, facts.catalog, names))
  return layout(printStatement(inlined, postgres))
}

/** The entities as a sample; its text is not read. */
const sampleOf = ({ entity }: { readonly entity: EntityDef }): SampleDef => ({
  kind: 'sample',
  name: entity.name,
  entity,
  query: { kind: 'relation', relation: entity.from ?? { name: entity.name } },
  split: { kind: 'none' },
})

const questionsOf = (entity: EntityDef): Column[] => [
  ...entity.keys.map((k) => ({ name: k.name, type: k.type, nullable: false })),
  { name: 'as_of', type: 'timestamptz', nullable: false },
]

/** A dataset of one target; outcomes are shown as far as they go. */
function targetAlone(target: TargetDef, facts: Facts): BoundDataset {
  const sample = sampleOf(target)
  const dataset: DatasetDef = { kind: 'dataset', name: target.name, sample, target, features: [] }
  const columns: Facts['columns'] = (d) => (d === sample ? questionsOf(target.entity) : facts.columns(d))
  const { value, diagnostics } = bindDataset(dataset, { ...facts, columns })
  throwIfErrors(diagnostics)
  return value
}

/** A dataset of one view, over its own entity. */
export function alone(view: FeatureView, facts: Facts): BoundDataset {
  const { entity } = view
  const sample = sampleOf(view)
  const dataset: DatasetDef = { kind: 'dataset', name: view.name, sample, features: [{ view }] }
  const described = facts.columns(view)
  const columns = view.kind === 'aggregates' ? aggregateColumns(view, described, []) : described
  const own = structuralColumns(view)
  const features = columns
    .filter((c) => !own.has(c.name))
    .map((c) => ({
      name: c.name,
      column: c.name,
      type: c.type,
      isEnum: c.isEnum ?? false,
      meta: view.features[c.name] ?? {},
    }))
  const on = entity.keys.map((k) => [k.name, k.name] as const)
  return {
    dataset,
    sampleColumns: questionsOf(entity),
    hasAsOf: true,
    uses: [{ use: { view }, on, features }],
    features,
    extras: [],
    labels: [],
    targetOn: [],
  }
}

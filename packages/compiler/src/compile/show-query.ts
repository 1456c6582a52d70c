/** A single view as a query: what it returns for every entity, at an instant. */
import { aggregateColumns } from '../analyse/aggregate-columns.ts'
import type { BoundDataset, Facts } from '../analyse/bind.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { postgres } from '../emit/dialects/postgres.ts'
import { layout } from '../emit/layout.ts'
import { printStatement } from '../emit/statement.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import {
  type DatasetDef,
  type FeatureView,
  type SampleDef,
  structuralColumns,
  type TargetDef,
} from '../ir/definition.ts'
import { expr } from '../ir/expression.ts'
import { bindSpine } from '../rewrite/bind-spine.ts'
import { inlineViews, reservedNames } from '../rewrite/inline-views.ts'
import { overSpine } from '../rewrite/over-spine.ts'
import { pointInTime } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import { onStages } from '../rewrite/whole-statement.ts'
import { queryOf, titleOf } from './describe-query.ts'

/**
 * The query that shows a sample, target or feature view. Views over `spine` are asked for every row of their entity's
 * relation at `at` (default: the start of the transaction). Errors: `compile/no-anchor`.
 */
export function showQuery(definition: FeatureView | SampleDef | TargetDef, facts: Facts, at?: string): string {
  const { text: source, origin } = viewText(queryOf(definition), facts.catalog, titleOf(definition))
  // Without the semicolon a file may end with.
  const { text } = sqlFacts(source, speakerOf(titleOf(definition), origin))
  if (definition.kind === 'request') {
    fail('compile/no-anchor', {
      entity: definition.name,
      columns: definition.columns.map((c) => c.name).join(', '),
    })
  }
  const readsSpine = definition.kind === 'window' || definition.kind === 'aggregates' || definition.kind === 'history'
  if (!readsSpine) return layout(text)
  const { entity } = definition
  if (!entity.from) fail('compile/no-anchor', { entity: entity.name })
  const bound = alone(definition, facts)
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
  const pit = pointInTime({ bound, facts, names, spine, wanted, withTarget: false, purpose, options: {} })
  const own = spine.columns.map((name) => ({ name, expr: expr.column(spine.name, name) }))
  const statement = overSpine(pit, [...spine.stages, ...pit.stages], [...own, ...pit.columns])
  const inlined = onStages(statement, (stages) => inlineViews(stages, facts.catalog, names))
  return layout(printStatement(inlined, postgres))
}

/** A dataset of one view, over its own entity. */
export function alone(view: FeatureView, facts: Facts): BoundDataset {
  const { entity } = view
  const keys = entity.keys.map((k) => ({ name: k.name, type: k.type, nullable: false }))
  const sample: SampleDef = {
    kind: 'sample',
    name: entity.name,
    entity,
    query: { kind: 'relation', relation: entity.from ?? { name: entity.name } },
    split: { kind: 'none' },
  }
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
    sampleColumns: [...keys, { name: 'as_of', type: 'timestamptz', nullable: false }],
    hasAsOf: true,
    uses: [{ use: { view }, on, features }],
    features,
    extras: [],
    labels: [],
    targetOn: [],
  }
}

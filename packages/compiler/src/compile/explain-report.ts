/** What `explain` shows of a query: how each view is computed, what stages there are, how large the model is. */
import type { Facts } from '../analyse/bind.ts'
import type { Dialect } from '../emit/dialect.ts'
import { printQuery } from '../emit/statement.ts'
import type { CompileOptions } from '../ir/compile-options.ts'
import type { FeatureView } from '../ir/definition.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import type { Statement } from '../ir/relation.ts'
import { pointInTime, type ViewPlan } from '../rewrite/point-in-time.ts'
import { stageNames } from '../rewrite/stage-names.ts'
import type { QueryPlan } from './compiled-query.ts'
import type { ScoringCost } from './scoring-cost.ts'
import { alone } from './show-query.ts'

const encoder = new TextEncoder()

/** The plan of a statement, for {@link QueryPlan}. */
export const planOf = (
  statement: Statement,
  views: readonly ViewPlan[],
  dialect: Dialect,
  model?: { readonly record: ModelRecord; readonly scoring: ScoringCost; readonly unguarded: boolean },
): QueryPlan => ({
  views,
  stages: statement.stages.map((s) => ({
    name: s.name,
    bytes: encoder.encode(printQuery(s.relation, dialect)).length,
  })),
  ...(model === undefined
    ? {}
    : {
        model: {
          inputs: model.record.inputs.length,
          coefficients: model.record.coefficients.length,
          depth: model.scoring.depth,
          depthLimit: dialect.maxDepth,
          scoring: model.scoring,
          unguarded: model.unguarded,
        },
      }),
})

/**
 * How one view is computed when it is asked for by the columns of its entity: for training, and for predictions where
 * that is another form. Errors: `form/no-index`, `form/unsupported`.
 */
export function explainView(view: FeatureView, facts: Facts, options: CompileOptions = {}): ViewPlan[] {
  const bound = alone(view, facts)
  const wanted = new Set(bound.features.map((f) => f.name))
  const types = Object.fromEntries(bound.sampleColumns.map((c) => [c.name, c.type]))
  const plans = (['training', 'prediction'] as const).flatMap((purpose) => {
    const names = stageNames({ relations: new Set(), ctes: new Set() })
    const spine = { name: '_spine', stages: [], columns: Object.keys(types), types, requested: {} }
    const { views } = pointInTime({ bound, facts, names, spine, wanted, withTarget: false, purpose, options })
    return views.map((plan): ViewPlan => ({ ...plan, purpose }))
  })
  return plans.some((plan) => plan.form !== plans[0]?.form) ? plans : plans.slice(0, 1).map(withoutPurpose)
}

const withoutPurpose = ({ purpose: _, ...plan }: ViewPlan): ViewPlan => plan

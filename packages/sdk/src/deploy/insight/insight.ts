/** What a planned change means, beside the statements that make it. */
import { type ModelRecord, predictionObject, predictionQuery } from '@viewcast/compiler'
import type { DeploymentDef } from '../../define/deployment.ts'
import { predictionOptions } from '../../predict/queries.ts'
import { featureDefinitions } from '../../project/feature-definitions.ts'
import { prepareModel } from '../../project/prepare-model.ts'
import type { Store } from '../../store/store.ts'
import type { DryRun } from '../dry-run.ts'
import type { Insight, PlannedChange } from '../plan-data.ts'
import type { Present } from '../present.ts'
import type { LiveDeployment } from '../state.ts'
import { affectedModels } from './affected.ts'
import { coefficientMoves } from './coefficient-moves.ts'
import { costOf } from './cost.ts'
import { missingIndexes } from './missing-indexes.ts'
import { accessOf } from './privileges.ts'

export interface InsightOptions {
  /** Limit of each statement, in milliseconds; 30,000 by default. The embedded engine knows no limit. */
  readonly timeout?: number
  /** What relative `.sql` paths are relative to. */
  readonly directory?: string
  /** Called with what is asked next. */
  readonly onProgress?: (part: 'privileges' | 'cost' | 'models' | 'movement') => void
}

/** What is known of a change when it is planned. */
export interface ChangeInContext {
  readonly change: PlannedChange
  readonly present: Present | undefined
  readonly live: LiveDeployment | undefined
  /** What it should be; undefined for a removal. */
  readonly wanted?: { readonly def: DeploymentDef; readonly record: ModelRecord; readonly dry: DryRun }
}

/**
 * Looks at a change from the sides that a statement does not show: who lacks which privilege, which index would help, what
 * the planner expects. Nothing is changed, and only ACCESS SHARE is taken.
 */
export async function withInsight(
  store: Store,
  { change, present, live, wanted }: ChangeInContext,
  options: InsightOptions = {},
): Promise<PlannedChange> {
  const { db } = store
  const timeout = options.timeout ?? 30_000
  options.onProgress?.('privileges')
  const reads = wanted?.dry ?? { relations: [], calls: [] }
  const access = await accessOf(db, { change, present, readers: wanted?.def.readers ?? [], reads })
  if (!wanted) return { ...change, insight: { affected: [], unchanged: [], ...access, indexes: [] } }
  const { def, record, dry } = wanted
  options.onProgress?.('cost')
  const { cost, notes } = await costOf(db, { change, dry, live, isTrees: record.trees !== undefined, timeout })
  const prepared = await prepareModel(db, def.model, options.directory)
  const { plan } =
    change.as === 'function'
      ? predictionObject(prepared.model, record, prepared.facts, { as: 'function' })
      : predictionQuery(
          prepared.model,
          record,
          prepared.facts,
          predictionOptions(def.at === null ? {} : { at: def.at }),
        )
  const definitions = featureDefinitions(
    prepared,
    record.inputs.map((i) => i.feature),
  )
  options.onProgress?.('models')
  const { affected, unchanged, notes: ofModels } = await affectedModels(store, record, definitions, live)
  const coefficients = await coefficientMoves(store, record, live)
  const asked =
    dry.without === undefined ? [] : [`the bare query was planned, without making an object of it: ${dry.without}`]
  const insight: Insight = {
    affected,
    unchanged,
    ...(coefficients ? { coefficients } : {}),
    privileges: access.privileges,
    indexes: missingIndexes(plan.views, prepared.facts),
    ...(cost ? { cost } : {}),
    notes: [...asked, ...access.notes, ...notes, ...ofModels],
  }
  return { ...change, definitions, insight }
}

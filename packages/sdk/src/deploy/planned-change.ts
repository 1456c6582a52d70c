/** The change that a declaration asks for, with what it means and what stands in its way. */
import { type Diagnostic, diagnostic, quoteIdentifier } from '@viewcast/compiler'
import { runningTogether } from '../predict/comparison.ts'
import { preparedTogether } from '../predict/prepared-together.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningPrediction } from '../project/running-query.ts'
import { sqlDifference } from '../store/registry/sql-difference.ts'
import type { Store } from '../store/store.ts'
import { objectBlockers, roleBlockers } from './blockers.ts'
import { type ChangeOptions, changeTo, type Made } from './change-to.ts'
import type { Desired } from './desired.ts'
import { dryRun } from './dry-run.ts'
import { dryRunFunction } from './dry-run-function.ts'
import { handEdit } from './hand-edit.ts'
import { type InsightOptions, withInsight, withReaders } from './insight/insight.ts'
import { assetName } from './object-name.ts'
import { earlierOwners } from './owner.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect, type Present } from './present.ts'
import { liveDeployment } from './state.ts'
import { tableQuery } from './table-query.ts'

export interface PlanChangeOptions extends ChangeOptions, InsightOptions {
  /** As the configuration names it; default the one without a name. */
  readonly environment?: string
  /** Whether a schema that is not there is made. Default false. */
  readonly createSchema?: boolean
}

/** @param options `now`: ISO instant of the plan. */
export async function plannedChange(
  store: Store,
  target: Desired,
  options: PlanChangeOptions & { readonly now: string; readonly isDeclared: boolean },
): Promise<PlannedChange> {
  const { db } = store
  const { def, object, record } = target
  const live = await liveDeployment(store, object)
  // What is there may be of the kind that it was, or of the one that it is to be.
  const present = (live && (await inspect(db, object, live.kind))) ?? (await inspect(db, object, def.as))
  const edited = await handEdit(db, present, live)
  const { now, isDeclared, isExact = false, environment = '' } = options
  const made = await asked(store, target, present, options)
  const change = await changeTo(db, target, made, { present, live, now, isDeclared, isExact, edited }, options)
  const makesSchema = target.lacksSchema !== undefined && options.createSchema === true
  const opening = makesSchema ? openedSchema(target) : { words: [], statements: [] }
  const planned: PlannedChange = {
    ...change,
    ...(target.challengers.length === 0 ? {} : { challengers: target.challengers }),
    metadata: [...opening.words, ...change.metadata],
    statements: [...opening.statements, ...change.statements],
    blockers: [
      ...change.blockers,
      ...objectBlockers(store, { object, present, live, environment, edited }),
      ...(await roleBlockers(db, def.name, [...def.readers, ...(def.owner === null ? [] : [def.owner])])),
      ...(target.lacksSchema && !makesSchema ? [schemaBlocker(target)] : []),
    ],
    warnings: [
      ...change.warnings,
      ...(live && !present ? [diagnostic('deploy/missing', { object: assetName(object) })] : []),
      ...(live ? [] : await earlierOwners(store, object, environment)),
    ],
  }
  const wanted = { def, record, dry: made.dry }
  if (planned.class === 'none') return withReaders(db, { change: planned, present, wanted })
  const difference = live && present ? sqlDifference(live.query, change.query, ['live', 'planned']) : ''
  const shown = difference === '' ? planned : { ...planned, difference }
  return withInsight(store, { change: shown, present, live, wanted }, options)
}

/** A new schema is closed to everybody but its owner: nobody could use what is granted in it. */
function openedSchema({ def, object }: Desired) {
  const schema = quoteIdentifier(object.schema)
  return {
    words: def.readers.map((role) => `grant USAGE on schema ${object.schema} to ${role}`),
    statements: [
      `CREATE SCHEMA IF NOT EXISTS ${schema}`,
      ...def.readers.map((role) => `GRANT USAGE ON SCHEMA ${schema} TO ${quoteIdentifier(role)}`),
    ],
  }
}

/** What the engine says of the query. */
async function asked(
  { db }: Store,
  target: Desired,
  present: Present | undefined,
  options: PlanChangeOptions,
): Promise<Made> {
  const { def, record } = target
  const at = def.at === null ? {} : { at: def.at }
  const running = async () => {
    const spine = { kind: 'entities', ...at } as const
    if (target.scored) {
      const all = [{ model: def.model, record }, ...Object.values(target.scored)]
      return runningTogether(def.model.name, await preparedTogether(db, all, options.directory), spine)
    }
    return runningPrediction(await prepareModel(db, def.model, options.directory), record, spine)
  }
  const timeout = options.timeout === undefined ? {} : { timeout: options.timeout }
  if (def.as === 'function') return { as: def.as, dry: await dryRunFunction(db, target, { running, ...timeout }) }
  const dry = await dryRun(db, target.query, { running, ...timeout, ...(present ? { present: present.columns } : {}) })
  if (def.as === 'view') return { as: def.as, dry }
  return { as: def.as, dry, query: await tableQuery(db, target, options) }
}

const schemaBlocker = ({ object, lacksSchema }: Desired): Diagnostic =>
  diagnostic('deploy/no-schema', { object: assetName(object), schema: object.schema, ...lacksSchema })

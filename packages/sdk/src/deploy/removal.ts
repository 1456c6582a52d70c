/** What has to be done to an object that the project declares no more. */
import type { Store } from '../store/store.ts'
import { objectBlockers } from './blockers.ts'
import type { ChangeOptions } from './change-to.ts'
import type { DeployedObject } from './deployed-objects.ts'
import { handEdit } from './hand-edit.ts'
import { withInsight } from './insight/insight.ts'
import { keptPlace } from './kept-place.ts'
import type { PlannedChange } from './plan-data.ts'
import { inspect } from './present.ts'
import { fromLive, liveDeployment } from './state.ts'
import { moving, standing } from './swap.ts'

/**
 * The change that takes an object away: it is put aside with its data and grants, from where it can be rolled back to, and
 * is dropped only when it is collected. Undefined for one that is not deployed any more.
 */
export async function removal(
  store: Store,
  { object, environment }: Pick<DeployedObject, 'object' | 'environment'>,
  { leaveDependents = false }: Pick<ChangeOptions, 'leaveDependents'>,
): Promise<PlannedChange | undefined> {
  const { db } = store
  const live = await liveDeployment(store, object)
  if (!live) return undefined
  const present = await inspect(db, object, live.kind)
  const edited = await handEdit(db, present, live)
  const blockers = objectBlockers(store, { object, present, live, environment, edited })
  const change: PlannedChange = {
    class: 'remove',
    strategy: 'drop',
    name: live.name,
    object,
    as: live.kind,
    isDeclared: live.isDeclared,
    ...fromLive(live),
    columns: (present?.columns ?? []).map(({ name, type }) => ({ name, type, change: 'removed' })),
    metadata: [],
    granted: live.granted,
    reads: [],
    ...(edited === undefined ? {} : { edited }),
    statements: [],
    creation: live.statements,
    query: live.query,
    digest: live.digest,
    blockers,
    warnings: [],
    parameters: [],
    spec: live.spec,
  }
  // Somebody dropped it, or put something of his own there: the store alone has to forget it.
  if (!present) return change
  const { at, statements } = await keptPlace(db, object, live.version)
  const notes = standing({ present, leaveDependents, version: live.version }, object, at)
  const planned: PlannedChange = {
    ...change,
    statements,
    exchange: { built: null, keptAt: at, statements: [moving(present, object, at.schema)] },
    blockers: [...blockers, ...notes.blockers],
    warnings: notes.warnings,
  }
  return withInsight(store, { change: planned, present, live })
}

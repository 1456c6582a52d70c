/** What would change in a database so that it carries what is declared. */
import { type Diagnostic, diagnostic, isViewcastError, type ModelRecord, ViewcastError } from '@viewcast/compiler'
import { interruptedBy } from '../database/interrupted-by.ts'
import type { DeploymentDef } from '../define/deployment.ts'
import type { Store } from '../store/store.ts'
import { type DeployedObject, declaredNoMore } from './deployed-objects.ts'
import { type DesiredOptions, desired } from './desired.ts'
import { fingerprintOf } from './fingerprint.ts'
import { assetName } from './object-name.ts'
import { type Fingerprint, type Plan, type PlannedChange, planFormat } from './plan-data.ts'
import { type PlanChangeOptions, plannedChange } from './planned-change.ts'
import { removal } from './removal.ts'
import { toldOnce } from './told-once.ts'

export interface PlanOptions extends Omit<DesiredOptions, 'challengers'>, PlanChangeOptions {
  /** Deployments that are taken away, unless one that is wanted has the same object; default none. */
  readonly unlessWanted?: readonly DeployedObject[]
}

/** A declaration with the version it stands for. */
export interface Wanted {
  readonly def: DeploymentDef
  readonly record: ModelRecord
  readonly isDeclared: boolean
  /** Of a promotion: where it comes from. */
  readonly origin?: NonNullable<PlannedChange['origin']>
  /** Records of the challengers that are declared, by label. */
  readonly challengers?: Readonly<Record<string, ModelRecord>>
  /** What was said when the records were loaded. */
  readonly warnings?: readonly Diagnostic[]
}

/**
 * Plans deployments; nothing is changed. A change that cannot be applied has `blockers`, each with a code; what cannot be
 * planned at all is thrown, everything at once.
 *
 * Errors: everything wrong with the views of all of them; those of `predictionObject`.
 *
 * @example
 * ```ts
 * const plan = await planDeployments(store, [{ def: delays, record, isDeclared: true }])
 * ```
 */
export async function planDeployments(
  given: Store,
  wanted: readonly Wanted[],
  options: PlanOptions = {},
): Promise<Plan> {
  // Even EXPLAIN waits for who has locked a table.
  const store: Store = { ...given, db: interruptedBy(given.db, options.signal) }
  const now = new Date().toISOString()
  const planned: PlannedChange[] = []
  const problems: Diagnostic[] = []
  for (const one of wanted) {
    try {
      planned.push(await changeOf(store, one, options, now))
    } catch (e) {
      if (!isViewcastError(e)) throw e
      problems.push(...e.diagnostics)
    }
  }
  if (problems.length > 0) throw new ViewcastError(toldOnce(problems))
  const objects = planned.map((c) => c.object)
  for (const gone of declaredNoMore(options.unlessWanted ?? [], objects)) {
    const change = await removal(store, gone, options)
    if (change) planned.push(change)
  }
  const changes = refusingSame(planned)
  const fingerprint: Record<string, Fingerprint> = {}
  for (const change of changes) fingerprint[assetName(change.object)] = await fingerprintOf(store, change)
  return {
    format: planFormat,
    project: store.project,
    environment: options.environment ?? '',
    database: store.db.description,
    createdAt: now,
    fingerprint,
    changes,
  }
}

async function changeOf(store: Store, wanted: Wanted, options: PlanOptions, now: string): Promise<PlannedChange> {
  const { def, record, isDeclared, origin, challengers = {}, warnings = [] } = wanted
  const target = await desired(store.db, def, record, { ...options, challengers })
  const change = await plannedChange(store, target, { ...options, now, isDeclared })
  return {
    ...change,
    ...(origin ? { origin } : {}),
    warnings: [...warnings, ...otherLabel(wanted), ...change.warnings],
  }
}

/** What was learned answers another question than the one that is declared, by the same columns. */
function otherLabel({ def, record }: Wanted): Diagnostic[] {
  const { name, label } = def.model
  if (record.label === label) return []
  const about = { deployment: def.name, model: `${name}@${record.version}`, learned: record.label, label, name }
  return [diagnostic('deploy/other-label', about)]
}

/** Of two declarations of one object neither is applied. */
function refusingSame(changes: readonly PlannedChange[]): PlannedChange[] {
  return changes.map((change, i) => {
    const name = assetName(change.object)
    const other = changes.find((c, j) => i !== j && assetName(c.object) === name)
    if (!other) return change
    const [first, second] = i < changes.indexOf(other) ? [change, other] : [other, change]
    const same = diagnostic('deploy/same-object', { first: first.name, second: second.name, object: name })
    return { ...change, blockers: [...change.blockers, same] }
  })
}

/**
 * Carries out a plan: one transaction, checked before it is committed.
 *
 * What takes long comes before the locks: verification, reading from what is new, what is written to the store. From the
 * first lock to the commit readers wait, and there is nothing there but the statements that change what they read.
 */
import { type Diagnostic, diagnostic, fail, type ModelRecord, ViewcastError } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { checkVerificationRows } from '../predict/verify.ts'
import { atomically, type Store } from '../store/store.ts'
import { oneDeployer } from './deploy-lock.ts'
import { fingerprintOf, movedParts } from './fingerprint.ts'
import { type Holdable, hold, marksOf } from './hold.ts'
import { noticeLostClient } from './lost-client.ts'
import { assetName, type ObjectName, quoted } from './object-name.ts'
import { bePatient, defaultLockTimeout, isLockFailure, type Patience, type PatienceOptions } from './patience.ts'
import { forbidden } from './permission.ts'
import type { Plan, PlannedChange, VersionOf } from './plan-data.ts'
import { planDigest } from './plan-file.ts'
import { inspect } from './present.ts'
import { type Allowances, refusePlan } from './refusals.ts'
import { isSettled } from './settled.ts'
import { recordChange, recordLeft } from './state.ts'
import { tryObject, tryQuery } from './trial.ts'
import type { Watch } from './waiting.ts'

export interface ApplyPlanOptions extends Allowances, PatienceOptions {
  /** Record of a version, for its verification rows. */
  readonly record: (model: string, version: number) => Promise<ModelRecord>
  /** How long reading from what is new may take before it is given up, in milliseconds; default 10,000. */
  readonly trialTime?: number
  readonly run?: string
  /** What it is called in the history; default `apply`. */
  readonly action?: 'apply' | 'rollback'
  readonly reason?: string
  /** Called in the transaction for each change before it is done, with the version it becomes; what it throws undoes everything. */
  readonly onChange?: (inside: Store, change: PlannedChange, version: DeployedVersion | undefined) => Promise<void>
  /** Called in the transaction when all is done, while readers wait. */
  readonly onDone?: (inside: Store) => Promise<void>
}

export interface DeployedVersion {
  readonly artifact: string
  readonly version: number
}

export interface AppliedChange {
  readonly name: string
  readonly object: ObjectName
  /** The object as SQL writes it. */
  readonly sqlName: string
  readonly as: PlannedChange['as']
  readonly class: PlannedChange['class']
  readonly strategy: PlannedChange['strategy']
  /** `already`: it was as planned when it came to it; `none`: nothing was planned. */
  readonly outcome: 'done' | 'already' | 'none'
  /** Of the deployment, where it was done and the object stays. */
  readonly version?: number
  /** What the verification rows, and reading from the new object, gave. */
  readonly verification?: string
  readonly trial?: string
}

export interface AppliedPlan {
  readonly changes: readonly AppliedChange[]
  /** Milliseconds from the first lock that keeps readers out to the commit; null where there was nobody to keep out. */
  readonly held: number | null
}

/**
 * Carries out a plan, all of it or nothing.
 *
 * The plan is compared with the database first, and again under the locks. What is already as planned is left as it is, so
 * that applying a plan a second time does nothing.
 *
 * Errors: `deploy/moved`, `deploy/breaking`, `deploy/removal`, `deploy/forbidden`, `deploy/verification`, `deploy/fails`,
 * `deploy/locked`, `engine/interrupted`; the blockers of the plan.
 *
 * @example
 * ```ts
 * const plan = await planDeployments(store, [{ def: delays, record, isDeclared: true }])
 * await applyPlan(store, plan, { record: async () => record, onWaiting: ({ sessions }) => console.error(sessions) })
 * ```
 */
export async function applyPlan(store: Store, plan: Plan, options: ApplyPlanOptions): Promise<AppliedPlan> {
  const task = { plan, digest: planDigest(plan), options }
  const reads = plan.changes.flatMap((c) => c.reads.map((r) => r.relation))
  const patience = bePatient(store.db, { objects: plan.changes.map((c) => c.object), reads }, options)
  try {
    // Looking at an object waits for who is changing it, so that it is done with the same patience.
    const todo = await patience.until(() => atomically(store, (inside) => allowed(inside, task, patience.watch)))
    const proofs = await proven(store, todo, options, patience)
    const { done, held } =
      todo.length === 0 ? { done: new Map(), held: null } : await perform(store, { ...task, todo, proofs }, patience)
    return { changes: plan.changes.map((change) => outcome(change, done.get(change), proofs.get(change))), held }
  } finally {
    await patience.stop()
  }
}

/**
 * Whether all of a plan was done before, and nothing since; false as well where somebody is changing what it is about, so that
 * it cannot be looked at.
 */
export async function isApplied(store: Store, plan: Plan, { lockTimeout }: PatienceOptions = {}): Promise<boolean> {
  const digest = planDigest(plan)
  try {
    return await atomically(store, async (inside) => {
      await inside.db.execute(`SET LOCAL lock_timeout = ${Math.round(lockTimeout ?? defaultLockTimeout)}`)
      for (const change of plan.changes) {
        if (change.class === 'none') continue
        if ((await movedOf(inside, plan, change)).length === 0) return false
        if (!(await isSettled(inside, change, digest))) return false
      }
      return true
    })
  } catch (e) {
    if (isLockFailure(e)) return false
    throw e
  }
}

async function allowed(inside: Store, task: Task, watch: Watch): Promise<readonly PlannedChange[]> {
  await beWatched(inside, watch, task.options)
  const todo = await unsettled(inside, task, task.plan.changes)
  refusePlan(todo, task.options)
  const refused = await forbidden(inside.db, todo)
  if (refused.length > 0) throw new ViewcastError(refused)
  return todo
}

/** Says which session waits, and for how long it does. */
async function beWatched({ db }: Store, watch: Watch, { lockTimeout = defaultLockTimeout }: ApplyPlanOptions) {
  const [session] = await db.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  watch.pid = session?.pid
  await noticeLostClient(db)
  await db.execute(`SET LOCAL lock_timeout = ${Math.round(lockTimeout)}`)
}

interface Task {
  readonly plan: Plan
  readonly digest: string
  readonly options: ApplyPlanOptions
}

interface Work extends Task {
  readonly todo: readonly PlannedChange[]
  readonly proofs: ReadonlyMap<PlannedChange, Proof>
}

interface Proof {
  readonly verification?: string
  readonly trial?: string
}

type Done = ReadonlyMap<PlannedChange, { readonly version: number | null; readonly trial?: string }>

function outcome(
  change: PlannedChange,
  done: { version: number | null; trial?: string } | undefined,
  proof: Proof = {},
) {
  const { name, object, as, class: kind, strategy } = change
  const about = { name, object, sqlName: quoted(object), as, class: kind, strategy }
  if (!done) return { ...about, outcome: kind === 'none' ? ('none' as const) : ('already' as const) }
  const { version, trial = proof.trial } = done
  return {
    ...about,
    outcome: 'done' as const,
    ...(version === null ? {} : { version }),
    ...(proof.verification === undefined ? {} : { verification: proof.verification }),
    ...(trial === undefined ? {} : { trial }),
  }
}

/** The changes that are still to be done. Errors: `deploy/moved` for all that rest on something else than was planned. */
async function unsettled(store: Store, { plan, digest }: Task, changes: readonly PlannedChange[]) {
  const todo: PlannedChange[] = []
  const moved: Diagnostic[] = []
  for (const change of changes) {
    if (change.class === 'none') continue
    const what = await movedOf(store, plan, change)
    if (what.length === 0) todo.push(change)
    else if (!(await isSettled(store, change, digest))) moved.push(movedFrom(change, what))
  }
  if (moved.length > 0) throw new ViewcastError(moved)
  return todo
}

const movedOf = async (store: Store, { fingerprint }: Plan, change: PlannedChange) =>
  movedParts(fingerprint[assetName(change.object)] ?? {}, await fingerprintOf(store, change))

const movedFrom = ({ object }: PlannedChange, what: readonly string[]): Diagnostic =>
  diagnostic('deploy/moved', { object: assetName(object), what: what.join(', ') })

/** What can be tried before anything is locked. Errors: `deploy/verification`, `deploy/fails`. */
async function proven(store: Store, todo: readonly PlannedChange[], options: ApplyPlanOptions, patience: Patience) {
  const { db } = store
  const proofs = new Map<PlannedChange, Proof>()
  for (const change of todo) {
    const { to, object, query, as } = change
    if (!to) continue
    const verification = await verified(db, to, options)
    for (const challenger of change.challengers ?? []) await verified(db, challenger, options)
    // What is new is read from itself when it is there.
    const isTried = as === 'view' && !isBuilt(change) && change.class !== 'metadata'
    const trial = isTried
      ? await patience.until(() =>
          atomically(store, async (inside) => {
            await beWatched(inside, patience.watch, options)
            return tryQuery(inside.db, object, query, trialTime(options), options.signal)
          }),
        )
      : undefined
    proofs.set(change, { verification, ...(trial === undefined ? {} : { trial }) })
  }
  return proofs
}

async function verified(db: Database, version: ScoredVersion, { record }: ApplyPlanOptions): Promise<string> {
  const { ok, detail } = await checkVerificationRows(db, await record(version.model, version.version))
  return ok ? detail : fail('deploy/verification', { rows: detail })
}

type ScoredVersion = Pick<VersionOf, 'model' | 'version'>

const trialTime = ({ trialTime = 10_000 }: ApplyPlanOptions): number => trialTime

/** Whether its statements make something that nobody reads yet; a function that is replaced keeps nobody waiting either. */
const isBuilt = ({ strategy, exchange, as }: PlannedChange): boolean =>
  strategy === 'create' || exchange !== undefined || as === 'function'

async function perform(
  store: Store,
  work: Work,
  patience: Patience,
): Promise<{ readonly done: Done; readonly held: number | null }> {
  const { options } = work
  const clock: Clock = {}
  const done = await patience.until(() =>
    atomically(store, async (inside) => {
      const { changes, holdable, marks } = await begin(inside, work, patience.watch)
      const trials = await build(inside, changes, options)
      const change = () => atomically(inside, (within) => exchange(within, work, changes, holdable, marks, clock))
      // What was built is not built again for a lock that was not got.
      const versions = trials.size > 0 ? await patience.until(change) : await change()
      if (options.signal?.aborted) fail('engine/interrupted', { what: 'The deployment' })
      return new Map(changes.map((c) => [c, { version: versions.get(c) ?? null, ...optional('trial', trials.get(c)) }]))
    }),
  )
  return { done, held: clock.since === undefined ? null : performance.now() - clock.since }
}

interface Clock {
  since?: number
}

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }

/** Waits for those who deploy, and looks again: only from here on the plan cannot be overtaken by another. */
async function begin(inside: Store, work: Work, watch: Watch) {
  const { db } = inside
  const { signal } = work.options
  await beWatched(inside, watch, work.options)
  await oneDeployer(db, signal)
  const holdable = await holdableOf(db, work.todo)
  const marks = await marksOf(db, holdable)
  return { changes: await unsettled(inside, work, work.todo), holdable, marks }
}

async function holdableOf(db: Database, changes: readonly PlannedChange[]): Promise<Holdable[]> {
  const found: Holdable[] = []
  for (const { object, class: kind } of changes) {
    const present = kind === 'metadata' ? undefined : await inspect(db, object)
    if (present?.kind !== 'view' && present?.kind !== 'table') continue
    found.push({ object, oid: present.oid, kind: present.kind, owner: present.owner })
  }
  return found
}

/** Makes what is new beside what is there, and reads from it; nobody waits for this. */
async function build({ db }: Store, changes: readonly PlannedChange[], options: ApplyPlanOptions) {
  const trials = new Map<PlannedChange, string>()
  const { signal } = options
  for (const change of changes.filter(isBuilt)) {
    for (const sql of change.statements) await db.execute(sql, signal ? { signal } : {})
    const made = change.exchange ? change.exchange.built : change.object
    trials.set(change, made ? await tryObject(db, made, trialTime(options), signal) : 'not read from')
  }
  return trials
}

/** Writes what is done, locks what is there, and does it. */
async function exchange(
  inside: Store,
  work: Work,
  changes: readonly PlannedChange[],
  holdable: readonly Holdable[],
  marks: string,
  clock: Clock,
): Promise<ReadonlyMap<PlannedChange, number>> {
  const { db } = inside
  const { lockTimeout = defaultLockTimeout, signal, onDone } = work.options
  const versions = await record(inside, work, changes)
  await hold(db, holdable, Math.round(lockTimeout), signal)
  if (holdable.length > 0) clock.since = performance.now()
  // Whoever had the lock before may have changed what is about to be overwritten.
  if ((await marksOf(db, holdable)) !== marks) await refuseOvertaken(inside, work.plan, changes)
  const given = signal ? { signal } : {}
  for (const change of changes) {
    for (const sql of isBuilt(change) ? [] : change.statements) await db.execute(sql, given)
    for (const sql of change.exchange?.statements ?? []) await db.execute(sql, given)
  }
  await onDone?.(inside)
  await recordLeft(inside, changes)
  return versions
}

async function record(inside: Store, work: Work, changes: readonly PlannedChange[]) {
  const { run, reason, action = 'apply', onChange } = work.options
  const versions = new Map<PlannedChange, number>()
  for (const change of changes) {
    const version = await recordChange(inside, {
      change,
      action: change.to ? action : 'remove',
      environment: work.plan.environment,
      planDigest: work.digest,
      ...optional('verification', work.proofs.get(change)?.verification),
      ...optional('run', run),
      ...optional('reason', reason),
    })
    if (version) versions.set(change, version.version)
    await onChange?.(inside, change, version)
  }
  return versions
}

async function refuseOvertaken(store: Store, plan: Plan, changes: readonly PlannedChange[]): Promise<void> {
  const moved: Diagnostic[] = []
  for (const change of changes) {
    // The version is our own by now.
    const what = (await movedOf(store, plan, change)).filter((part) => part !== 'version')
    if (what.length > 0) moved.push(movedFrom(change, what))
  }
  if (moved.length > 0) throw new ViewcastError(moved)
}

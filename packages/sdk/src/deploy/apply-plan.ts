/** Carries out a plan: one transaction, checked before it is committed. */
import { type Diagnostic, diagnostic, fail, type ModelRecord, ViewcastError } from '@viewcast/compiler'
import { checkVerificationRows } from '../predict/verify.ts'
import { atomically, type Store } from '../store/store.ts'
import { fingerprintOf, movedParts } from './fingerprint.ts'
import { assetName } from './object-name.ts'
import type { Plan, PlannedChange, VersionOf } from './plan-data.ts'
import { inspect } from './present.ts'
import { recordChange } from './state.ts'

export interface ApplyPlanOptions {
  /** Record of a version, for its verification rows. */
  readonly record: (model: string, version: number) => Promise<ModelRecord>
  /** How long to wait for locks before giving up, in milliseconds; default 5,000. */
  readonly lockTimeout?: number
  readonly run?: string
  /** What it is called in the history; default `apply`. */
  readonly action?: 'apply' | 'rollback'
  readonly reason?: string
}

/** Errors: `deploy/moved`, `deploy/verification`. */
export async function applyPlan(store: Store, plan: Plan, options: ApplyPlanOptions): Promise<void> {
  await atomically(store, async (inside) => {
    await inside.db.execute(`SET LOCAL lock_timeout = ${Math.round(options.lockTimeout ?? 5000)}`)
    await inside.db.query(`SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`)
    await refuseMoved(inside, plan)
    const changes = plan.changes.filter((change) => change.class !== 'none')
    const verified = new Map<PlannedChange, string>()
    for (const change of changes) {
      if (change.to) verified.set(change, await verify(inside, change.to, options))
      for (const challenger of change.challengers ?? []) await verify(inside, challenger, options)
      for (const sql of change.statements) await inside.db.execute(sql)
    }
    for (const { exchange } of changes) for (const sql of exchange?.statements ?? []) await inside.db.execute(sql)
    const [server] = await inside.db.rows<{ major: number }>(
      `SELECT current_setting('server_version_num')::integer / 10000 AS major`,
    )
    for (const change of changes) {
      const now = await inspect(inside.db, change.object)
      const verification = verified.get(change)
      await recordChange(inside, {
        change,
        action: change.to ? (options.action ?? 'apply') : 'remove',
        environment: plan.environment,
        ...(verification === undefined ? {} : { verification }),
        ...(now && server ? { left: { hash: now.hash, server: server.major, definition: now.definition } } : {}),
        ...(options.run === undefined ? {} : { run: options.run }),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      })
    }
  })
}

/** Compares what the plan rests on with what is there, all of it at once. */
async function refuseMoved(store: Store, { changes, fingerprint }: Plan): Promise<void> {
  const moved: Diagnostic[] = []
  for (const change of changes) {
    const name = assetName(change.object)
    const what = movedParts(fingerprint[name] ?? {}, await fingerprintOf(store, change))
    if (what.length > 0) moved.push(diagnostic('deploy/moved', { object: name, what: what.join(', ') }))
  }
  if (moved.length > 0) throw new ViewcastError(moved)
}

async function verify(
  { db }: Store,
  to: Pick<VersionOf, 'model' | 'version'>,
  { record }: ApplyPlanOptions,
): Promise<string> {
  const verification = await checkVerificationRows(db, await record(to.model, to.version))
  if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
  return verification.detail
}

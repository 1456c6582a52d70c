/** Carries out a plan: one transaction, checked before it is committed. */
import { type Diagnostic, diagnostic, fail, type ModelRecord, ViewcastError } from '@viewcast/compiler'
import { checkVerificationRows } from '../predict/verify.ts'
import { atomically, type Store } from '../store/store.ts'
import { dryRun } from './dry-run.ts'
import { fingerprintOf, movedParts } from './fingerprint.ts'
import { assetName } from './object-name.ts'
import type { Plan } from './plan-data.ts'
import { inspect } from './present.ts'
import { recordChange } from './state.ts'

export interface ApplyPlanOptions {
  /** Record of a version, for its verification rows. */
  readonly record: (model: string, version: number) => Promise<ModelRecord>
  /** How long to wait for locks before giving up, in milliseconds; default 5,000. */
  readonly lockTimeout?: number
  readonly run?: string
  readonly reason?: string
}

/** Errors: `deploy/moved`, `deploy/verification`. */
export async function applyPlan(store: Store, plan: Plan, options: ApplyPlanOptions): Promise<void> {
  await atomically(store, async (inside) => {
    await inside.db.execute(`SET LOCAL lock_timeout = ${Math.round(options.lockTimeout ?? 5000)}`)
    await inside.db.query(`SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`)
    await refuseMoved(inside, plan)
    for (const change of plan.changes) {
      if (change.class === 'none' || !change.to) continue
      const verification = await checkVerificationRows(
        inside.db,
        await options.record(change.to.model, change.to.version),
      )
      if (!verification.ok) fail('deploy/verification', { rows: verification.detail })
      for (const sql of change.statements) await inside.db.execute(sql)
      const now = await inspect(inside.db, change.object)
      const [server] = await inside.db.rows<{ major: number }>(
        `SELECT current_setting('server_version_num')::integer / 10000 AS major`,
      )
      await recordChange(inside, {
        change,
        action: 'apply',
        environment: plan.environment,
        verification: verification.detail,
        ...(now && server ? { left: { hash: now.hash, server: server.major } } : {}),
        ...(options.run === undefined ? {} : { run: options.run }),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      })
    }
  })
}

/** Compares what the plan rests on with what is there, all of it at once. */
async function refuseMoved(store: Store, { changes, fingerprint }: Plan): Promise<void> {
  const moved: Diagnostic[] = []
  for (const { object, as, query } of changes) {
    const name = assetName(object)
    const before = fingerprint[name] ?? {}
    const reads = before.sources === undefined || as === 'function' ? undefined : (await dryRun(store.db, query)).reads
    const what = movedParts(before, await fingerprintOf(store, object, reads))
    if (what.length > 0) moved.push(diagnostic('deploy/moved', { object: name, what: what.join(', ') }))
  }
  if (moved.length > 0) throw new ViewcastError(moved)
}

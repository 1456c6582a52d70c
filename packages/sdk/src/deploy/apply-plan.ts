/** Carries out a plan: one transaction, checked before it is committed. */
import { fail, type ModelRecord } from '@viewcast/compiler'
import { checkVerificationRows } from '../predict/verify.ts'
import { atomically, type Store } from '../store/store.ts'
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

/** Errors: `deploy/verification`. */
export async function applyPlan(store: Store, plan: Plan, options: ApplyPlanOptions): Promise<void> {
  await atomically(store, async (inside) => {
    await inside.db.execute(`SET LOCAL lock_timeout = ${Math.round(options.lockTimeout ?? 5000)}`)
    await inside.db.query(`SELECT pg_advisory_xact_lock(hashtextextended('viewcast deploy', 0))`)
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

/** What checks found, kept beside the asset they are about. */
import { type AssetName, ensureAsset } from '../store/graph/assets.ts'
import type { Run } from '../store/runs/started.ts'
import type { Store } from '../store/store.ts'

export interface RecordedCheck {
  /** `verify/parity`, `leak/future`, … */
  readonly name: string
  readonly column?: string
  /** Default `error`. */
  readonly severity?: 'error' | 'warn'
  readonly passed: boolean
  /** Words and numbers, never values of rows. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Keeps results of checks of one asset; of two for the same name and column the first counts. */
export async function recordChecks(
  store: Store,
  run: Run,
  about: AssetName,
  checks: readonly RecordedCheck[],
): Promise<void> {
  const asset = await ensureAsset(store, about)
  await store.db.query(
    `INSERT INTO viewcast.check_result (execution_id, asset_id, name, column_name, severity, passed, detail)
     SELECT $1, $2, u.* FROM unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::jsonb[]) AS u
     ON CONFLICT DO NOTHING`,
    [
      run.id,
      asset,
      checks.map((c) => c.name),
      checks.map((c) => c.column ?? ''),
      checks.map((c) => c.severity ?? 'error'),
      checks.map((c) => c.passed),
      checks.map((c) => JSON.stringify(c.detail ?? {})),
    ],
  )
}

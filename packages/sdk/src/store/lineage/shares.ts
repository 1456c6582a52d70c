import type { Store } from '../store.ts'

/** Version → feature → share of the score that hangs on it, 0 to 1, of the versions whose records tell. */
export async function sharesOf(
  { db }: Store,
  versions: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const rows = await db.rows<{ id: string; contributions: Readonly<Record<string, unknown>> | null }>(
    `SELECT artifact_id AS id, coalesce(record::jsonb -> 'contributions', record::jsonb -> 'trees' -> 'importance') AS contributions
     FROM viewcast.model_version WHERE artifact_id = ANY ($1::uuid[])`,
    [versions],
  )
  return new Map(rows.map((r) => [r.id, sharesOfTotal(r.contributions ?? {})]))
}

function sharesOfTotal(contributions: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> {
  const amounts = Object.entries(contributions).map(([name, value]) => [name, Math.abs(Number(value))] as const)
  const total = amounts.reduce((sum, [, amount]) => sum + amount, 0)
  if (!(total > 0) || !Number.isFinite(total)) return new Map()
  return new Map(amounts.map(([name, amount]) => [name, amount / total]))
}

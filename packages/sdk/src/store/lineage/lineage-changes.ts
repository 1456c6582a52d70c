/** How the lineage of the database changed between two instants. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { instantOf } from './instant-of.ts'

export interface ChangedEdge {
  /** `added`: there at the end and not at the beginning; `closed`: the other way. */
  readonly change: 'added' | 'closed'
  readonly from: string
  readonly fromKind: AssetKind
  readonly to: string
  readonly toKind: AssetKind
  /** Version of a model, of edges that belong to one. */
  readonly version?: number
  readonly isDirect: boolean
  readonly how: readonly string[]
}

/**
 * Edges of columns that came or went between two instants, those of the versions of models by whether they were in use.
 *
 * @param from ISO instant, or a day, which stands for its end in UTC.
 * @param to the same; default now.
 *
 * Errors: `time/instant`.
 *
 * @example
 * ```ts
 * await lineageChanges(store, '2026-11-01')
 * // [{ change: 'closed', from: 'public.flights.delay', to: 'late.delay_7d', isDirect: true, how: ['aggregation'], … }]
 * ```
 * ```sql
 * SELECT … FROM viewcast.column_edge WHERE valid_from <= $1 AND (valid_to > $1) IS NOT FALSE
 * ```
 */
export async function lineageChanges(
  { db, project }: Store,
  from: string,
  to?: string,
): Promise<readonly ChangedEdge[]> {
  const there = (at: string): string => `
    SELECT e.from_node, e.to_node, e.artifact_id, e.is_direct, e.how FROM viewcast.column_edge e
    WHERE e.valid_from <= ${at} AND coalesce(e.valid_to > ${at}, true)
      AND (e.artifact_id IS NULL OR e.artifact_id IN (SELECT viewcast.versions_in_use(${at})))`
  const rows = await db.rows<Omit<ChangedEdge, 'version'> & { version: number | null }>(
    `WITH instants AS (SELECT $1::timestamptz AS a, coalesce($2::timestamptz, clock_timestamp()) AS b),
     before AS (${there('(SELECT a FROM instants)')}), after AS (${there('(SELECT b FROM instants)')}),
     changed AS (
       SELECT 'added' AS change, x.* FROM (SELECT * FROM after EXCEPT SELECT * FROM before) x
       UNION ALL
       SELECT 'closed', x.* FROM (SELECT * FROM before EXCEPT SELECT * FROM after) x
     )
     SELECT c.change, fa.name || '.' || f.name AS from, fa.kind AS "fromKind", ta.name || '.' || t.name AS to,
            ta.kind AS "toKind", v.version, c.is_direct AS "isDirect", to_json(c.how) AS how
     FROM changed c
     JOIN viewcast.column_node f ON f.id = c.from_node JOIN viewcast.asset fa ON fa.id = f.asset_id
     JOIN viewcast.column_node t ON t.id = c.to_node JOIN viewcast.asset ta ON ta.id = t.asset_id
     LEFT JOIN viewcast.artifact v ON v.id = c.artifact_id
     WHERE ta.namespace IN ($3, 'database')
     ORDER BY 4, 2, 1, 6`,
    [instantOf(from), instantOf(to), project],
  )
  return rows.map(({ version, ...row }) => ({ ...row, ...(version !== null && { version }) }))
}

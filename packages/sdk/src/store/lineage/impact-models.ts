/** Versions of models that a walk reached, with what hangs on it. */
import type { Store } from '../store.ts'
import type { Reached } from './impact.ts'

export interface ReachedModel {
  readonly model: string
  readonly namespace: string
  /** Undefined for a model that was never trained. */
  readonly version?: number
  readonly aliases: readonly string[]
  /** Relations that carry this version. */
  readonly deployments: readonly string[]
  readonly isNewest: boolean
  /** Share of the score that hangs on it, 0 to 1; undefined where the record does not tell, and upwards. */
  readonly share?: number
  /** Features concerned, largest share first. */
  readonly features: readonly { readonly name: string; readonly share?: number }[]
  /** Coefficients concerned, nearest first. */
  readonly coefficients: readonly { readonly name: string; readonly value?: number; readonly isDirect: boolean }[]
  /** Columns that it returns, as far as they are concerned. */
  readonly outputs: readonly string[]
  readonly isDirect: boolean
  readonly distance: number
  readonly owners: readonly string[]
}

interface VersionRow {
  readonly id: string
  readonly version: number
  readonly aliases: readonly string[]
  readonly deployments: readonly string[]
  readonly newest: boolean
}

interface EdgeRow {
  readonly version: string
  readonly node: number
  readonly name: string
  readonly kind: string
  readonly share: number | null
  readonly value: number | null
}

/** `starts` are the nodes of the walk's begin; of a model itself nothing is lost. */
export async function modelsReached(
  { db }: Store,
  reached: readonly Reached[],
  starts: readonly number[],
  direction: 'down' | 'up',
  at: string | null,
): Promise<readonly ReachedModel[]> {
  const parts = reached.filter((r) => (r.kind === 'model' || r.kind === 'prediction') && r.distance > 0)
  if (parts.length === 0) return []
  const ids = [...new Set(parts.flatMap((p) => p.version ?? []))]
  const versions = new Map((await versionRows(db, ids, at)).map((v) => [v.id, v]))
  const within = new Set([...starts, ...reached.flatMap((r) => r.nodes)])
  const read = await edgeRows(db, ids)
  const edges = read.filter((e) => within.has(e.node))
  const told = new Set(read.flatMap((e) => (e.share === null ? [] : [e.version])))

  const groups = new Map<string, Reached[]>()
  for (const p of parts) {
    const key = JSON.stringify([p.namespace, p.name, p.version])
    groups.set(key, [...(groups.get(key) ?? []), p])
  }
  // What a model returns whatever its version says nothing that its versions do not.
  const known = new Set(parts.flatMap((p) => (p.version === null ? [] : [`${p.namespace} ${p.name}`])))
  const models = [...groups.values()].flatMap((all): ReachedModel[] => {
    const [first] = all
    if (!first || (first.version === null && known.has(`${first.namespace} ${first.name}`))) return []
    const row = versions.get(first.version ?? '')
    const own = edges.filter((e) => e.version === first.version)
    const features = new Map<string, number | null>()
    for (const e of own) if (e.kind === 'feature') features.set(e.name, e.share)
    const shares = [...features.values()].filter((s) => s !== null)
    // What the label alone comes from is learned from: nothing of the score of this version hangs on it.
    const isLabelOnly = features.size === 0 && told.has(first.version ?? '') && !all.some((r) => r.isDirect)
    const sum = Math.min(
      1,
      shares.reduce((a, b) => a + b, 0),
    )
    const share = shares.length > 0 || isLabelOnly ? sum : undefined
    const values = new Map(own.flatMap((e) => (e.kind === 'coefficient' ? [[e.name, e.value] as const] : [])))
    return [
      {
        model: first.name,
        namespace: first.namespace,
        ...(row && { version: row.version }),
        aliases: row?.aliases ?? [],
        deployments: row?.deployments ?? [],
        isNewest: row?.newest ?? true,
        ...(direction === 'down' && share !== undefined && { share }),
        features: [...features]
          .sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0) || (a[0] < b[0] ? -1 : 1))
          .map(([name, share]) => ({ name, ...(share !== null && { share }) })),
        coefficients: all
          .filter((r) => r.kind === 'model')
          .flatMap((r) => r.columns)
          .map(({ name, isDirect }) => {
            const value = values.get(name)
            return { name, ...(value !== undefined && value !== null && { value }), isDirect }
          }),
        outputs: all.filter((r) => r.kind === 'prediction').flatMap((r) => r.columns.map((c) => c.name)),
        isDirect: all.some((r) => r.isDirect),
        distance: Math.min(...all.map((r) => r.distance)),
        owners: [...new Set(all.flatMap((r) => r.owners))],
      },
    ]
  })
  const rank = (m: ReachedModel): number =>
    m.aliases.includes('production') ? 0 : m.aliases.length > 0 ? 1 : m.deployments.length > 0 ? 2 : 3
  const name = (m: ReachedModel): string => `${m.namespace} ${m.model}`
  return models.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (b.share ?? 0) - (a.share ?? 0) ||
      (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : (b.version ?? 0) - (a.version ?? 0)),
  )
}

const isThen = (e: string): string =>
  `CASE WHEN $2::timestamptz IS NULL THEN ${e}.valid_to IS NULL
   ELSE ${e}.valid_from <= $2 AND coalesce(${e}.valid_to > $2, true) END`

const versionRows = (db: Store['db'], ids: readonly string[], at: string | null): Promise<VersionRow[]> =>
  db.rows<VersionRow>(
    `SELECT v.id, v.version,
            (SELECT coalesce(json_agg(h.alias ORDER BY h.alias), '[]') FROM viewcast.alias_history h
             WHERE h.artifact_id = v.id AND ${isThen('h')}) AS aliases,
            (SELECT coalesce(json_agg(d.name ORDER BY d.name), '[]')
             FROM viewcast.asset_edge e JOIN viewcast.asset d ON d.id = e.to_asset AND d.kind = 'deployment'
             WHERE e.artifact_id = v.id AND ${isThen('e')}) AS deployments,
            NOT EXISTS (SELECT FROM viewcast.artifact l WHERE l.asset_id = v.asset_id AND l.version > v.version
                        AND l.state <> 'deleted' AND ($2::timestamptz IS NULL OR l.created_at <= $2)) AS newest
     FROM viewcast.artifact v WHERE v.id = ANY ($1::uuid[])`,
    [ids, at],
  )

/** Edges of the versions, of features into them and of coefficients into what they return; those never change. */
const edgeRows = (db: Store['db'], ids: readonly string[]): Promise<EdgeRow[]> =>
  db.rows<EdgeRow>(
    `SELECT e.artifact_id AS version, f.id AS node, f.name, f.kind, max(e.share) AS share, max(e.value) AS value
     FROM viewcast.column_edge e JOIN viewcast.column_node f ON f.id = e.from_node
     WHERE e.artifact_id = ANY ($1::uuid[]) AND f.kind IN ('feature', 'coefficient')
     GROUP BY 1, 2, 3, 4`,
    [ids],
  )

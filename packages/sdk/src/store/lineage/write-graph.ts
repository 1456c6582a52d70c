/** A graph of columns as one call of the database. */
import { type AssetName, assetKey, ensureAssets } from '../graph/assets.ts'
import type { Store } from '../store.ts'

export interface GraphNode {
  readonly asset: AssetName
  /** Id of the artifact, of what belongs to a version of a model. */
  readonly version?: string | undefined
  readonly column: string
  readonly kind: 'column' | 'view' | 'feature' | 'label' | 'coefficient' | 'prediction' | 'reader'
}

export interface GraphEdge {
  readonly from: GraphNode
  readonly to: GraphNode
  readonly direct: boolean
  readonly how: readonly string[]
  readonly share?: number | undefined
  readonly value?: number | undefined
}

export interface LineageChange {
  /** Edges of columns that are new. */
  readonly added: number
  /** Edges of columns that were so until now. */
  readonly closed: number
}

/** What is closed when it is not said again; see `viewcast.register_lineage`. */
export type GraphScope =
  | { readonly kind: 'project' | 'relations' | 'part' }
  | { readonly kind: 'deployment' | 'consumer'; readonly asset: string }

/** Call it inside a transaction. */
export async function writeGraph(
  store: Store,
  edges: readonly GraphEdge[],
  scope: GraphScope,
  run?: string,
): Promise<LineageChange> {
  const nodes: GraphNode[] = []
  const places = new Map<string, number>()
  const placeOf = (node: GraphNode): number => {
    const key = JSON.stringify([node.asset.kind, node.asset.name, node.column, node.version ?? null])
    const place = places.get(key)
    if (place !== undefined) return place
    places.set(key, nodes.push(node))
    return nodes.length
  }
  const ends = edges.map((e) => [placeOf(e.from), placeOf(e.to)] as const)
  const ids = await ensureAssets(
    store,
    nodes.map((n) => n.asset),
  )
  const [row] = await store.db.rows<LineageChange>(
    `SELECT added, closed FROM viewcast.register_lineage($1, $2, $3, $4, $5::uuid[], $6::uuid[], $7::text[], $8::text[],
       $9::integer[], $10::integer[], $11::boolean[], $12::text[], $13::float8[], $14::float8[])`,
    [
      store.project,
      run ?? null,
      scope.kind,
      'asset' in scope ? scope.asset : null,
      nodes.map((n) => ids.get(assetKey(n.asset)) ?? null),
      nodes.map((n) => n.version ?? null),
      nodes.map((n) => n.column),
      nodes.map((n) => n.kind),
      ends.map(([from]) => from),
      ends.map(([, to]) => to),
      edges.map((e) => e.direct),
      edges.map((e) => e.how.join(',')),
      edges.map((e) => e.share ?? null),
      edges.map((e) => e.value ?? null),
    ],
  )
  if (!row) throw new Error('register_lineage returned no row')
  return row
}

/** The compiler's graph of columns, kept in the store. */
import type { LineageGraph, LineageVertex } from '@viewcast/compiler'
import type { AssetName } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import { deployedAmong } from './deployed.ts'
import { sharesOf } from './shares.ts'
import { type GraphEdge, type GraphNode, type LineageChange, writeGraph } from './write-graph.ts'

export interface RegisterLineageOptions {
  /** Id of the run that says so; edges that are there are confirmed by it. */
  readonly run?: string
  /**
   * Model → id of the artifact that is the version whose coefficients are in the graph; by default the newest version that
   * the store has. A model without one is kept without a version.
   */
  readonly versions?: ReadonlyMap<string, string>
  /**
   * What the graph is all of, so that what is not in it is gone: `project`, all definitions and all relations of the
   * database, as `projectLineage` gives it (the default); `relations`, those of the database, and some definitions; `part`,
   * only what it has edges into.
   */
  readonly covers?: 'project' | 'relations' | 'part'
}

/**
 * Keeps the lineage of a project: new edges are added, edges that are gone are closed and stay readable. Those of a version
 * of a model never change; they count while the version is the newest, has an alias or is deployed. Only edges of the
 * store's project, and those between relations of the database, are closed.
 *
 * It costs six statements, whatever the number of edges, in one transaction.
 *
 * @returns how many edges of columns are new, and how many were closed.
 *
 * @example
 * ```ts
 * await registerLineage(store, await projectLineage(db, project, { records }), { run: run.id })
 * // { added: 412, closed: 0 }, and { added: 0, closed: 0 } the second time
 * ```
 * ```sql
 * SELECT added, closed FROM viewcast.register_lineage($1, …)
 * ```
 */
export async function registerLineage(
  store: Store,
  graph: LineageGraph,
  options: RegisterLineageOptions = {},
): Promise<LineageChange> {
  return atomically(store, async (inside) => {
    const vertices = new Map(graph.vertices.map((v) => [v.name, v]))
    const ownersOf = (is: (v: LineageVertex) => boolean) => new Set(graph.vertices.filter(is).map((v) => v.owner))
    const deployed = await deployedAmong(
      inside,
      ownersOf((v) => v.kind === 'column'),
    )
    const versions = await versionsOf(inside, ownersOf(isOfModel), options.versions)
    const shares = await sharesOf(inside, [...versions.values()])
    const trained = ownersOf((v) => v.kind === 'coefficient')
    const node = (v: LineageVertex, version?: string): GraphNode => ({
      asset: assetOf(v, deployed),
      ...(version !== undefined && { version }),
      column: v.column,
      kind: v.kind === 'question' ? 'column' : v.kind,
    })
    const edges: GraphEdge[] = []
    const returned = new Map<string, GraphEdge>()
    for (const { from: f, to: t, direct, how } of graph.edges) {
      const from = vertices.get(f)
      const to = vertices.get(t)
      // What a question brings is a column of nothing.
      if (!from || !to || from.kind === 'question') continue
      const version = isOfModel(to) ? versions.get(to.owner) : undefined
      // The store knows what was learned; that of a graph without the record is less.
      const isGuess = to.kind === 'prediction' && !trained.has(to.owner) && !how.includes('trees')
      if (version !== undefined && isGuess) continue
      const share = version !== undefined && from.kind === 'feature' ? shares.get(version)?.get(from.column) : undefined
      const end = node(to, version)
      edges.push({
        from: node(from, isOfModel(from) ? version : undefined),
        to: end,
        direct,
        how,
        share,
        ...(from.kind === 'coefficient' && { value: from.value }),
      })
      // For those who read what the model returns, whatever the version.
      if (version !== undefined && to.kind === 'prediction')
        returned.set(to.name, { from: end, to: node(to), direct: true, how: ['identity'] })
    }
    const all = [...edges, ...returned.values()]
    return writeGraph(inside, all, { kind: options.covers ?? 'project' }, options.run)
  })
}

const isOfModel = ({ kind }: LineageVertex): boolean => kind === 'coefficient' || kind === 'prediction'

function assetOf({ kind, owner, role }: LineageVertex, deployed: ReadonlySet<string>): AssetName {
  switch (kind) {
    case 'column':
    case 'question':
      return { kind: deployed.has(owner) ? 'deployment' : 'source', name: owner }
    case 'view':
      return { kind: role ?? 'feature_view', name: owner }
    case 'feature':
    case 'label':
      return { kind: 'dataset', name: owner }
    case 'coefficient':
      return { kind: 'model', name: owner }
    case 'prediction':
      return { kind: 'prediction', name: owner }
  }
}

async function versionsOf(
  { db, project }: Store,
  models: ReadonlySet<string>,
  given: ReadonlyMap<string, string> = new Map(),
): Promise<ReadonlyMap<string, string>> {
  const rows = await db.rows<{ name: string; id: string }>(
    `SELECT DISTINCT ON (a.id) a.name, v.id FROM viewcast.asset a JOIN viewcast.artifact v ON v.asset_id = a.id
     WHERE a.kind = 'model' AND a.namespace = $1 AND a.name = ANY ($2::text[]) AND v.state <> 'deleted'
     ORDER BY a.id, v.version DESC`,
    [project, [...models]],
  )
  return new Map([...rows.map((r) => [r.name, r.id] as const), ...given])
}

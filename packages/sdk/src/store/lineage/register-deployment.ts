/** What a deployed prediction query returns, tied to the version it carries. */
import { type ModelRecord, outputs } from '@viewcast/compiler'
import { ensureAsset, findAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import { type GraphEdge, type GraphNode, type LineageChange, writeGraph } from './write-graph.ts'

/**
 * Says that a relation carries the prediction query of a version of a model: its columns come from what that version
 * returns, and from no other version. What was known of the relation as a source goes on from the deployment.
 *
 * It costs seven statements. A version that the store does not have is kept as the model without a version.
 *
 * @param relation `schema.name`.
 * @param record of the version, with its number.
 *
 * @example
 * ```ts
 * await registerDeployment(store, 'public.delay15_now', record, { run: run.id })
 * ```
 * ```sql
 * SELECT added, closed FROM viewcast.register_lineage($1, …)
 * ```
 */
export async function registerDeployment(
  store: Store,
  relation: string,
  record: ModelRecord,
  options: { readonly run?: string } = {},
): Promise<LineageChange> {
  return atomically(store, async (inside) => {
    const name = { kind: 'deployment', name: relation } as const
    const asset = await ensureAsset(inside, name)
    const known = await findAsset(inside, { kind: 'source', name: relation })
    if (known !== undefined) await inside.db.query('SELECT viewcast.move_lineage($1, $2)', [known, asset])
    const version = await versionOf(inside, record)
    const predicted = { kind: 'prediction', name: record.name } as const
    const asIs = { direct: true, how: ['identity'] }
    const edges = outputs(record).flatMap((output): GraphEdge[] => {
      const any: GraphNode = { asset: predicted, column: output.name, kind: 'prediction' }
      const own: GraphNode = { ...any, version }
      const to: GraphNode = { asset: name, column: output.name, kind: 'column' }
      return [{ from: own, to, ...asIs }, ...(version === undefined ? [] : [{ from: own, to: any, ...asIs }])]
    })
    return writeGraph(inside, edges, { kind: 'deployment', asset }, options.run)
  })
}

async function versionOf({ db, project }: Store, { name, version }: ModelRecord): Promise<string | undefined> {
  const [row] = await db.rows<{ id: string }>(
    `SELECT v.id FROM viewcast.asset a JOIN viewcast.artifact v ON v.asset_id = a.id
     WHERE a.kind = 'model' AND (a.namespace, a.name, v.version) = ($1, $2, $3)`,
    [project, name, version],
  )
  return row?.id
}

/** What depends on something, or what it comes from. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { dependentsOf } from './dependents.ts'
import { findNodes } from './find-nodes.ts'
import { modelsReached, type ReachedModel } from './impact-models.ts'
import { instantOf } from './instant-of.ts'

export interface ImpactOptions {
  /** `down` to what depends on it (the default), `up` to what it comes from. */
  readonly direction?: 'down' | 'up'
  /** The lineage as it was: an ISO instant, or a day, which stands for its end in UTC. Default now. */
  readonly at?: string
  /** Edges to follow at most; default 100. */
  readonly depth?: number
  /** Looks in all projects of the database instead of the store's. */
  readonly everyProject?: boolean
}

export interface ReachedColumn {
  readonly name: string
  /** Whether it makes up the value; otherwise it decides about it, as a filter or a join does. */
  readonly isDirect: boolean
  /** Edges between. */
  readonly distance: number
}

export interface ReachedAsset {
  readonly kind: AssetKind
  /** `database`, or the project that declares it. */
  readonly namespace: string
  readonly name: string
  /** Nearest first. */
  readonly columns: readonly ReachedColumn[]
  readonly isDirect: boolean
  readonly distance: number
  readonly owners: readonly string[]
  readonly description?: string
  /** Of a consumer: dashboard, report, application, team, … */
  readonly consumer?: string
  readonly url?: string
}

export interface Impact {
  readonly name: string
  readonly direction: 'down' | 'up'
  /** Instant of the lineage, where one was asked for. */
  readonly at?: string
  /** Versions of models in use: those with the alias `production` first, then other aliases, deployed ones, the rest. */
  readonly models: readonly ReachedModel[]
  /** Deployments, consumers, datasets, feature views, samples, targets, relations, each nearest first. */
  readonly assets: readonly ReachedAsset[]
  /**
   * Objects for which PostgreSQL refuses to drop the column or relation now, as it names them. Asked of its catalog, and
   * only downwards.
   */
  readonly dependents: readonly string[]
}

/** What a walk reached of an asset, or of a version of a model. */
export interface Reached extends ReachedAsset {
  readonly version: string | null
  readonly nodes: readonly number[]
}

const order: readonly AssetKind[] = [
  'deployment',
  'consumer',
  'prediction',
  'model',
  'dataset',
  'feature_view',
  'sample',
  'target',
  'source',
]

/**
 * What depends on a column, a relation, a feature or a model, from what the store keeps of the lineage: no code of the
 * project is read. Models tell the coefficients concerned and the share of their score that hangs on it.
 *
 * The share of a feature f in a linear model is E|c_f − E c_f| ÷ Σ_g E|c_g − E c_g| over the training rows, c_f being what
 * the feature adds to the linear predictor. For trees it is the share of the gain, as their library told it.
 *
 * It costs one walk, of the edges reached and not of all that are kept, and three small queries.
 *
 * Errors: `project/unknown-name`, `view/unknown-column`, `time/instant`.
 *
 * @param name `public.flights.delay`, `flights`, `late.delay_7d`, `delay15`, …
 *
 * @example
 * ```ts
 * const { models, assets } = await impact(store, 'public.flights.delay')
 * models[0] // { model: 'delay15', version: 3, aliases: ['production'], share: 0.41, … }
 * ```
 * ```sql
 * SELECT * FROM viewcast.impact('public.flights.delay')
 * ```
 */
export async function impact(store: Store, name: string, options: ImpactOptions = {}): Promise<Impact> {
  const direction = options.direction ?? 'down'
  const at = instantOf(options.at)
  const found = await findNodes(store, name, options.everyProject ? null : store.project, at)
  const reached = await reachedFrom(store, found.nodes, direction, at, options.depth ?? 100)
  const models = await modelsReached(store, reached, found.nodes, direction, at)
  const isOfModel = ({ kind }: Reached): boolean => kind === 'model' || kind === 'prediction'
  const assets = reached
    .filter((r) => r.distance > 0 && !isOfModel(r))
    .map(({ version: _, nodes: __, ...asset }) => asset)
    .sort(
      (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.distance - b.distance || (a.name < b.name ? -1 : 1),
    )
  const dependents = direction === 'down' && found.relation ? await dependentsOf(store.db, found.relation) : []
  return { name, direction, ...(at !== null && { at }), models, assets, dependents }
}

interface Row {
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
  readonly version: string | null
  readonly owners: readonly string[] | string | null
  readonly description: string | null
  readonly consumer: string | null
  readonly url: string | null
  readonly columns: readonly (readonly [number, string, boolean, number])[]
}

async function reachedFrom(
  { db }: Store,
  starts: readonly number[],
  direction: 'down' | 'up',
  at: string | null,
  depth: number,
): Promise<readonly Reached[]> {
  if (starts.length === 0) return []
  // What was declared wins over what was edited, and that over comments.
  const said = (key: string): string =>
    `coalesce(nullif(a.declared -> '${key}', 'null'), nullif(a.edited -> '${key}', 'null'), a.commented -> '${key}')`
  const rows = await db.rows<Row>(
    `SELECT a.kind, a.namespace, a.name, g.version, ${said('owners')} AS owners, ${said('description')} #>> '{}' AS description,
            a.props ->> 'consumer' AS consumer, a.props ->> 'url' AS url, g.columns
     FROM (
       SELECT n.asset_id, n.artifact_id AS version,
              json_agg(json_build_array(n.id, n.name, r.is_direct, r.distance) ORDER BY r.distance, n.name) AS columns
       FROM viewcast.reach($1::integer[], $2, $3::timestamptz, $4) r JOIN viewcast.column_node n ON n.id = r.node
       GROUP BY n.asset_id, n.artifact_id
     ) g JOIN viewcast.asset a ON a.id = g.asset_id`,
    [starts, direction === 'up', at, depth],
  )
  return rows.map((r) => {
    const columns = r.columns.map(([, name, isDirect, distance]) => ({ name, isDirect, distance }))
    const away = columns.filter((c) => c.distance > 0)
    return {
      kind: r.kind,
      namespace: r.namespace,
      name: r.name,
      version: r.version,
      nodes: r.columns.map(([id]) => id),
      columns: away,
      isDirect: away.some((c) => c.isDirect),
      distance: away[0]?.distance ?? 0,
      owners: typeof r.owners === 'string' ? [r.owners] : (r.owners ?? []),
      ...(r.description !== null && { description: r.description }),
      ...(r.consumer !== null && { consumer: r.consumer }),
      ...(r.url !== null && { url: r.url }),
    }
  })
}

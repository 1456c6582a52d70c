/** The edges of an impact, to be drawn. */
import type { LineageEdge, LineageWalk } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import { findNodes } from './find-nodes.ts'
import type { ImpactOptions } from './impact.ts'
import { instantOf } from './instant-of.ts'

interface Row {
  readonly from: string
  readonly to: string
  readonly direct: boolean
  readonly how: readonly string[]
}

/**
 * The edges between what {@link impact} reaches, nearest first, as `follow` gives them of a compiler's graph. Columns of a
 * version of a model have it in their name: `delay15 v3.delay_7d`.
 *
 * Errors: those of {@link impact}.
 *
 * @example
 * ```ts
 * const { edges } = await impactWalk(store, 'public.flights.delay')
 * edges[0] // { from: 'public.flights.delay', to: 'late.delay_7d', direct: true, how: ['aggregation'] }
 * ```
 * ```sql
 * SELECT … FROM viewcast.reach($1, false) r JOIN viewcast.column_edge e ON e.from_node = r.node
 * ```
 */
export async function impactWalk(store: Store, name: string, options: ImpactOptions = {}): Promise<LineageWalk> {
  const at = instantOf(options.at)
  const isUp = options.direction === 'up'
  const { nodes } = await findNodes(store, name, options.everyProject ? null : store.project, at)
  const titles = await store.db.rows<{ title: string }>(
    `SELECT DISTINCT ${titleOf('n', 'a', 'v')} AS title FROM viewcast.column_node n JOIN viewcast.asset a ON a.id = n.asset_id
     LEFT JOIN viewcast.artifact v ON v.id = n.artifact_id WHERE n.id = ANY ($1::integer[]) ORDER BY 1`,
    [nodes],
  )
  const [near, far] = isUp ? ['to_node', 'from_node'] : ['from_node', 'to_node']
  const rows = await store.db.rows<Row>(
    `WITH reached AS MATERIALIZED (SELECT node, distance FROM viewcast.reach($1::integer[], $2, $3::timestamptz, $4))
     SELECT ${titleOf('f', 'fa', 'fv')} AS from, ${titleOf('t', 'ta', 'tv')} AS to, e.is_direct AS direct, to_json(e.how) AS how
     FROM reached r
     JOIN viewcast.column_edge e ON e.${near} = r.node
     JOIN reached o ON o.node = e.${far}
     JOIN viewcast.column_node f ON f.id = e.from_node JOIN viewcast.asset fa ON fa.id = f.asset_id
     LEFT JOIN viewcast.artifact fv ON fv.id = f.artifact_id
     JOIN viewcast.column_node t ON t.id = e.to_node JOIN viewcast.asset ta ON ta.id = t.asset_id
     LEFT JOIN viewcast.artifact tv ON tv.id = t.artifact_id
     WHERE r.distance < $4
       AND CASE WHEN $3::timestamptz IS NULL THEN e.valid_to IS NULL
           ELSE e.valid_from <= $3 AND coalesce(e.valid_to > $3, true) END
       AND (e.artifact_id IS NULL OR e.artifact_id = ANY (ARRAY(SELECT viewcast.versions_in_use($3))))
     ORDER BY r.distance, 1, 2`,
    [nodes, isUp, at, options.depth ?? 100],
  )
  const edges = rows.map(({ from, to, direct, how }): LineageEdge => ({ from, to, direct, how }))
  return { from: titles.map((t) => t.title), edges }
}

const titleOf = (node: string, asset: string, version: string): string =>
  `concat(${asset}.name, ' v' || ${version}.version, '.', ${node}.name)`

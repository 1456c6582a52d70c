/** Reads a query plan of the server: is each LATERAL an index scan? The planner's cost is asked for nothing else. */
import type { ViewPlan } from '@viewcast/compiler'

export interface BranchCheck {
  readonly view: string
  /** Name of the lateral join in the query. */
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** A node of `EXPLAIN (FORMAT JSON)`. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Parent Relationship'?: string
  readonly 'Total Cost'?: number
  readonly 'Plan Rows'?: number
  readonly Plans?: readonly PlanNode[]
}

/**
 * Finds the branch of each LATERAL: a Limit (for declared windows an Aggregate) on the inner side of a join, over a scan of
 * the view's table.
 *
 * @param rowsOf planner's row estimate of a table; a small one may be read whole, an index would not be faster.
 */
export function checkBranches(
  plan: PlanNode,
  views: readonly ViewPlan[],
  rowsOf: (schema: string, relation: string) => number | undefined,
): BranchCheck[] {
  const limits = innerBelow('Limit', plan).map(scansBelow)
  const aggregates = innerBelow('Aggregate', plan).map(scansBelow)
  return views.flatMap((view) => {
    const { served } = view
    if (view.form !== 'lateral' || served === undefined) return []
    const branches = view.kind === 'aggregates' ? aggregates : limits
    const check = (ok: boolean, detail: string): BranchCheck[] => [{ view: view.view, name: view.name, ok, detail }]
    const isServed = (scan: PlanNode) => served.indexes.includes(scan['Index Name'] ?? '')
    const ours = (scans: readonly PlanNode[]) => scans.some((s) => s['Relation Name'] === served.relation)
    // Partitions have names of their own, and so have their indexes.
    const partitioned = (scans: readonly PlanNode[]) => scans.length > 1 && scans.every(isIndexScan)
    const found =
      take(branches, (s) => ours(s) && s.every(isServed)) ?? take(branches, ours) ?? take(branches, partitioned)
    if (found === undefined) return check(false, `no branch of the plan reads ${served.relation} once per question`)
    const scan = found.find((s) => !isIndexScan(s)) ?? found[0]
    const how = `${scan?.['Node Type']}${scan?.['Index Name'] === undefined ? '' : ` on ${scan['Index Name']}`}`
    if (partitioned(found) || found.every(isServed)) return check(true, how)
    const rows = rowsOf(served.schema, served.relation)
    if (rows !== undefined && rows < small) return check(true, `${how}: ${served.relation} has about ${rows} rows only`)
    return check(false, `${how} of ${served.relation} for each question; expected ${served.indexes.join(' or ')}`)
  })
}

/** Rows that are read in less time than it takes to notice. */
const small = 1000

const isIndexScan = (node: PlanNode): boolean =>
  /^Index (Only )?Scan|^Bitmap Heap Scan/.test(node['Node Type']) && node['Index Name'] !== undefined

/** The topmost nodes of a type that run once per row of the other side of a join. */
function innerBelow(type: string, node: PlanNode, inner = false): PlanNode[] {
  if (inner && node['Node Type'] === type) return [node]
  return (node.Plans ?? []).flatMap((below) =>
    innerBelow(type, below, inner || below['Parent Relationship'] === 'Inner'),
  )
}

function scansBelow(node: PlanNode): PlanNode[] {
  // The index is named by the node below, the table by this one. All events of a window are read, in whatever order.
  const [bitmap] = node.Plans ?? []
  if (node['Node Type'] === 'Bitmap Heap Scan' && bitmap?.['Index Name'] !== undefined) {
    return [{ ...node, 'Index Name': bitmap['Index Name'] }]
  }
  const below = (node.Plans ?? []).flatMap(scansBelow)
  return node['Node Type'].includes('Scan') && below.length === 0 ? [node] : below
}

function take<T>(items: T[], wanted: (item: T) => boolean): T | undefined {
  const at = items.findIndex(wanted)
  return at < 0 ? undefined : items.splice(at, 1)[0]
}

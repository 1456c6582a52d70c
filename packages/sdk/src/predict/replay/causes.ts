/** A cause for every difference: from what proves itself to what is left. */
import {
  type BoundDataset,
  type Facts,
  instant,
  quoteIdentifier,
  quoteText,
  type ViewSource,
  viewSources,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { hashKeys, inputDiffers, outputsDiffer, tables } from './compared-values.ts'
import { rowColumn } from './over-log.ts'
import type { ReplayCause } from './replay-report.ts'
import { askAgain, type Replayed } from './steps.ts'

/** What is known of when the rows came that a view is made of. */
export interface Arrival {
  /** Sources with a column that says when their rows became known. */
  readonly dated: readonly ViewSource[]
  /** Whether a row that came late would be known as such. */
  readonly isKnown: boolean
}

/** By feature view. */
export function arrivalsOf(bound: BoundDataset, facts: Facts): ReadonlyMap<string, Arrival> {
  const sources = viewSources(bound, facts)
  return new Map(
    bound.uses.map(({ use: { view } }) => {
      const read = sources.get(view.name) ?? []
      const dated = read.filter((s) => s.declared !== undefined && s.declared !== 'always' && s.cutAt.length > 0)
      // Rows of a view with its own knownAt count only when known before as_of, and a static view has no history to be late in.
      const own = view.kind === 'static' || (view.kind === 'history' && view.knownAt !== undefined)
      const declared = view.kind === 'aggregates' && view.spec.knownAt !== undefined
      return [view.name, { dated, isKnown: own || declared || read.every((s) => s.declared !== undefined) }]
    }),
  )
}

export interface Attribution {
  /** Feature view → its hash now. */
  readonly digests: Readonly<Record<string, string>>
  readonly arrivals: ReadonlyMap<string, Arrival>
  /** Instants of prediction that may be looked at. */
  readonly instants: number
}

export interface Attributed {
  readonly instants: number
  readonly notExamined: number
  readonly changedViews: readonly string[]
}

/** Writes a cause beside every difference that has none. */
export async function attribute(tx: Database, replayed: Replayed, how: Attribution): Promise<Attributed> {
  const { inputs, bound } = replayed
  const viewOf = new Map(bound.uses.flatMap((u) => u.features.map((f) => [f.name, u.use.view.name] as const)))
  const ownViews = [...new Set(inputs.flatMap((i) => viewOf.get(i.name) ?? []))]
  /** Numbers of the columns made of some views; the prediction is made of all. */
  const madeOf = (views: readonly string[]): readonly number[] => [
    ...(views.length === 0 ? [] : [0]),
    ...inputs.filter((i) => views.includes(viewOf.get(i.name) ?? '')).map((i) => i.no),
  ]
  const brought = inputs.filter((i) => !viewOf.has(i.name)).map((i) => i.no)
  await settle(tx, 'skew', `d.no = ANY (ARRAY[${brought.join(', ')}]::int4[])`)
  const changedViews = await changedDefinitions(tx, how.digests, ownViews, madeOf)
  const arrivals = ownViews.flatMap((v) => how.arrivals.get(v) ?? [])
  const datedViews = ownViews.filter((v) => (how.arrivals.get(v)?.dated.length ?? 0) > 0)
  const sources = [...new Map(arrivals.flatMap((a) => a.dated).map((s) => [`${s.schema}.${s.name}`, s])).values()]
  const late = await lateData(tx, replayed, sources, madeOf(datedViews), how.instants)
  if (bound.hasAsOf) await otherInstant(tx, replayed)
  const known = ownViews.filter((v) => how.arrivals.get(v)?.isKnown)
  const settled = known.length === ownViews.length ? madeOf(known) : madeOf(known).filter((no) => no !== 0)
  await settle(tx, 'changed source', `d.no = ANY (ARRAY[${settled.join(', ')}]::int4[]) AND NOT ${late.left}`)
  await settle(tx, 'unknown arrival', 'true')
  return { instants: late.instants, notExamined: late.notExamined, changedViews }
}

const settle = async (tx: Database, cause: ReplayCause, condition: string): Promise<void> => {
  await tx.query(
    `UPDATE ${tables.difference} AS d SET cause = ${quoteText(cause)} WHERE d.cause IS NULL AND ${condition}`,
  )
}

/** A batch that tells no hash of a view is of a caller who gave none: nothing is said of it. */
async function changedDefinitions(
  tx: Database,
  digests: Readonly<Record<string, string>>,
  views: readonly string[],
  madeOf: (views: readonly string[]) => readonly number[],
): Promise<readonly string[]> {
  const batches = await tx.rows<{ id: string; views: Readonly<Record<string, string>> }>(
    `SELECT b.id, b.views FROM viewcast.prediction_batch b WHERE b.id IN (SELECT batch_id FROM ${tables.logged}) ORDER BY b.id`,
  )
  const found = new Set<string>()
  for (const batch of batches) {
    const changed = views.filter((v) => batch.views[v] !== undefined && batch.views[v] !== digests[v])
    if (changed.length === 0) continue
    for (const view of changed) found.add(view)
    const rows = `d.${rowColumn} IN (SELECT ${rowColumn} FROM ${tables.logged} WHERE batch_id = ${quoteText(batch.id)}::uuid)`
    await settle(tx, 'changed definition', `d.no = ANY (ARRAY[${madeOf(changed).join(', ')}]::int4[]) AND ${rows}`)
  }
  return [...found]
}

/** Asks again without the rows that became known after the prediction, one instant of prediction after the other. */
async function lateData(
  tx: Database,
  replayed: Replayed,
  sources: readonly ViewSource[],
  columns: readonly number[],
  most: number,
): Promise<{ readonly instants: number; readonly notExamined: number; readonly left: string }> {
  if (sources.length === 0) return { instants: 0, notExamined: 0, left: 'false' }
  const open = `d.cause IS NULL AND d.no = ANY (ARRAY[${columns.join(', ')}]::int4[])`
  const groups = await tx.rows<{ at: string; n: number }>(
    `SELECT l.predicted_at AS at, count(DISTINCT d.${rowColumn})::int4 AS n
     FROM ${tables.difference} d JOIN ${tables.logged} l USING (${rowColumn}) WHERE ${open} GROUP BY 1 ORDER BY 2 DESC, 1`,
  )
  const examined = groups.slice(0, Math.max(0, most))
  for (const { at } of examined) {
    const cutAt = instant(at) ?? at
    const rows = `SELECT l.${rowColumn} FROM ${tables.logged} l WHERE l.predicted_at = ${quoteText(at)}::timestamptz
       AND EXISTS (SELECT FROM ${tables.difference} d WHERE d.${rowColumn} = l.${rowColumn} AND ${open})`
    await tx.execute(
      `CREATE TEMPORARY TABLE ${tables.some} ON COMMIT DROP AS SELECT * FROM pg_temp.${tables.asked} WHERE ${rowColumn} IN (${rows})`,
    )
    await explainedBy(tx, replayed, 'late data', columns, { cut: { at: cutAt, sources } })
  }
  const notExamined = groups.slice(examined.length).reduce((sum, g) => sum + g.n, 0)
  const instants = examined.map((g) => `${quoteText(g.at)}::timestamptz`)
  const left =
    notExamined === 0
      ? 'false'
      : `d.${rowColumn} IN (SELECT ${rowColumn} FROM ${tables.logged} WHERE predicted_at <> ALL (ARRAY[${instants.join(', ')}]::timestamptz[]))`
  return { instants: examined.length, notExamined, left }
}

/** A server that takes another instant than the one it writes down takes the moment. */
async function otherInstant(tx: Database, replayed: Replayed): Promise<void> {
  const columns = [replayed.asked.keys, replayed.asked.questions].flat().map((c) => `a.${quoteIdentifier(c.name)}`)
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.some} ON COMMIT DROP AS
     SELECT ${[`a.${rowColumn}`, ...columns, 'l.predicted_at AS as_of'].join(', ')}
     FROM pg_temp.${tables.asked} AS a JOIN ${tables.logged} AS l USING (${rowColumn})
     WHERE l.predicted_at <> l.as_of AND EXISTS (SELECT FROM ${tables.difference} d WHERE d.${rowColumn} = a.${rowColumn} AND d.cause IS NULL)`,
  )
  await explainedBy(tx, replayed, 'skew', [0, ...replayed.inputs.map((i) => i.no)], { isWholeRow: true })
}

interface Asked {
  readonly cut?: { readonly at: string; readonly sources: readonly ViewSource[] }
  /** Only where everything that was kept of the row is as it was logged: a single small number may be so by chance. */
  readonly isWholeRow?: boolean
}

/** Asks the questions of the table `some` again, and settles the differences that are none then. */
async function explainedBy(
  tx: Database,
  replayed: Replayed,
  cause: ReplayCause,
  columns: readonly number[],
  { cut, isWholeRow }: Asked,
): Promise<void> {
  await tx.execute(`ANALYZE pg_temp.${tables.some}`)
  await askAgain(tx, replayed, tables.some, tables.again, cut)
  const { inputs, record, keys, query } = replayed
  const each = inputs
    .filter((i) => columns.includes(i.no))
    .map((i) => `WHEN d.no = ${i.no} THEN ${inputDiffers(i, true)}`)
  const differs = `CASE ${each.join(' ')} WHEN d.no = 0 THEN (${outputsDiffer(record, 'n')}) END`
  const others = isWholeRow ? inputs.map((i) => ` AND (${inputDiffers(i, true)}) IS NOT TRUE`).join('') : ''
  await tx.query(
    `UPDATE ${tables.difference} AS d SET cause = ${quoteText(cause)}
     FROM ${tables.logged} AS l, ${tables.said} AS s, ${tables.again} AS n, ${hashKeys}
     WHERE d.cause IS NULL AND l.${rowColumn} = d.${rowColumn} AND s.${rowColumn} = d.${rowColumn}
       AND n.${rowColumn} = d.${rowColumn} AND (${differs}) IS FALSE${others}`,
    keys,
    query,
  )
  await tx.execute(`DROP TABLE pg_temp.${tables.some}, ${tables.again}`)
}

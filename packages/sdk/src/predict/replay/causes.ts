/** A cause for every difference: from what proves itself to what is left. */
import {
  type BoundDataset,
  type Facts,
  quoteIdentifier,
  quoteText,
  type ViewSource,
  viewSources,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { hashKeys, inputDiffers, outputsDiffer, tables } from './compared-values.ts'
import { lateData } from './late-data.ts'
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
  /** Instants of prediction that may be looked at by a statement each. */
  readonly instants: number
}

export interface Attributed {
  readonly instants: number
  readonly notExamined: number
  readonly createIndexes: readonly string[]
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
  const columns = madeOf(datedViews)
  const late = await lateData(tx, replayed, {
    sources,
    views: new Set(datedViews),
    open: `d.cause IS NULL AND d.no = ANY (ARRAY[${columns.join(', ')}]::int4[])`,
    most: how.instants,
    settle: () => explainedBy(tx, replayed, 'late data', columns),
  })
  if (bound.hasAsOf) await otherInstant(tx, replayed)
  const known = ownViews.filter((v) => how.arrivals.get(v)?.isKnown)
  const settled = known.length === ownViews.length ? madeOf(known) : madeOf(known).filter((no) => no !== 0)
  await settle(tx, 'changed source', `d.no = ANY (ARRAY[${settled.join(', ')}]::int4[]) AND NOT ${late.left}`)
  await settle(tx, 'unknown arrival', 'true')
  const { instants, notExamined, createIndexes } = late
  return { instants, notExamined, createIndexes, changedViews }
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

/** A server that takes another instant than the one it writes down takes the moment. */
async function otherInstant(tx: Database, replayed: Replayed): Promise<void> {
  const columns = [replayed.asked.keys, replayed.asked.questions].flat().map((c) => `a.${quoteIdentifier(c.name)}`)
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.some} ON COMMIT DROP AS
     SELECT ${[`a.${rowColumn}`, ...columns, 'l.predicted_at AS as_of'].join(', ')}
     FROM pg_temp.${tables.asked} AS a JOIN ${tables.logged} AS l USING (${rowColumn})
     WHERE l.predicted_at <> l.as_of AND EXISTS (SELECT FROM ${tables.difference} d WHERE d.${rowColumn} = a.${rowColumn} AND d.cause IS NULL)`,
  )
  await tx.execute(`ANALYZE pg_temp.${tables.some}`)
  await askAgain(tx, replayed, tables.some, tables.again)
  await explainedBy(tx, replayed, 'skew', [0, ...replayed.inputs.map((i) => i.no)], true)
  await tx.execute(`DROP TABLE pg_temp.${tables.some}, ${tables.again}`)
}

/** Settles the differences that are none by the values of the table `again`. */
async function explainedBy(
  tx: Database,
  { inputs, record, keys, query }: Replayed,
  cause: ReplayCause,
  columns: readonly number[],
  // Only where everything that was kept of the row is as it was logged: a single small number may be so by chance.
  isWholeRow = false,
): Promise<void> {
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
}

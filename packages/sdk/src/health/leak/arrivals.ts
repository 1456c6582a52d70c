/** How late rows arrive where a view declares `knownAt`: what training would wrongly see without it. */
import { type BoundDataset, type FeatureView, quoteIdentifier, quoteName, type ViewQuery } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'

export interface Arrivals {
  readonly view: string
  readonly time: string
  readonly knownAt: string
  readonly rows: number
  /** Rows known after their own time. */
  readonly late: number
  /** Seconds between the two, of the late rows. */
  readonly medianSeconds: number
  readonly p99Seconds: number
}

interface Times {
  readonly query: ViewQuery
  readonly time: string
  readonly knownAt: string
}

/** One entry per view of the dataset that declares `knownAt`. */
export async function arrivals(db: Database, bound: BoundDataset): Promise<Arrivals[]> {
  const views = new Set(bound.uses.map((u) => u.use.view))
  const out: Arrivals[] = []
  for (const view of views) {
    const times = timesOf(view)
    if (times) out.push({ view: view.name, time: times.time, knownAt: times.knownAt, ...(await measured(db, times)) })
  }
  return out
}

function timesOf(view: FeatureView): Times | undefined {
  if (view.kind === 'history' && view.knownAt !== undefined)
    return { query: view.query, time: view.time, knownAt: view.knownAt }
  if (view.kind === 'aggregates' && view.spec.knownAt !== undefined && view.spec.knownAt !== view.spec.time)
    return { query: view.spec.source, time: view.spec.time, knownAt: view.spec.knownAt }
  return undefined
}

async function measured(
  db: Database,
  { query, time, knownAt }: Times,
): Promise<Pick<Arrivals, 'rows' | 'late' | 'medianSeconds' | 'p99Seconds'>> {
  const from = query.kind === 'relation' ? quoteName(query.relation) : query.kind === 'sql' ? `(\n${query.text}\n)` : ''
  const lag = `extract(epoch FROM e.${quoteIdentifier(knownAt)} - e.${quoteIdentifier(time)})`
  const [r] = await db.rows<{ n: string; late: string; median: number | null; p99: number | null }>(
    `SELECT count(*) AS n, count(*) FILTER (WHERE ${lag} > 0) AS late, ` +
      `percentile_cont(0.5) WITHIN GROUP (ORDER BY ${lag}) FILTER (WHERE ${lag} > 0) AS median, ` +
      `percentile_cont(0.99) WITHIN GROUP (ORDER BY ${lag}) FILTER (WHERE ${lag} > 0) AS p99 FROM ${from} AS e`,
  )
  return {
    rows: Number(r?.n ?? 0),
    late: Number(r?.late ?? 0),
    medianSeconds: r?.median ?? 0,
    p99Seconds: r?.p99 ?? 0,
  }
}

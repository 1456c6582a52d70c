/** Which values of a dataset move when its sources are cut at an instant, and which source columns make them move. */
import {
  type BoundDataset,
  trainingQuery as compileTrainingQuery,
  type Facts,
  instantOfDate,
  type LeakProbe,
  type Literal,
  leakProbe,
  type SourceInstants,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { namingFailedView } from '../project/failed-view.ts'
import { probedParts, runningTraining } from '../project/running-query.ts'

export interface ProbeOptions {
  /** Instants of the sample that are probed, spread over it. Default 5. */
  readonly instants?: number
  /** Sample rows at each of them. Default 50. */
  readonly rows?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, of: number) => void
}

/** A value that moved. */
export interface Moved {
  /** Feature or label. */
  readonly value: string
  /** Probed rows in which it moved. */
  readonly rows: number
  /** Source columns whose instants, cut alone, make it move; empty when only several together do. */
  readonly because: readonly { readonly relation: string; readonly column: string }[]
}

export interface Probed {
  readonly rows: number
  readonly instants: number
  readonly moved: readonly Moved[]
  /** What the sources were judged by. */
  readonly sources: readonly SourceInstants[]
}

/**
 * Asks every value twice for some rows of the sample, the second time over sources cut at each row's instant.
 *
 * @param what `features`, cut at `as_of`; or `labels`, cut `after` seconds later.
 */
export async function movedValues(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  what: 'features' | 'labels',
  after: number,
  options: ProbeOptions = {},
): Promise<Probed> {
  const moved = new Map<string, { rows: number; because: Map<string, { relation: string; column: string }> }>()
  let rows = 0
  let sources: readonly SourceInstants[] = []
  let own: ReadonlySet<string> = new Set()
  const chosen = await chosenQuestions(db, bound, facts, options)
  for (const [i, { at, questions }] of chosen.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.(i, chosen.length)
    const probe = leakProbe(bound, facts, questions, at, what)
    const cutAt = later(at, after)
    // A view may fail over cut sources only: an average over what is not there yet.
    const parts = () => probedParts(bound, facts, what, (some) => leakProbe(some, facts, questions, at, what), cutAt)
    const running = { ...runningTraining(bound, facts, options.signal), parts }
    const asked = (sql: string) => namingFailedView(db, running, () => db.query(sql))
    const whole = await asked(probe.whole)
    const difference = async (cuts: readonly SourceInstants[]) =>
      movedColumns(whole, await asked(probe.cut(cuts, cutAt)), probe.keys)
    sources = probe.sources
    own = probe.ownSources
    rows += questions.length
    const found = await difference(probe.sources)
    const fresh = [...found.keys()].filter((value) => !moved.has(value))
    for (const [value, count] of found) {
      const known = moved.get(value) ?? { rows: 0, because: new Map() }
      known.rows += count
      moved.set(value, known)
    }
    if (fresh.length === 0) continue
    for (const single of singleCuts(probe)) {
      options.signal?.throwIfAborted()
      const alone = await difference([single])
      const because = { relation: `${single.schema}.${single.name}`, column: single.cutAt[0]?.name ?? '' }
      for (const value of fresh)
        if (alone.has(value)) moved.get(value)?.because.set(`${because.relation}.${because.column}`, because)
    }
  }
  const all = [...moved].map(([value, m]): Moved => ({ value, rows: m.rows, because: [...m.because.values()] }))
  return {
    rows,
    instants: chosen.length,
    moved: all.filter((m) => !isOwnRow(bound, m.value, m.because, own)),
    sources,
  }
}

/**
 * A static view over what the sample is made of reads the question's own row: a flight asked about before it leaves has its
 * landing in the same row. Taking the row away says nothing about its other columns.
 */
function isOwnRow(bound: BoundDataset, value: string, because: Moved['because'], own: ReadonlySet<string>): boolean {
  const use = bound.uses.find((u) => u.features.some((f) => f.name === value))
  return use?.use.view.kind === 'static' && because.length > 0 && because.every((b) => own.has(b.relation))
}

/** One column of one source at a time. */
const singleCuts = (probe: LeakProbe): SourceInstants[] =>
  probe.sources.flatMap((s) => s.cutAt.map((column) => ({ ...s, cutAt: [column] })))

interface Questions {
  readonly at: string
  readonly questions: readonly Readonly<Record<string, Literal>>[]
}

async function chosenQuestions(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  options: ProbeOptions,
): Promise<Questions[]> {
  const sample = sampleSql(bound, facts)
  const chosen = await db.rows<{ as_of: string }>(
    `WITH s AS (SELECT DISTINCT as_of FROM (\n${sample}\n) AS q WHERE as_of IS NOT NULL), ` +
      `n AS (SELECT as_of, ntile(${options.instants ?? 5}) OVER (ORDER BY as_of) AS part FROM s) ` +
      `SELECT max(as_of) AS as_of FROM n GROUP BY part ORDER BY 1`,
  )
  const out: Questions[] = []
  for (const { as_of: at } of chosen) {
    const questions = await db.rows<Record<string, Literal>>(
      // Each row is asked at this instant, its own or not: where every row has an instant of its own, the nearest serve.
      `SELECT * FROM (\n${sample}\n) AS q WHERE as_of IS NOT NULL ` +
        `ORDER BY abs(extract(epoch FROM as_of - '${at}'::timestamptz)) LIMIT ${options.rows ?? 50}`,
    )
    out.push({ at, questions })
  }
  return out
}

/** The sample as a query: the training query of the dataset without features and target. */
function sampleSql(bound: BoundDataset, facts: Facts): string {
  const { target: _, ...rest } = bound.dataset
  return compileTrainingQuery({ ...rest, features: [] }, facts).sql
}

function later(at: string, seconds: number): string {
  if (seconds === 0) return at
  const start = Date.parse(at.replace(' ', 'T').replace(/\+00$/, 'Z'))
  return instantOfDate(new Date(start + seconds * 1000)) ?? at
}

interface Result {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly Value[])[]
}

/** Columns that differ, with the number of rows in which they do. */
function movedColumns(whole: Result, cut: Result, keys: number): Map<string, number> {
  const out = new Map<string, number>()
  for (const [i, { name }] of whole.columns.slice(keys).entries()) {
    const count = whole.rows.filter((row, n) => !same(row[keys + i], cut.rows[n]?.[keys + i])).length
    if (count > 0) out.set(name, count)
  }
  return out
}

/** Sums of floats may differ in the last digits with the plan; anything more is a move. */
function same(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a === 'object' || typeof b === 'object')
    return a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b)
  const [x, y] = [Number(a), Number(b)]
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y) && String(a) === String(b)
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))
}

/**
 * Asks again without the rows that became known after the prediction. A cut is at an instant, and predictions of a server have
 * one each: where an index finds the rows of a question, one statement asks each of them with its own cut; where none does, a
 * statement reads everything for each instant, and their number is bounded.
 */
import {
  type BoundUse,
  type CutInstant,
  type Form,
  instant,
  quoteIdentifier,
  quoteText,
  scoredQuery,
  trainingQuery,
  type ViewSource,
} from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { tables } from './compared-values.ts'
import { type OverLogOptions, overLog, rowColumn } from './over-log.ts'
import type { Replayed } from './steps.ts'

export interface LateAsked {
  /** Those that a column says when rows became known. */
  readonly sources: readonly ViewSource[]
  /** Feature views made of them: the others give what they give now. */
  readonly views: ReadonlySet<string>
  /** Which differences may be explained, over `d`. */
  readonly open: string
  /** Instants of prediction at most, where each reads everything. */
  readonly most: number
  /** Settles the differences that are none in the table `again`. */
  readonly settle: () => Promise<void>
}

export interface LateFound {
  /** Statements that read everything. */
  readonly instants: number
  /** Rows with differences that were not asked about. */
  readonly notExamined: number
  /** A condition over `d`: those. */
  readonly left: string
  /** Statements that make the indexes by which all could be. */
  readonly createIndexes: readonly string[]
}

const nothing: LateFound = { instants: 0, notExamined: 0, left: 'false', createIndexes: [] }

export async function lateData(tx: Database, replayed: Replayed, asked: LateAsked): Promise<LateFound> {
  const { open, most, sources } = asked
  if (sources.length === 0) return nothing
  const groups = await tx.rows<{ at: string; n: number }>(
    `SELECT l.predicted_at AS at, count(DISTINCT d.${rowColumn})::int4 AS n
     FROM ${tables.difference} d JOIN ${tables.logged} l USING (${rowColumn}) WHERE ${open} GROUP BY 1 ORDER BY 2 DESC, 1`,
  )
  if (groups.length === 0) return nothing
  const { forms, createIndexes } = formsOfOne(replayed, asked)
  // Few instants with many questions each are read faster by what reads everything.
  const isDense = groups.reduce((sum, g) => sum + g.n, 0) > denseFrom * groups.length && groups.length <= most
  if (forms && most > 0 && !isDense) {
    await byQuestion(tx, replayed, asked, forms)
    return nothing
  }
  const examined = groups.slice(0, Math.max(0, most))
  for (const { at } of examined) {
    const own = `l.predicted_at = ${quoteText(at)}::timestamptz`
    await take(tx, replayed, open, own)
    await askCut(tx, replayed, asked, cutQuery(replayed, asked, { at: instant(at) ?? at }))
  }
  const notExamined = groups.slice(examined.length).reduce((sum, g) => sum + g.n, 0)
  const instants = examined.map((g) => `${quoteText(g.at)}::timestamptz`)
  const left =
    notExamined === 0
      ? 'false'
      : `d.${rowColumn} IN (SELECT ${rowColumn} FROM ${tables.logged} WHERE predicted_at <> ALL (ARRAY[${instants.join(', ')}]::timestamptz[]))`
  return { instants: forms ? 0 : examined.length, notExamined, left, createIndexes }
}

const denseFrom = 100

/** How a question by itself is asked without reading everything; undefined where it cannot be. */
function formsOfOne(
  replayed: Replayed,
  asked: LateAsked,
): { readonly forms: Readonly<Record<string, Form>> | undefined; readonly createIndexes: readonly string[] } {
  const over = overLog(datasetOf(replayed, asked), replayed.facts, replayed.asked, tables.some)
  const { views } = trainingQuery(over.dataset, over.facts).plan
  const all = new Set(views.flatMap((v) => v.createIndex ?? []))
  const isServed = views.every((v) => v.possible.includes('lateral'))
  return {
    forms: isServed ? Object.fromEntries(views.map((v) => [v.view, 'lateral' as const])) : undefined,
    // One with more columns in it serves what the same without them does.
    createIndexes: isServed ? [] : [...all].filter((one) => ![...all].some((more) => more.startsWith(`${one} `))),
  }
}

const cutColumn = 'known_at'
const cutAlias = '_viewcast_cut'

async function byQuestion(
  tx: Database,
  replayed: Replayed,
  asked: LateAsked,
  forms: Readonly<Record<string, Form>>,
): Promise<void> {
  await take(tx, replayed, asked.open, 'true')
  await tx.execute(`CREATE INDEX ON pg_temp.${tables.some} (${rowColumn})`)
  const row = quoteIdentifier(rowColumn)
  const query = cutQuery(replayed, asked, {
    at: { alias: cutAlias, column: cutColumn },
    forms,
    where: `${row} = ${cutAlias}.${row}`,
  })
  const each = `SELECT a.${row}, l.predicted_at AS ${cutColumn}
    FROM pg_temp.${tables.some} AS a JOIN ${tables.logged} AS l USING (${rowColumn})`
  await askCut(tx, replayed, asked, `SELECT e.* FROM (${each}) AS ${cutAlias} CROSS JOIN LATERAL (\n${query}\n) AS e`)
}

async function take(tx: Database, { query }: Replayed, open: string, which: string): Promise<void> {
  const rows = `SELECT l.${rowColumn} FROM ${tables.logged} l WHERE ${which}
     AND EXISTS (SELECT FROM ${tables.difference} d WHERE d.${rowColumn} = l.${rowColumn} AND ${open})`
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.some} ON COMMIT DROP AS SELECT * FROM pg_temp.${tables.asked} WHERE ${rowColumn} IN (${rows})`,
    [],
    query,
  )
  await tx.execute(`ANALYZE pg_temp.${tables.some}`)
}

/** What is not made of the sources is as it is now: one snapshot, and no row of it is cut away. */
async function askCut(tx: Database, replayed: Replayed, asked: LateAsked, query: string): Promise<void> {
  const { record, inputs } = replayed
  const cut = new Set(usesOf(replayed, asked).flatMap((u) => u.features.map((f) => f.name)))
  const values = inputs.map(({ name }) => `${cut.has(name) ? 'c' : 'n'}.${quoteIdentifier(name)}`)
  const rows = `SELECT ${[`n.${rowColumn}`, ...values].join(', ')} FROM (\n${query}\n) AS c
    JOIN ${tables.now} AS n ON n.${rowColumn} = c.${rowColumn}`
  const carried = [rowColumn, ...inputs.map((i) => i.name)]
  await tx.query(
    `CREATE TEMPORARY TABLE ${tables.again} ON COMMIT DROP AS\n${scoredQuery(record, rows, carried)}`,
    [],
    replayed.query,
  )
  await asked.settle()
  await tx.execute(`DROP TABLE pg_temp.${tables.some}, ${tables.again}`)
}

function cutQuery(
  replayed: Replayed,
  asked: LateAsked,
  {
    at,
    forms,
    ...which
  }: { readonly at: CutInstant; readonly forms?: Readonly<Record<string, Form>> } & OverLogOptions,
): string {
  const over = overLog(datasetOf(replayed, asked), replayed.facts, replayed.asked, tables.some, which)
  return trainingQuery(over.dataset, over.facts, {
    cut: { at, sources: asked.sources },
    ...(forms ? { forms } : {}),
  }).sql
}

const usesOf = ({ bound }: Replayed, { views }: LateAsked): readonly BoundUse[] =>
  bound.uses.filter((u) => views.has(u.use.view.name))

const datasetOf = (replayed: Replayed, asked: LateAsked) => ({
  ...replayed.model.dataset,
  features: usesOf(replayed, asked).map((u) => u.use),
})

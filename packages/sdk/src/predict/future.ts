/** Does any feature look into the future? Sources cut at the instant must give the same features. */
import {
  type BoundDataset,
  trainingQuery as compileTrainingQuery,
  type Facts,
  futureProbe,
  type Literal,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import type { VerifyCheck } from './verify.ts'

const instants = 5
const rowsPerInstant = 50

/** Probes a few instants spread over the sample. Columns whose values move are named. */
export async function futureCheck(db: Database, bound: BoundDataset, facts: Facts): Promise<VerifyCheck> {
  const name = 'no-future'
  if (!bound.hasAsOf) return { name, ok: true, detail: 'the sample has no as_of: no view depends on an instant' }
  const sample = sampleSql(bound, facts)
  const chosen = await db.rows<{ as_of: string }>(
    `WITH s AS (SELECT DISTINCT as_of FROM (\n${sample}\n) AS q WHERE as_of IS NOT NULL), ` +
      `n AS (SELECT as_of, ntile(${instants}) OVER (ORDER BY as_of) AS part FROM s) ` +
      `SELECT max(as_of) AS as_of FROM n GROUP BY part ORDER BY 1`,
  )
  const moved = new Set<string>()
  let rows = 0
  for (const { as_of } of chosen) {
    const questions = await db.rows<Record<string, Literal>>(
      `SELECT * FROM (\n${sample}\n) AS q WHERE as_of = '${as_of}'::timestamptz LIMIT ${rowsPerInstant}`,
    )
    rows += questions.length
    const probe = futureProbe(bound, facts, questions, as_of)
    const whole = await db.query(probe.whole)
    const cut = await db.query(probe.cut)
    for (const column of movedColumns(whole, cut, probe.keys)) moved.add(column)
  }
  const detail =
    moved.size === 0
      ? `${rows} rows at ${chosen.length} instants: cutting the sources at as_of moves nothing`
      : `cutting the sources at as_of moves ${[...moved].sort().join(', ')}`
  return { name, ok: moved.size === 0 && rows > 0, detail }
}

/** The sample as a query: the training query of the dataset without features and target. */
function sampleSql(bound: BoundDataset, facts: Facts): string {
  const { target: _, ...rest } = bound.dataset
  return compileTrainingQuery({ ...rest, features: [] }, facts).sql
}

interface Result {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly Value[])[]
}

function movedColumns(whole: Result, cut: Result, keys: number): string[] {
  return whole.columns
    .slice(keys)
    .map((c) => c.name)
    .filter((_, i) => whole.rows.some((row, n) => !same(row[keys + i], cut.rows[n]?.[keys + i])))
}

/** Sums of floats may differ in the last digits with the plan; anything more is a move. */
function same(a: Value, b: Value): boolean {
  if (a === b) return true
  const [x, y] = [Number(a), Number(b)]
  if (a === null || b === null || Number.isNaN(x) || Number.isNaN(y)) return false
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))
}

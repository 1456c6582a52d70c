/** Proof that a model means the same in the interpreter and on the engine at hand. */
import {
  ArithmeticError,
  type BoundDataset,
  bindDataset,
  predictionQuery as compilePredictionQuery,
  trainingQuery as compileTrainingQuery,
  type Facts,
  type Literal,
  type ModelDef,
  type ModelRecord,
  outputs,
  rowScorer,
  type ScoredRow,
  scoreColumns,
  verificationQuery,
  withOutputs,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { namingFailedView } from '../project/failed-view.ts'
import { prepareModel } from '../project/prepare-model.ts'
import { runningVerification } from '../project/running-query.ts'
import { agreementOn } from './agreement.ts'
import { movedValues } from './moved-values.ts'
import { type PredictOptions, predictionOptions } from './queries.ts'

export interface VerifyCheck {
  readonly name: 'parity' | 'rows' | 'no-future' | 'verification'
  readonly ok: boolean
  readonly detail: string
}

export interface VerifyReport {
  readonly ok: boolean
  readonly checks: readonly VerifyCheck[]
  readonly parity: Parity
}

export interface Parity {
  readonly rows: number
  /** Largest distance between interpreter and database over linear predictor and output; see `agreement.ts`. */
  readonly maxUlp: number
  /** Rows that differ by more than the mathematics libraries do: not at all in arithmetic, 4 ulp in exp and ln. */
  readonly mismatched: number
}

/**
 * Verifies a trained model on an engine:
 *
 * - `parity`: every prediction recomputed by the reference interpreter from the features the database returned;
 * - `rows`: the training query returns exactly the sample's rows;
 * - `no-future`: cutting every event source at `as_of` changes no feature of a sampled training row;
 * - `verification`: the record's verification rows, scored by the engine, give the recorded outputs.
 *
 * @param options `at` and `keys` choose what is predicted for (default: the sample's own rows); `limit` bounds the rows of
 * the parity check (default 10,000).
 *
 * Errors: what compiling the model finds; `view/failed`; `engine/interrupted`.
 */
export async function verifyModel(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  options: PredictOptions & { readonly signal?: AbortSignal } = {},
): Promise<VerifyReport> {
  const prepared = await prepareModel(db, model, options.directory)
  const running = runningVerification(prepared, record, predictionOptions(options).spine, options.signal)
  return namingFailedView(db, running, () => verified(db, prepared, record, options))
}

async function verified(
  db: Database,
  prepared: { readonly model: ModelDef; readonly facts: Facts },
  trained: ModelRecord,
  options: PredictOptions & { readonly signal?: AbortSignal },
): Promise<VerifyReport> {
  const record = withOutputs(trained, options.outputs)
  const bound = bindDataset(prepared.model.dataset, prepared.facts).value
  const parity = await checkParity(db, prepared.model, record, prepared.facts, options)
  const checks: VerifyCheck[] = [
    {
      name: 'parity',
      ok: parity.mismatched === 0 && parity.rows > 0,
      detail: `${parity.rows} rows, largest difference ${parity.maxUlp} ulp, ${parity.mismatched} mismatched`,
    },
    await checkRows(db, bound, prepared.facts),
    await checkFuture(db, bound, prepared.facts, options.signal),
    await checkVerificationRows(db, record),
  ]
  return { ok: checks.every((c) => c.ok), checks, parity }
}

async function checkParity(
  db: Database,
  model: ModelDef,
  record: ModelRecord,
  facts: Facts,
  options: PredictOptions & { readonly signal?: AbortSignal },
): Promise<Parity> {
  const query = compilePredictionQuery(model, record, facts, {
    ...predictionOptions({
      ...options,
      spine: options.at !== undefined || options.keys ? 'entities' : (options.spine ?? 'sample'),
    }),
    withFeatures: true,
    limit: options.limit ?? 10_000,
  })
  const index = new Map(query.columns.map((c, i) => [c.name, i]))
  const scorer = rowScorer(record)
  const scores = scoreColumns(record)
  const names = outputs(record).map((o) => o.name)
  const agree = agreementOn(record)
  const features = record.inputs.map((i) => i.feature)
  let rows = 0
  let maxUlp = 0
  let mismatched = 0
  for await (const batch of db.stream(query.sql, options.signal ? { signal: options.signal } : {})) {
    for (const row of batch) {
      rows++
      const at = (name: string): Literal => (row[index.get(name) ?? -1] ?? null) as Literal
      const inputs = Object.fromEntries(features.map((f) => [f, at(f)]))
      const theirs = {
        scores: scores.map((name) => at(name) as number | null),
        outputs: Object.fromEntries(names.map((name) => [name, at(name)])),
      }
      const { ok, ulp } = agree(inputs, attempt(() => scorer.score(inputs)) ?? nothing, theirs)
      maxUlp = Math.max(maxUlp, ulp)
      if (!ok) mismatched++
    }
  }
  return { rows, maxUlp, mismatched }
}

const nothing: ScoredRow = { scores: [], outputs: {} }

/** Where the interpreter raises, the database would have failed the query: a row that came back is then a mismatch. */
function attempt<T>(f: () => T): T | null {
  try {
    return f()
  } catch (e) {
    if (e instanceof ArithmeticError) return null
    throw e
  }
}

async function checkFuture(
  db: Database,
  bound: BoundDataset,
  facts: Facts,
  signal: AbortSignal | undefined,
): Promise<VerifyCheck> {
  const name = 'no-future'
  if (!bound.hasAsOf) return { name, ok: true, detail: 'the sample has no as_of: no view depends on an instant' }
  const { rows, instants, moved } = await movedValues(db, bound, facts, 'features', 0, signal ? { signal } : {})
  const names = moved.map((m) => m.value).sort()
  const detail =
    names.length === 0
      ? `${rows} rows at ${instants} instants: cutting the sources at as_of moves nothing`
      : `cutting the sources at as_of moves ${names.join(', ')}; see viewcast leak ${bound.dataset.name}`
  return { name, ok: names.length === 0 && rows > 0, detail }
}

async function checkRows(db: Database, bound: BoundDataset, facts: Facts): Promise<VerifyCheck> {
  const { target: _, ...rest } = bound.dataset
  const count = async (sql: string): Promise<string> =>
    (await db.rows<{ n: string }>(`SELECT count(*) AS n FROM (\n${sql}\n) AS q`))[0]?.n ?? '?'
  const before = await count(compileTrainingQuery({ ...rest, features: [] }, facts).sql)
  const after = await count(compileTrainingQuery(bound.dataset, facts).sql)
  return { name: 'rows', ok: before === after, detail: `${before} sample rows, ${after} training rows` }
}

/** Scores the verification rows as a VALUES list: the model alone, no view needed. */
export async function checkVerificationRows(db: Database, record: ModelRecord): Promise<VerifyCheck> {
  const { sql, scores, expected } = verificationQuery(record)
  const agree = agreementOn(record)
  let wrong = 0
  const { rows, columns } = await db.query(sql)
  const outputs = columns.map((c) => c.name).slice(1 + scores.length)
  rows.forEach((row: readonly Value[], i: number) => {
    const theirs = {
      scores: row.slice(1, 1 + scores.length) as (number | null)[],
      outputs: Object.fromEntries(outputs.map((name, k) => [name, row[1 + scores.length + k] as Literal])),
    }
    if (!agree(record.verification[i]?.inputs ?? {}, expected[i] ?? nothing, theirs).ok) wrong++
  })
  const ok = wrong === 0 && rows.length === expected.length && rows.length > 0
  return { name: 'verification', ok, detail: `${rows.length} verification rows, ${wrong} disagree` }
}

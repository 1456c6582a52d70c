/** Adds predictions to the log: from a query, without a row leaving the database, or rows that a server answered with. */
import { printType, questionName, quoteIdentifier, quoteText } from '@viewcast/compiler'
import { atomically, type Store } from '../store.ts'
import type { LoggedColumn, LogShape } from './log-shape.ts'
import type { PredictionLog } from './open-log.ts'

/** A prediction that was made, as JavaScript has it. Values are those a `Database` returns. */
export interface PredictedRow {
  readonly key: Readonly<Record<string, unknown>>
  /** ISO instant of the question. */
  readonly asOf: string | Date
  readonly question?: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
  /** Those that are not kept are left out here, whatever is given. */
  readonly inputs?: Readonly<Record<string, unknown>>
  /** Tells this prediction from another of the same question; a retry gives the same. */
  readonly requestId?: string
  /** ISO instant when the database was asked; default now. */
  readonly predictedAt?: string | Date
}

export type PredictionSource =
  | { readonly rows: readonly PredictedRow[] }
  | {
      /**
       * SELECT with the columns of the shape: keys, `as_of`, inputs that are kept and outputs by their names, questions as
       * `_question_1`, `_question_2`, ….
       */
      readonly query: string
      /** ISO instant of all its questions where it is one and known; else the rows are written down once more to see. */
      readonly at?: string
      readonly requestId?: string
      readonly signal?: AbortSignal
    }

export interface Logged {
  /** Predictions that were given. */
  readonly rows: number
  /** Those that are new; the others were there already. */
  readonly logged: number
}

/**
 * Adds predictions to an open log, in one transaction. A prediction is what a version says to a question (key, `as_of`, what
 * else it brought) of one request: logging it again adds nothing, so that a batch can be sent again after a failure.
 *
 * Errors: those of the query.
 *
 * @example
 * ```ts
 * const log = await openPredictionLog(store, { model: 'delay15', version: 3, shape })
 * await logPredictions(store, log, { query: 'SELECT origin, as_of, probability FROM scoring.delay15_now' }) // { rows: 300, logged: 300 }
 * ```
 * ```sql
 * WITH q AS (SELECT … FROM (SELECT origin, as_of, probability FROM …) AS q),
 *   logged AS (INSERT INTO viewcast.prediction … SELECT … FROM q ON CONFLICT DO NOTHING RETURNING id, as_of) …
 * ```
 */
export async function logPredictions(store: Store, log: PredictionLog, source: PredictionSource): Promise<Logged> {
  if ('rows' in source && source.rows.length === 0) return { rows: 0, logged: 0 }
  return atomically(store, async ({ db }) => {
    const made = 'rows' in source ? fromRows(log, source.rows) : fromQuery(log, source)
    const options = 'query' in source && source.signal ? { signal: source.signal } : {}
    let { from } = made
    if (made.instants === undefined) {
      await db.query(`CREATE TEMPORARY TABLE ${staged} ON COMMIT DROP AS\n${made.from}`, [], options)
      from = `SELECT * FROM ${staged}`
      await db.query(
        `SELECT viewcast.make_prediction_months(array_agg(month))
         FROM (SELECT DISTINCT date_trunc('month', as_of, 'UTC') AS month FROM ${staged}) m`,
      )
    } else {
      await db.query('SELECT viewcast.make_prediction_months($1::timestamptz[])', [made.instants])
    }
    const { rows } = await db.query(
      insertion(log, from, made.columns, made.parameters.length),
      [...made.parameters, ...padsOf(log)],
      options,
    )
    if (made.instants === undefined) await db.execute(`DROP TABLE ${staged}`)
    const [given, logged] = rows[0] ?? []
    return { rows: Number(given), logged: Number(logged) }
  })
}

const staged = 'pg_temp._viewcast_predicted'

interface Made {
  readonly from: string
  /** Where the columns of `from` are, as SQL over the alias `r`. */
  readonly columns: ColumnsAt
  readonly parameters: readonly unknown[]
  /** Undefined where only the rows know. */
  readonly instants: readonly string[] | undefined
}

interface ColumnsAt {
  readonly key: (c: LoggedColumn) => string
  readonly question: (c: LoggedColumn, i: number) => string
  readonly input: (c: LoggedColumn) => string
  readonly output: (c: LoggedColumn) => string
  readonly asOf: string
  readonly requestId: string
  readonly predictedAt: string
}

const own = (name: string): string => `r.${quoteIdentifier(name)}`

function fromQuery({ shape }: PredictionLog, source: Extract<PredictionSource, { query: string }>): Made {
  const { query, at, requestId = '' } = source
  // A dataset without instants is asked as of the moment.
  const isNow = !shape.hasAsOf && at === undefined
  const instant = at === undefined ? 'now()' : `${quoteText(at)}::timestamptz`
  return {
    from: isNow ? `SELECT q.*, now() AS as_of FROM (\n${query}\n) AS q` : query,
    columns: {
      key: (c) => own(c.name),
      question: (_, i) => own(questionName(i)),
      input: (c) => own(c.name),
      output: (c) => own(c.name),
      asOf: shape.hasAsOf || isNow ? 'r.as_of' : instant,
      requestId: quoteText(requestId),
      predictedAt: 'statement_timestamp()',
    },
    parameters: [],
    instants: at === undefined ? undefined : [at],
  }
}

/** Types whose values are read back from JSON as they were; values of others stay texts. */
const plain = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid'],
  ...['date', 'time', 'timestamp', 'timestamptz', 'interval'],
])

function fromRows({ shape }: PredictionLog, rows: readonly PredictedRow[]): Made {
  const kept = new Set(shape.inputs.filter((i) => i.kept !== 'absent').map((i) => i.name))
  const columnOf = (group: string) => (c: LoggedColumn) => {
    const text = `(r.${group} ->> ${quoteText(c.name)})`
    return plain.has(c.type) ? `${text}::${printType(c.type)}` : text
  }
  const only = (inputs: PredictedRow['inputs']) =>
    Object.fromEntries(Object.entries(inputs ?? {}).filter(([name]) => kept.has(name)))
  const given = rows.map((row) => ({
    key: row.key,
    question: row.question ?? {},
    outputs: row.outputs,
    inputs: only(row.inputs),
    as_of: iso(row.asOf),
    request_id: row.requestId ?? '',
    predicted_at: row.predictedAt === undefined ? null : iso(row.predictedAt),
  }))
  return {
    from: `SELECT * FROM jsonb_to_recordset($1::jsonb) AS g
      (key jsonb, question jsonb, outputs jsonb, inputs jsonb, as_of timestamptz, request_id text, predicted_at timestamptz)`,
    columns: {
      key: columnOf('key'),
      question: columnOf('question'),
      input: columnOf('inputs'),
      output: columnOf('outputs'),
      asOf: 'r.as_of',
      requestId: 'r.request_id',
      predictedAt: 'coalesce(r.predicted_at, statement_timestamp())',
    },
    parameters: [JSON.stringify(given, jsonValue)],
    instants: [...new Set(given.map((r) => r.as_of))],
  }
}

const iso = (instant: string | Date): string => (instant instanceof Date ? instant.toISOString() : instant)

/** JSON has no NaN, no infinities and no bytes: the texts that the server writes for them. */
function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return value
}

const padsOf = ({ shape, pads }: PredictionLog): readonly string[] =>
  pads !== undefined && shape.inputs.some((i) => i.kept === 'hashed') ? pads : []

function insertion(log: PredictionLog, from: string, at: ColumnsAt, parameters: number): string {
  const { shape } = log
  const keys = shape.keys.map((c) => ({ name: c.name, sql: `${at.key(c)}::text` }))
  const questions = shape.questions.map((c, i) => ({ name: c.name, sql: `${at.question(c, i)}::text` }))
  const inputs = keptValues(shape, at, parameters)
  const outputs = shape.outputs.map((c) => ({ name: c.name, sql: at.output(c) }))
  const [only] = keys
  const keyText = keys.length === 1 && only ? only.sql : `jsonb_build_array(${keys.map((k) => k.sql).join(', ')})::text`
  const keeps = inputs.length > 0
  return `WITH g AS (
  SELECT ${jsonObject(keys)} AS key, ${keyText} AS key_text, ${jsonObject(questions)} AS question, ${at.asOf} AS as_of,
    ${at.requestId} AS request_id, ${jsonObject(outputs)} AS outputs, ${at.predictedAt} AS predicted_at${keeps ? `,\n    ${jsonObject(inputs)} AS inputs` : ''}
  FROM (\n${from}\n) AS r
), q AS MATERIALIZED (
  SELECT viewcast.prediction_id(${quoteText(log.artifact)}::uuid, key, question, as_of, request_id) AS id, g.* FROM g
), logged AS (
  INSERT INTO viewcast.prediction (id, as_of, batch_id, key, key_text, question, request_id, outputs, predicted_at)
  SELECT id, as_of, ${quoteText(log.id)}::uuid, key, key_text, question, request_id, outputs, predicted_at FROM q
  ON CONFLICT (id, as_of) DO NOTHING RETURNING id, as_of
)${
    keeps
      ? `, kept AS (
  INSERT INTO viewcast.prediction_input (id, as_of, inputs)
  SELECT q.id, q.as_of, q.inputs FROM q JOIN logged l ON (l.id, l.as_of) = (q.id, q.as_of)
  ON CONFLICT (id, as_of) DO NOTHING
)`
      : ''
  }
SELECT (SELECT count(*) FROM q), (SELECT count(*) FROM logged)`
}

function keptValues({ inputs }: LogShape, at: ColumnsAt, parameters: number): readonly Pair[] {
  const [inner, outer] = [parameters + 1, parameters + 2].map((n) => `decode($${n}, 'hex')`)
  return inputs.flatMap((c): Pair[] => {
    const value = at.input(c)
    if (c.kept === 'absent') return []
    if (c.kept === 'plain') return [{ name: c.name, sql: value }]
    return [{ name: c.name, sql: hashedSql(value, inner ?? '', outer ?? '') }]
  })
}

/** HMAC-SHA-256 of a value as text, as hex digits; NULL of NULL. */
export const hashedSql = (value: string, inner: string, outer: string): string =>
  `encode(sha256(${outer} || sha256(${inner} || convert_to(${value}::text, 'UTF8'))), 'hex')`

interface Pair {
  readonly name: string
  readonly sql: string
}

/** A function takes a hundred arguments at most. */
const pairsOfOne = 45

function jsonObject(pairs: readonly Pair[]): string {
  if (pairs.length === 0) return "'{}'::jsonb"
  const parts: string[] = []
  for (let i = 0; i < pairs.length; i += pairsOfOne) {
    const some = pairs.slice(i, i + pairsOfOne).map((p) => `${quoteText(p.name)}, ${p.sql}`)
    parts.push(`jsonb_build_object(${some.join(', ')})`)
  }
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' || ')})`
}

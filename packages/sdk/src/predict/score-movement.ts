/** How the predictions of two versions of a model differ on the same questions. */
import {
  labelKind,
  type ModelDef,
  type ModelRecord,
  type OutputChoice,
  outputs,
  quoteIdentifier,
  quoteText,
  withOutputs,
} from '@viewcast/compiler'
import type { Database, Value } from '../database/database.ts'
import { type PredictOptions, predictionQuery } from './queries.ts'

export interface ScoreMovementOptions {
  /** Questions at most, chosen by a hash of their keys, so that they are the same every time. Default 10,000. */
  readonly rows?: number
  /** Every row of the entity as of this instant, instead of the sample's rows. */
  readonly at?: string
  readonly directory?: string
  readonly signal?: AbortSignal
}

/** A number both versions give. Differences are after less before. */
export interface OutputMovement {
  readonly output: string
  /** Questions both versions gave a finite number for. */
  readonly rows: number
  /** NULL, NaN or infinite before only, after only, and both times. */
  readonly missing: { readonly before: number; readonly after: number; readonly both: number }
  /** Rows whose number is another one. */
  readonly moved: number
  readonly meanBefore: number | null
  readonly meanAfter: number | null
  readonly meanShift: number | null
  /** Standard deviation of the differences; null for fewer than two rows. */
  readonly standardDeviation: number | null
  /** Share of rows → difference that this share does not exceed, interpolated: `0` is the least, `1` the greatest. */
  readonly quantiles: Readonly<Record<string, number>>
  /** The greatest absolute difference, and how many keys have it. */
  readonly largest: { readonly difference: number; readonly keys: number } | null
}

export interface LabelMovement {
  readonly rows: number
  readonly changed: number
  /** Changes by what the label was and is; null where there was none. */
  readonly changes: readonly { readonly before: string | null; readonly after: string | null; readonly rows: number }[]
}

export interface ScoreMovement {
  /** Questions that were compared. */
  readonly rows: number
  /** Rows left out because their keys and instant are not theirs alone. */
  readonly repeated: number
  /** Questions that only one of both answers. */
  readonly unmatched: { readonly before: number; readonly after: number }
  readonly outputs: readonly OutputMovement[]
  readonly label?: LabelMovement
  /** Outputs that one version has and the other has not, as after a change of the family. */
  readonly only: { readonly before: readonly string[]; readonly after: readonly string[] }
}

const shares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]

/**
 * Predicts with two versions for the same questions, in one statement, so that both see the same rows, and says how far the
 * answers moved. No key and no row is in the result.
 *
 * Costs two prediction queries over the whole sample, or over the entity at an instant; what comes back are `rows` lines.
 *
 * Errors: those of `predictionQuery`, `model/stale` among them when the declaration no longer has an input.
 *
 * @example
 * ```ts
 * const { outputs: [probability], label } = await scoreMovement(db, model, v3, v4)
 * probability.meanShift // 0.0041
 * label.changed         // 312 of 10,000
 * ```
 * ```sql
 * SELECT … FROM (SELECT md5(ROW(origin, as_of)::text) AS _key, … FROM (WITH … SELECT …) q) b FULL JOIN (…) a USING (_key)
 * ORDER BY _key LIMIT 10000
 * ```
 */
export async function scoreMovement(
  db: Database,
  model: ModelDef,
  before: ModelRecord,
  after: ModelRecord,
  options: ScoreMovementOptions = {},
): Promise<ScoreMovement> {
  const [b, a] = [await sideOf(db, model, before, options), await sideOf(db, model, after, options)]
  const { asked: _, ...movement } = await movementBetween(db, b, a, { ...options, rows: options.rows ?? 10_000 })
  return movement
}

/** A query that answers questions. */
export interface AnsweringQuery {
  readonly sql: string
  /** Columns that say which question a row answers. */
  readonly keys: readonly string[]
  /** What is compared: numbers (`float8`), and `label`. */
  readonly outputs: readonly { readonly name: string; readonly type: string }[]
}

export interface MovementOptions extends Pick<ScoreMovementOptions, 'signal'> {
  /** Questions at most, chosen after all were answered. Default all. */
  readonly rows?: number
  /** `name AS MATERIALIZED (…)` that both queries may read. */
  readonly shared?: string
  /** Gives the key that moved furthest, too. Default false. */
  readonly withKey?: boolean
}

export interface FoundMovement extends ScoreMovement {
  /** Keys that at least one of both answers. */
  readonly asked: number
  readonly largestKey?: Readonly<Record<string, unknown>>
}

/** The same for any two queries, in one statement. */
export async function movementBetween(
  db: Database,
  before: AnsweringQuery,
  after: AnsweringQuery,
  options: MovementOptions = {},
): Promise<FoundMovement> {
  const columns = [
    ...before.outputs.map((_, i) => `b.o${i} AS b${i}`),
    ...after.outputs.map((_, i) => `a.o${i} AS a${i}`),
    'coalesce(b._n, 0) AS _b, coalesce(a._n, 0) AS _a',
    ...(options.withKey ? ['a._k'] : []),
  ]
  const sql = [
    ...(options.shared === undefined ? [] : [`WITH ${options.shared}`]),
    `SELECT ${columns.join(', ')}`,
    `FROM (${byKey(before, false)}) AS b`,
    `FULL JOIN (${byKey(after, options.withKey ?? false)}) AS a USING (_key)`,
    `ORDER BY _key${options.rows === undefined ? '' : ` LIMIT ${options.rows}`}`,
  ].join('\n')
  const { rows } = await db.query(sql, [], options.signal ? { signal: options.signal } : {})
  const movement = movementOf(before.outputs, after.outputs, rows)
  const largestKey = options.withKey ? keyOf(movement, before.outputs, after.outputs, rows) : undefined
  return { ...movement, asked: rows.length, ...(largestKey ? { largestKey } : {}) }
}

/** By the first number. */
function keyOf(
  { outputs: [first] }: ScoreMovement,
  before: readonly Named[],
  after: readonly Named[],
  rows: readonly (readonly Value[])[],
): Readonly<Record<string, unknown>> | undefined {
  const [i, j] = [before.findIndex((o) => o.name === first?.output), after.findIndex((o) => o.name === first?.output)]
  const distance = (r: readonly Value[]): number => Math.abs(Number(r[before.length + j]) - Number(r[i]))
  const moved = rows.find(
    (r) => r[i] != null && r[before.length + j] != null && distance(r) === first?.largest?.difference,
  )
  return moved?.at(-1) as Readonly<Record<string, unknown>> | undefined
}

type Named = AnsweringQuery['outputs'][number]

/** One row per question: `_key`, how many have it, and the outputs as `o0`, `o1`, … */
function byKey({ sql, keys: names, outputs: own }: AnsweringQuery, withKey: boolean): string {
  const keys = names.map((name) => `q.${quoteIdentifier(name)}`)
  const values = own.map((o, i) => `q.${quoteIdentifier(o.name)} AS o${i}`)
  // Hashed: keys may be NULL and a FULL JOIN wants an equality. ROW keeps values apart whatever they hold.
  const named = names.map((name) => `${quoteText(name)}, q.${quoteIdentifier(name)}`)
  if (withKey) values.push(`jsonb_build_object(${named.join(', ')}) AS _k`)
  const keyed = `SELECT md5(ROW(${keys.join(', ')})::text) AS _key, ${values.join(', ')} FROM (\n${sql}\n) AS q`
  const first = [...own.map((_, i) => `o${i}`), ...(withKey ? ['_k'] : [])]
  return `SELECT DISTINCT ON (_key) _key, ${first.join(', ')}, count(*) OVER (PARTITION BY _key) AS _n FROM (${keyed}) AS k`
}

async function sideOf(
  db: Database,
  model: ModelDef,
  trained: ModelRecord,
  options: ScoreMovementOptions,
): Promise<AnsweringQuery> {
  const wanted = outputsOf(trained)
  const asked: PredictOptions = {
    outputs: wanted,
    ...(options.at === undefined ? { spine: 'sample' } : { at: options.at }),
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  }
  const { sql, columns } = await predictionQuery(db, model, trained, asked)
  const own = outputs(withOutputs(trained, wanted)).map(({ name, type }) => ({ name, type }))
  const keys = columns.slice(0, columns.length - own.length).map((c) => c.name)
  return { sql, keys, outputs: own }
}

function outputsOf({ family }: ModelRecord): OutputChoice[] {
  const kind = labelKind(family)
  if (kind === 'class') return ['label', 'probabilities']
  return kind === 'outcome' ? ['value', 'label'] : ['value']
}

function movementOf(
  before: readonly Named[],
  after: readonly Named[],
  rows: readonly (readonly Value[])[],
): ScoreMovement {
  const width = before.length + after.length
  const isSingle = (r: readonly Value[]): boolean => r[width] === '1' && r[width + 1] === '1'
  const isIn = (r: readonly Value[], side: 0 | 1): boolean => r[width + side] !== '0'
  const single = rows.filter(isSingle)
  const both = rows.filter((r) => isIn(r, 0) && isIn(r, 1))
  const several = both.filter((r) => !isSingle(r))
  const pairsOf = (name: string): [Value, Value][] => {
    const [i, j] = [before.findIndex((o) => o.name === name), before.length + after.findIndex((o) => o.name === name)]
    return single.map((r) => [r[i], r[j]])
  }
  const common = before.filter((o) => after.some((other) => other.name === o.name))
  const numbers = common.filter((o) => o.type === 'float8')
  const label = common.find((o) => o.name === 'label')
  const onlyIn = (some: readonly Named[], others: readonly Named[]): string[] =>
    some.filter((o) => !others.some((other) => other.name === o.name)).map((o) => o.name)
  return {
    rows: single.length,
    repeated: several.reduce((sum, r) => sum + Math.max(Number(r[width]), Number(r[width + 1])), 0),
    unmatched: {
      before: rows.filter((r) => !isIn(r, 1)).length,
      after: rows.filter((r) => !isIn(r, 0)).length,
    },
    outputs: numbers.map((o) => outputMovement(o.name, pairsOf(o.name))),
    ...(label === undefined ? {} : { label: labelMovement(pairsOf(label.name)) }),
    only: { before: onlyIn(before, after), after: onlyIn(after, before) },
  }
}

const isNumber = (value: Value): value is number => typeof value === 'number' && Number.isFinite(value)

function outputMovement(output: string, pairs: readonly (readonly [Value, Value])[]): OutputMovement {
  const both = pairs.filter((p): p is [number, number] => isNumber(p[0]) && isNumber(p[1]))
  const differences = both.map(([x, y]) => y - x).sort((x, y) => x - y)
  const n = both.length
  const meanOf = (values: readonly number[]): number | null =>
    n === 0 ? null : values.reduce((sum, v) => sum + v, 0) / n
  const shift = meanOf(differences)
  const squares = differences.reduce((sum, d) => sum + (d - (shift ?? 0)) ** 2, 0)
  const largest = differences.reduce((most, d) => Math.max(most, Math.abs(d)), 0)
  return {
    output,
    rows: n,
    missing: {
      before: pairs.filter(([x, y]) => !isNumber(x) && isNumber(y)).length,
      after: pairs.filter(([x, y]) => isNumber(x) && !isNumber(y)).length,
      both: pairs.filter(([x, y]) => !isNumber(x) && !isNumber(y)).length,
    },
    moved: differences.filter((d) => d !== 0).length,
    meanBefore: meanOf(both.map(([x]) => x)),
    meanAfter: meanOf(both.map(([, y]) => y)),
    meanShift: shift,
    standardDeviation: n < 2 ? null : Math.sqrt(squares / (n - 1)),
    quantiles: n === 0 ? {} : Object.fromEntries(shares.map((share) => [String(share), quantile(differences, share)])),
    largest: n === 0 ? null : { difference: largest, keys: differences.filter((d) => Math.abs(d) === largest).length },
  }
}

/** As percentile_cont: between two values by the share of the way. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low === high ? low : low + (high - low) * (at - Math.floor(at))
}

function labelMovement(pairs: readonly (readonly [Value, Value])[]): LabelMovement {
  const counts = new Map<string, { before: string | null; after: string | null; rows: number }>()
  for (const [x, y] of pairs) {
    if (x === y) continue
    const [before, after] = [x === null ? null : String(x), y === null ? null : String(y)]
    const key = JSON.stringify([before, after])
    const known = counts.get(key)
    if (known) known.rows++
    else counts.set(key, { before, after, rows: 1 })
  }
  const changes = [...counts.values()].sort((p, q) => q.rows - p.rows)
  return { rows: pairs.length, changed: changes.reduce((sum, c) => sum + c.rows, 0), changes }
}

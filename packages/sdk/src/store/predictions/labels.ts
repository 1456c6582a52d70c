/** What came true, beside what was predicted. Corrections are revisions: nothing that was said goes. */
import { type Diagnostic, diagnostic, fail, instant, quoteText, throwIfErrors } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { findAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'

/** A label somebody knows. */
export interface GivenLabel {
  readonly key: Readonly<Record<string, unknown>>
  /** ISO instant with a zone of the prediction; default every prediction for the key. */
  readonly asOf?: string
  /** Default every request. */
  readonly requestId?: string
  /** Null takes back what was said. */
  readonly label: string | number | boolean | null
}

export interface Labelled {
  /** Predictions that the labels are of. */
  readonly predictions: number
  /** New revisions; equal labels are none. */
  readonly recorded: number
  /** Given labels without a prediction. */
  readonly unmatched: number
}

/**
 * Records labels that are given, for predictions of a model, whatever the version. A label that differs from the one there is
 * becomes its next revision, and wins over what the target says later.
 *
 * Errors, all at once: `compile/keys` for a label without a key column, or with one that is none; `time/instant`.
 *
 * @example
 * ```ts
 * await recordLabels(store, 'delay15', [{ key: { origin: 'JFK' }, asOf: '2001-02-01T12:00Z', label: true }])
 * // { predictions: 1, recorded: 1, unmatched: 0 }
 * ```
 */
export async function recordLabels(store: Store, model: string, labels: readonly GivenLabel[]): Promise<Labelled> {
  const asset = await modelAsset(store, model)
  const keys = await keysOf(store, asset)
  throwIfErrors(labels.flatMap((given) => problemsOf(given, keys ?? Object.keys(given.key))))
  const given = labels.map(({ key, asOf, requestId, label }, n) => ({
    n,
    key: Object.fromEntries(Object.entries(key).map(([name, value]) => [name, value === null ? null : keyText(value)])),
    as_of: asOf === undefined ? null : instant(asOf),
    request_id: requestId ?? null,
    label: label === null ? null : String(label),
    value: numberOf(label),
  }))
  return atomically(store, async (inside) => {
    const { db } = inside
    await db.query(
      `CREATE TEMPORARY TABLE ${table} ON COMMIT DROP AS
       SELECT NULL::int4 AS n, p.id, p.as_of, NULL::text AS label, NULL::float8 AS value FROM viewcast.prediction p LIMIT 0`,
    )
    await db.query(
      `INSERT INTO ${table} (n, id, as_of, label, value)
       SELECT g.n, p.id, p.as_of, g.label, g.value
       FROM jsonb_to_recordset($1::jsonb) AS g
         (n int4, key jsonb, as_of timestamptz, request_id text, label text, value float8)
       JOIN viewcast.prediction p ON p.key = g.key AND (g.as_of IS NULL OR p.as_of = g.as_of)
         AND (g.request_id IS NULL OR p.request_id = g.request_id)
       JOIN viewcast.prediction_batch b ON b.id = p.batch_id
       JOIN viewcast.artifact a ON a.id = b.artifact_id AND a.asset_id = $2`,
      [JSON.stringify(given), asset],
    )
    const [count] = await db.rows<{ n: string; given: string }>(
      `SELECT count(DISTINCT id) AS n, count(DISTINCT n) AS given FROM ${table}`,
    )
    // Of several labels for one prediction the last that was given counts.
    const recorded = await keepLabels(
      db,
      `SELECT DISTINCT ON (id, as_of) id, as_of, label, value FROM ${table} ORDER BY id, as_of, n DESC`,
      'given',
      store.actor,
    )
    await db.execute(`DROP TABLE ${table}`)
    return { predictions: Number(count?.n), recorded, unmatched: labels.length - Number(count?.given) }
  })
}

const table = 'pg_temp._viewcast_given'

/** Id of a model's asset. Errors: `model/not-trained`. */
export async function modelAsset(store: Store, model: string): Promise<string> {
  return (await findAsset(store, { kind: 'model', name: model })) ?? fail('model/not-trained', { model })
}

/**
 * The label that counts of each prediction that has one: `id`, `as_of`, `label`, `value`. A relation to join at once; the last
 * revision by a look-up for each prediction takes four times as long for a whole log.
 *
 * @param of a condition over `l` that its predictions fulfil: what bounds `as_of` keeps other months from being read.
 */
export const lastLabels = (of = 'true'): string => `(
  SELECT l.id, l.as_of, l.label, l.value FROM viewcast.prediction_label l
  WHERE (${of}) AND NOT EXISTS (
    SELECT FROM viewcast.prediction_label n WHERE (n.id, n.as_of, n.revision) = (l.id, l.as_of, l.revision + 1)
  )
)`

/** For the statements that follow in a transaction: months are joined each by itself, which planners leave to the asker. */
export const byMonths = `SELECT set_config('enable_partitionwise_join', 'on', true)`

/**
 * Adds a revision for each row of `from` (id, as_of, label, value) that says something else than the last one. What the
 * target says does not replace what was given.
 */
export async function keepLabels(
  db: Database,
  from: string,
  saidBy: 'target' | 'given',
  actor: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const unlessGiven = saidBy === 'target' ? " AND l.said_by IS DISTINCT FROM 'given'" : ''
  const { rows } = await db.query(
    `WITH kept AS (
       INSERT INTO viewcast.prediction_label (id, as_of, revision, label, value, said_by, actor)
       SELECT g.id, g.as_of, coalesce(l.revision, 0) + 1, g.label, g.value, $1, $2
       FROM (\n${from}\n) AS g
       LEFT JOIN LATERAL (
         SELECT l.revision, l.label, l.value, l.said_by FROM viewcast.prediction_label l
         WHERE (l.id, l.as_of) = (g.id, g.as_of) ORDER BY l.revision DESC LIMIT 1
       ) l ON true
       WHERE NOT (l.revision IS NULL AND g.label IS NULL)${unlessGiven}
         -- true and 1, or 1 and 1.0, are no correction.
         AND CASE WHEN g.value IS NOT NULL AND l.value IS NOT NULL THEN g.value <> l.value
             ELSE g.label IS DISTINCT FROM l.label END
       RETURNING 1
     ) SELECT count(*) FROM kept`,
    [saidBy, actor],
    options,
  )
  return Number(rows[0]?.[0] ?? 0)
}

/** The key columns of what was logged last; undefined where nothing was. */
async function keysOf({ db }: Store, asset: string): Promise<readonly string[] | undefined> {
  const [row] = await db.rows<{ keys: readonly { readonly name: string }[] }>(
    `SELECT b.shape -> 'keys' AS keys FROM viewcast.prediction_batch b JOIN viewcast.artifact a ON a.id = b.artifact_id
     WHERE a.asset_id = ${quoteText(asset)}::uuid ORDER BY b.created_at DESC LIMIT 1`,
  )
  return row?.keys.map((k) => k.name)
}

function problemsOf({ key, asOf }: GivenLabel, keys: readonly string[]): readonly Diagnostic[] {
  const needed = keys.join(', ')
  const problem = (text: string, column: string) => diagnostic('compile/keys', { problem: text, column, needed })
  return [
    ...Object.keys(key)
      .filter((name) => !keys.includes(name))
      .map((name) => problem('Unknown column', name)),
    ...keys.filter((name) => !(name in key)).map((name) => problem('Missing column', name)),
    ...(asOf !== undefined && instant(asOf) === undefined ? [diagnostic('time/instant', { value: asOf })] : []),
  ]
}

const keyText = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value))

function numberOf(label: GivenLabel['label']): number | string | null {
  if (typeof label === 'boolean') return Number(label)
  if (typeof label === 'number') return Number.isFinite(label) ? label : String(label)
  if (label === null) return null
  const text = label.trim()
  if (/^(true|t|false|f)$/i.test(text)) return /^t/i.test(text) ? 1 : 0
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null
}

/** Labels that somebody knows, for predictions that are logged. */
import { type Diagnostic, quoteText, throwIfErrors } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { atomically, type Store } from '../store.ts'
import { type GivenLabel, labelRow, type NeededKey, problemsOf } from './given-labels.ts'
import { keepLabels, modelAsset } from './labels.ts'

export interface Labelled {
  /** Predictions that the labels are of. */
  readonly predictions: number
  /** New revisions; equal labels are none. */
  readonly recorded: number
  /** Given labels without a prediction. */
  readonly unmatched: number
}

/** Labels that are on their way at once. */
const rowsOfOne = 10_000

/**
 * Records labels that are given, for predictions of a model, whatever the version. A label that differs from the one there is
 * becomes its next revision, and wins over what the target says later. Of several for one prediction the last counts.
 *
 * @param labels as many as there are: an iterable is read as it comes, 10,000 at a time. One transaction: all or none.
 *
 * Errors, those of 10,000 labels at once, each once: `log/label-key` for a label without a key column, with one that is
 * none, or with a value that is not of its type; `time/instant`. And `model/not-trained`.
 *
 * @example
 * ```ts
 * await recordLabels(store, 'delay15', [{ key: { origin: 'JFK' }, asOf: '2001-02-01T12:00Z', label: true }])
 * // { predictions: 1, recorded: 1, unmatched: 0 }
 * ```
 */
export async function recordLabels(
  store: Store,
  model: string,
  labels: Iterable<GivenLabel> | AsyncIterable<GivenLabel>,
): Promise<Labelled> {
  const asset = await modelAsset(store, model)
  const keys = await keysOf(store, asset)
  return atomically(store, async ({ db }) => {
    await db.query(
      `CREATE TEMPORARY TABLE ${given} (n int8, key jsonb, key_text text, as_of timestamptz, request_id text, label text, value float8)
       ON COMMIT DROP`,
    )
    let n = 0
    for await (const lot of inLots(labels)) {
      throwIfErrors(once(lot.flatMap((label, i) => problemsOf(label, keys ?? unknownKeys(label), n + i + 1))))
      await add(db, lot, n, keys ?? [])
      n += lot.length
    }
    const found = keys === undefined ? nothing : await match(db, asset, store.actor)
    await db.execute(`DROP TABLE ${given}`)
    return { predictions: found.predictions, recorded: found.recorded, unmatched: n - found.given }
  })
}

const given = 'pg_temp._viewcast_given'
const matched = 'pg_temp._viewcast_labelled'
const nothing = { predictions: 0, recorded: 0, given: 0 }

async function* inLots(labels: Iterable<GivenLabel> | AsyncIterable<GivenLabel>): AsyncGenerator<GivenLabel[]> {
  let lot: GivenLabel[] = []
  for await (const label of labels) {
    lot.push(label)
    if (lot.length < rowsOfOne) continue
    yield lot
    lot = []
  }
  if (lot.length > 0) yield lot
}

/** A file with a wrong column has it wrong in each of its rows. */
function once(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Map(problems.map((p) => [p.message, p]))
  return [...told.values()].slice(0, 20)
}

async function add(
  db: Database,
  lot: readonly GivenLabel[],
  before: number,
  keys: readonly NeededKey[],
): Promise<void> {
  const rows = lot.map((label, i) => labelRow(label, before + i, keys))
  // As the log writes a key for joins: the value of a single column, else all as a list.
  const texts = keys.map((k) => `g.key ->> ${quoteText(k.name)}`)
  const keyText = texts.length === 1 ? texts[0] : `jsonb_build_array(${texts.join(', ')})::text`
  await db.query(
    `INSERT INTO ${given} SELECT g.n, g.key, ${keyText}, g.as_of, g.request_id, g.label, g.value
     FROM jsonb_to_recordset($1::jsonb) AS g (n int8, key jsonb, as_of timestamptz, request_id text, label text, value float8)`,
    [JSON.stringify(rows)],
  )
}

async function match(db: Database, asset: string, actor: string): Promise<typeof nothing> {
  await db.execute(`ANALYZE ${given}`)
  await db.query(
    `CREATE TEMPORARY TABLE ${matched} ON COMMIT DROP AS
     SELECT g.n, p.id, p.as_of, g.label, g.value
     FROM ${given} g JOIN viewcast.prediction p ON p.key_text = g.key_text AND p.key = g.key
       AND (g.as_of IS NULL OR p.as_of = g.as_of) AND (g.request_id IS NULL OR p.request_id = g.request_id)
     JOIN viewcast.prediction_batch b ON b.id = p.batch_id
     JOIN viewcast.artifact a ON a.id = b.artifact_id AND a.asset_id = $1`,
    [asset],
  )
  const [count] = await db.rows<{ n: string; given: string }>(
    `SELECT count(DISTINCT id) AS n, count(DISTINCT n) AS given FROM ${matched}`,
  )
  // Of several labels for one prediction the last that was given counts.
  const recorded = await keepLabels(
    db,
    `SELECT DISTINCT ON (id, as_of) id, as_of, label, value FROM ${matched} ORDER BY id, as_of, n DESC`,
    'given',
    actor,
  )
  await db.execute(`DROP TABLE ${matched}`)
  return { predictions: Number(count?.n), recorded, given: Number(count?.given) }
}

/** The key columns of what was logged last; undefined where nothing was. */
async function keysOf({ db }: Store, asset: string): Promise<readonly NeededKey[] | undefined> {
  const [row] = await db.rows<{ keys: readonly NeededKey[] }>(
    `SELECT b.shape -> 'keys' AS keys FROM viewcast.prediction_batch b JOIN viewcast.artifact a ON a.id = b.artifact_id
     WHERE a.asset_id = ${quoteText(asset)}::uuid ORDER BY b.created_at DESC LIMIT 1`,
  )
  return row?.keys
}

const unknownKeys = ({ key }: GivenLabel): readonly NeededKey[] =>
  Object.keys(key).map((name) => ({ name, type: 'text' as const }))

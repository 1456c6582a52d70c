/** What came true, beside what was predicted. Corrections are revisions: nothing that was said goes. */
import { fail } from '@viewcast/compiler'
import type { Database } from '../../database/database.ts'
import { findAsset } from '../graph/assets.ts'
import type { Store } from '../store.ts'

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
  // A month without labels is planned as empty, and read as a whole for each row while this very statement fills it.
  const [was] = await db.rows<{ scan: string }>(`SELECT current_setting('enable_seqscan') AS scan`)
  await db.query(`SELECT set_config('enable_seqscan', 'off', true)`)
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
  await db.query(`SELECT set_config('enable_seqscan', $1, true)`, [was?.scan ?? 'on'])
  return Number(rows[0]?.[0] ?? 0)
}

import { atomically, type Store } from '../store.ts'
import { byMonths, lastLabels, modelAsset } from './labels.ts'

/** What the log has of one version, asked through one deployment or none. */
export interface LoggedVersion {
  readonly model: string
  readonly version: number
  readonly deployment: string | null
  readonly predictions: number
  /** Those with a label now. */
  readonly labelled: number
  /** Least and greatest `as_of`, as the server prints them under UTC. */
  readonly first: string
  readonly last: string
}

/** What is logged of the project's models, or of one, newest versions first. It counts every row. Errors: `model/not-trained`. */
export async function listPredictions(store: Store, model?: string): Promise<readonly LoggedVersion[]> {
  if (model !== undefined) await modelAsset(store, model)
  return atomically(store, async ({ db, project }) => {
    await db.query(byMonths)
    return db.rows<LoggedVersion & Record<string, unknown>>(
      `WITH b AS (
         SELECT b.id, m.name AS model, a.version, d.name AS deployment
         FROM viewcast.prediction_batch b
         JOIN viewcast.artifact a ON a.id = b.artifact_id
         JOIN viewcast.asset m ON m.id = a.asset_id
         LEFT JOIN viewcast.asset d ON d.id = b.deployment_id
         WHERE m.namespace = $1 AND ($2::text IS NULL OR m.name = $2)
       )
       SELECT b.model, b.version, b.deployment, count(*)::float8 AS predictions, count(l.label)::float8 AS labelled,
              min(p.as_of) AS first, max(p.as_of) AS last
       FROM viewcast.prediction p JOIN b ON b.id = p.batch_id
       LEFT JOIN ${lastLabels()} l ON (l.id, l.as_of) = (p.id, p.as_of)
       GROUP BY 1, 2, 3 ORDER BY 1, 2 DESC, 3`,
      [project, model ?? null],
    )
  })
}

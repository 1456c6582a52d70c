import type { Store } from '../store.ts'

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

/** What is logged of the project's models, or of one, newest versions first. One statement; it counts every row. */
export async function listPredictions({ db, project }: Store, model?: string): Promise<readonly LoggedVersion[]> {
  const rows = await db.rows<LoggedVersion & Record<string, unknown>>(
    `SELECT model, version, deployment, count(*)::float8 AS predictions, count(label)::float8 AS labelled,
            min(as_of) AS first, max(as_of) AS last
     FROM viewcast.predictions WHERE project = $1 AND ($2::text IS NULL OR model = $2)
     GROUP BY 1, 2, 3 ORDER BY 1, 2 DESC, 3`,
    [project, model ?? null],
  )
  return rows
}

/** Versions of datasets: equal rows are one version, whoever asks for them and how. */
import { type Artifact, recordEvent, registerArtifact } from '../graph/artifacts.ts'
import { ensureAsset } from '../graph/assets.ts'
import { atomically, type Store } from '../store.ts'
import { type DatasetDigest, type DigestOptions, digestRows } from './digest.ts'
import { sha256 } from './sha256.ts'
import { viewHashes } from './view-hashes.ts'

export interface DatasetContent {
  /** The dataset's name in the project; made when it is not there. */
  readonly name: string
  /** One SELECT without parameters that gives the rows. */
  readonly query: string
  /** What is in the text as values, to be read by people: instants, shares. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Text of each declared view by name; kept as hashes. Views of the database are found in the query. */
  readonly views?: Readonly<Record<string, string>>
  /** Of a sample by a hash of its keys: the share of entities, and what was hashed with them. */
  readonly sample?: { readonly rate: number; readonly seed: string | number }
  /** Made before, in the snapshot that was read ({@link atSnapshot}); by default it is computed here. */
  readonly digest?: DatasetDigest
  /** Precision of float columns, when it is computed here. */
  readonly precision?: DigestOptions['precision']
}

export interface RegisterDatasetOptions {
  /** Run that read it, and as what: `training` by default. */
  readonly run?: string
  readonly role?: string
  readonly signal?: AbortSignal
}

export interface DatasetVersion extends Artifact {
  readonly digest: DatasetDigest
}

/**
 * Registers the rows of a query as a version of a dataset: the next one, or the one that has equal rows already.
 *
 * Costs the digest unless it is given (one pass over the query, see {@link digestRows}), then four short statements in one
 * transaction.
 *
 * Errors: those of {@link digestRows}.
 *
 * @example
 * ```ts
 * const { version, isNew } = await registerDataset(store, { name: 'churn', query: 'SELECT * FROM churn_features' })
 * ```
 * ```sql
 * INSERT INTO viewcast.dataset_version (artifact_id, rows, method, query, …) VALUES (…)
 * ```
 */
export async function registerDataset(
  store: Store,
  content: DatasetContent,
  options: RegisterDatasetOptions = {},
): Promise<DatasetVersion> {
  const digest =
    content.digest ??
    (await digestRows(store.db, content.query, {
      title: content.name,
      ...(content.precision ? { precision: content.precision } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    }))
  const views = await hashesOf(store, content)
  return atomically(store, async (inside) => {
    const artifact = await keepVersion(inside, content, digest, views)
    if (options.run !== undefined) await keepUse(inside, artifact.id, options.run, content, views, options.role)
    return { ...artifact, digest }
  })
}

/** Hashes of all views a dataset is made of: those given, and those of the database. */
export async function hashesOf(
  { db }: Store,
  { name, query, views = {} }: DatasetContent,
): Promise<Record<string, string>> {
  const declared = Object.entries(views).map(([view, text]) => [view, sha256(text)] as const)
  return { ...(await viewHashes(db, query, name)), ...Object.fromEntries(declared) }
}

export async function keepVersion(
  inside: Store,
  { name, query, parameters = {}, sample }: DatasetContent,
  digest: DatasetDigest,
  views: Readonly<Record<string, string>>,
): Promise<Artifact> {
  const asset = await ensureAsset(inside, { kind: 'dataset', name })
  const artifact = await registerArtifact(inside, asset, { digest: digest.digest })
  await inside.db.query(
    `INSERT INTO viewcast.dataset_version
       (artifact_id, rows, method, query, query_hash, parameters, views, columns, sample)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (artifact_id) DO NOTHING`,
    [
      artifact.id,
      digest.rows,
      digest.method,
      query,
      sha256(query),
      JSON.stringify(parameters),
      JSON.stringify(views),
      JSON.stringify(digest.columns),
      sample === undefined ? null : JSON.stringify(sample),
    ],
  )
  return artifact
}

export async function keepUse(
  inside: Store,
  artifact: string,
  run: string,
  { query, parameters = {} }: DatasetContent,
  views: Readonly<Record<string, string>>,
  role = 'training',
): Promise<void> {
  await recordEvent(inside, run, artifact, 'in', role)
  await inside.db.query(
    `INSERT INTO viewcast.dataset_use (execution_id, artifact_id, query, query_hash, parameters, views)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (execution_id, artifact_id) DO NOTHING`,
    [run, artifact, query, sha256(query), JSON.stringify(parameters), JSON.stringify(views)],
  )
}

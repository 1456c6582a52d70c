/** Finds models of the project, and their versions. */
import type { Store } from '../store.ts'
import { always, id, instantAt, milliseconds, numberAt, text } from './attributes.ts'
import { keysOfRun } from './run-keys.ts'
import { type Page, type PageOptions, searchPage } from './search.ts'
import type { Attribute, Subject } from './subject.ts'

export interface SearchModelsOptions extends PageOptions {
  /** Whose names attributes have: ours with MLflow's, or MLflow's alone. Default `viewcast`. */
  readonly words?: 'viewcast' | 'mlflow'
}

export interface FoundModel {
  /** Id of the asset. */
  readonly id: string
  readonly name: string
  /** What the code says, or else what was edited, or else what the database says. */
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: string
  readonly updatedAt: string
  /** Versions that are not deleted. */
  readonly versions: number
}

export interface FoundModelVersion {
  /** Id of the artifact. */
  readonly id: string
  readonly model: string
  readonly version: number
  readonly aliases: readonly string[]
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly state: 'pending' | 'live'
  readonly uri: string | null
  readonly runId: string | null
  readonly createdAt: string
  readonly createdBy: string | null
}

const description = `coalesce(s.declared ->> 'description', s.edited ->> 'description', s.commented ->> 'description')`
const versions = `(SELECT count(*) FROM viewcast.artifact f WHERE f.asset_id = s.id AND f.state <> 'deleted')`

const mlflowModel: Readonly<Record<string, Attribute>> = {
  name: always(text('s.name')),
  creation_timestamp: always(milliseconds('s.created_at')),
  last_updated_timestamp: always(milliseconds('s.updated_at')),
}

const modelBase = {
  what: 'models',
  from: 'viewcast.asset s',
  joins: {},
  id: 's.id',
  keyed: { tag: ({ key }, { bind }) => ({ type: 'text', sql: `(s.props -> 'tags' ->> ${bind(key, 'text')})` }) },
} as const satisfies Partial<Subject>

const modelSubjects: Readonly<Record<'viewcast' | 'mlflow', Subject>> = {
  mlflow: { ...modelBase, attributes: mlflowModel },
  viewcast: {
    ...modelBase,
    attributes: {
      ...mlflowModel,
      description: text(description),
      created: always(instantAt('s.created_at')),
      updated: always(instantAt('s.updated_at')),
      versions: always(numberAt(`${versions}::float8`)),
    },
  },
}

/** A run of another store has an id that is no uuid of ours, so it is compared as a text without dashes. */
const run = `coalesce(v.execution_id, (SELECT e.execution_id FROM viewcast.event e
    WHERE e.artifact_id = f.id AND e.direction = 'out' AND e.role = 'model' ORDER BY e.at LIMIT 1))`

const mlflowVersion: Readonly<Record<string, Attribute>> = {
  name: always(text('s.name')),
  version_number: always(numberAt('f.version::float8')),
  run_id: text(`coalesce(replace(${run}::text, '-', ''), f.props ->> 'runId')`),
  source_path: text('f.uri'),
  creation_timestamp: always(milliseconds('f.created_at')),
  last_updated_timestamp: always(milliseconds('f.updated_at')),
}

const versionBase = {
  what: 'versions of models',
  // The run is read by the joins of its metrics, which come behind.
  from: `viewcast.asset s JOIN viewcast.artifact f ON f.asset_id = s.id
    LEFT JOIN viewcast.model_version v ON v.artifact_id = f.id`,
  joins: {},
  id: 'f.id',
  keyed: {
    ...keysOfRun('v.execution_id'),
    tag: ({ key }, { bind }) => ({ type: 'text', sql: `(f.tags ->> ${bind(key, 'text')})` }),
  },
} as const satisfies Partial<Subject>

const versionSubjects: Readonly<Record<'viewcast' | 'mlflow', Subject>> = {
  mlflow: { ...versionBase, keyed: { tag: versionBase.keyed.tag }, attributes: mlflowVersion },
  viewcast: {
    ...versionBase,
    attributes: {
      ...mlflowVersion,
      model: always(text('s.name')),
      version: always(numberAt('f.version::float8')),
      run: id('v.execution_id'),
      state: always(text('f.state')),
      aliases: text(
        `(SELECT string_agg(l.alias, ' ' ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = f.id)`,
      ),
      description: text('f.description'),
      user: text('f.created_by'),
      created: always(instantAt('f.created_at')),
    },
  },
}

/**
 * Finds models of the project, in the language and by the rules of {@link searchRuns}; keys are `tags.…`. Sorted by name
 * unless asked otherwise. Costs one statement.
 *
 * Errors: `search/filter`, `search/field`, `search/value`, `search/order`, `search/limit`, `search/page-token`.
 *
 * @example
 * ```ts
 * await searchModels(store, { filter: "name ILIKE '%delay%' and versions > 0" })
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset s WHERE s.kind = 'model' AND s.namespace = $1 … AND s.name ILIKE $2::text …
 * ```
 */
export function searchModels({ db, project }: Store, options: SearchModelsOptions = {}): Promise<Page<FoundModel>> {
  return searchPage<FoundModel & Record<string, unknown>>(db, {
    ...options,
    subject: modelSubjects[options.words ?? 'viewcast'],
    columns: `s.id, s.name, ${description} AS description, coalesce(s.props -> 'tags', '{}') AS tags,
      s.created_at AS "createdAt", s.updated_at AS "updatedAt", ${versions}::int AS versions`,
    defaultOrder: 'name',
    asked: project,
    scope: ({ bind }) => [`s.kind = 'model'`, `s.namespace = ${bind(project, 'text')}`, `s.lifecycle <> 'deleted'`],
  })
}

/**
 * Finds versions of the project's models, in the language and by the rules of {@link searchRuns}. Keys are `tags.…` of
 * the version, and `metrics.…` and `params.…` of the run that made it. The newest comes first unless asked otherwise.
 * Costs one statement.
 *
 * Errors: `search/filter`, `search/field`, `search/value`, `search/order`, `search/limit`, `search/page-token`.
 *
 * @example
 * ```ts
 * await searchModelVersions(store, { filter: "name = 'delay15' and metrics.test.auc > 0.7", orderBy: ['version DESC'] })
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset s JOIN viewcast.artifact f ON … LEFT JOIN viewcast.metric_latest j0 ON … WHERE …
 * ```
 */
export async function searchModelVersions(
  { db, project }: Store,
  options: SearchModelsOptions = {},
): Promise<Page<FoundModelVersion>> {
  return searchPage<FoundModelVersion & Record<string, unknown>>(db, {
    ...options,
    subject: versionSubjects[options.words ?? 'viewcast'],
    columns: `f.id, s.name AS model, f.version, f.description, f.tags, f.state, f.uri, ${run} AS "runId",
      f.created_at AS "createdAt", f.created_by AS "createdBy",
      coalesce((SELECT jsonb_agg(l.alias ORDER BY l.alias) FROM viewcast.alias l WHERE l.artifact_id = f.id), '[]') AS aliases`,
    defaultOrder: 'creation_timestamp DESC',
    asked: project,
    scope: ({ bind }) => [
      `s.kind = 'model'`,
      `s.namespace = ${bind(project, 'text')}`,
      `s.lifecycle <> 'deleted'`,
      `f.state <> 'deleted'`,
    ],
  })
}

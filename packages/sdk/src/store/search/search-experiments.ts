/** Finds experiments. */
import type { Experiment } from '../runs/experiment.ts'
import type { Store } from '../store.ts'
import { always, id, instantAt, milliseconds, numberAt, read, text } from './attributes.ts'
import { type Page, type PageOptions, searchPage } from './search.ts'
import type { Attribute, Subject } from './subject.ts'

export interface SearchExperimentsOptions extends PageOptions {
  /** Default `active`. */
  readonly lifecycle?: 'active' | 'deleted' | 'all'
  /** Whose names attributes have: ours with MLflow's, or MLflow's alone. Default `viewcast`. */
  readonly words?: 'viewcast' | 'mlflow'
}

/** Of a deleted experiment the runs that are deleted are counted. */
export type FoundExperiment = Omit<Experiment, 'deletedAt'>

const name = always(text('c.name'))

const mlflowAttributes: Readonly<Record<string, Attribute>> = {
  name,
  experiment_id: always(text('c.seq::text')),
  creation_time: always(milliseconds('c.created_at')),
  last_update_time: always(milliseconds('c.updated_at')),
  lifecycle_stage: always(text('c.lifecycle')),
}

const attributes: Readonly<Record<string, Attribute>> = {
  ...mlflowAttributes,
  id: always(id('c.id')),
  description: text('c.description'),
  created: always(instantAt('c.created_at')),
  updated: always(instantAt('c.updated_at')),
  runs: read('n', always(numberAt('coalesce(n.runs, 0)::float8'))),
  running: read('n', always(numberAt('coalesce(n.running, 0)::float8'))),
  last_run: read('n', instantAt('n.last_at')),
}

const base = {
  what: 'experiments',
  from: 'viewcast.context c',
  joins: {
    n: `LEFT JOIN (
      SELECT experiment_id, lifecycle, count(*) AS runs, count(*) FILTER (WHERE state = 'running') AS running,
        max(started_at) AS last_at
      FROM viewcast.execution GROUP BY experiment_id, lifecycle
    ) n ON n.experiment_id = c.id AND n.lifecycle = c.lifecycle`,
  },
  id: 'c.id',
  keyed: { tag: ({ key }, { bind }) => ({ type: 'text', sql: `(c.tags ->> ${bind(key, 'text')})` }) },
} as const satisfies Partial<Subject>

const subjects: Readonly<Record<'viewcast' | 'mlflow', Subject>> = {
  viewcast: { ...base, attributes },
  mlflow: { ...base, attributes: mlflowAttributes },
}

/**
 * Finds experiments, in the language and by the rules of {@link searchRuns}; keys are `tags.…`. The newest comes first
 * unless asked otherwise. Costs one statement.
 *
 * Errors: `search/filter`, `search/field`, `search/value`, `search/order`, `search/limit`, `search/page-token`.
 *
 * @example
 * ```ts
 * await searchExperiments(store, { filter: "name LIKE 'delay%' and runs > 0", orderBy: ['last_run DESC'] })
 * ```
 * ```sql
 * SELECT … FROM viewcast.context c LEFT JOIN (…) n ON … WHERE c.name LIKE $2::text …
 * ```
 */
export function searchExperiments(
  { db }: Store,
  options: SearchExperimentsOptions = {},
): Promise<Page<FoundExperiment>> {
  const { lifecycle = 'active', words = 'viewcast' } = options
  return searchPage<FoundExperiment & Record<string, unknown>>(db, {
    ...options,
    subject: subjects[words],
    columns: `c.id, c.name, c.seq::float8 AS seq, c.lifecycle, c.description, c.tags, c.created_at AS "createdAt",
      c.updated_at AS "updatedAt", coalesce(n.runs, 0)::int AS runs, coalesce(n.running, 0)::int AS running,
      n.last_at AS "lastRunAt"`,
    defaultOrder: 'creation_time DESC',
    asked: lifecycle,
    scope: ({ bind }) => [
      `c.kind = 'experiment'`,
      ...(lifecycle === 'all' ? [] : [`c.lifecycle = ${bind(lifecycle, 'text')}`]),
    ],
  })
}

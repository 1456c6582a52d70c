/** Runs as something to search. */
import { always, id, instantAt, milliseconds, numberAt, read, text } from './attributes.ts'
import { keysOfRun } from './run-keys.ts'
import type { Attribute, Subject } from './subject.ts'

/** What MLflow's clients call a run's state. */
const mlflowStatus = (state: string): string =>
  `CASE ${state} WHEN 'cached' THEN 'FINISHED' WHEN 'lost' THEN 'FAILED' WHEN 'skipped' THEN 'KILLED' ELSE upper(${state}) END`

const runId = always(id('r.id'))
const runName = always(text('r.name'))
const started = milliseconds('r.started_at')

/** Names that MLflow's clients use. */
const mlflowAttributes: Readonly<Record<string, Attribute>> = {
  run_id: runId,
  run_name: runName,
  'run name': runName,
  experiment_id: read('x', text('x.seq::text')),
  status: always(text(mlflowStatus('r.state'))),
  start_time: always(started),
  created: always(started),
  end_time: milliseconds('r.ended_at'),
  user_id: text('r.user_name'),
  lifecycle_stage: always(text('r.lifecycle')),
  artifact_uri: read('x', text(`'mlflow-artifacts:/' || x.seq || '/' || replace(r.id::text, '-', '') || '/artifacts'`)),
}

/** Ours; those of MLflow are understood, too. */
const attributes: Readonly<Record<string, Attribute>> = {
  id: runId,
  name: runName,
  kind: always(text('r.kind')),
  state: always(text('r.state')),
  experiment: read('x', text('x.name')),
  job: read('j', text('j.name')),
  parent: id('r.parent_id'),
  user: text('r.user_name'),
  started: always(instantAt('r.started_at')),
  ended: instantAt('r.ended_at'),
  seconds: numberAt('extract(epoch FROM r.ended_at - r.started_at)::float8'),
  commit: text('r.source_version'),
  dirty: { operand: { type: 'boolean', sql: 'r.source_dirty' } },
  note: text('r.note'),
  error: text(`r.error ->> 'message'`),
}

const datasets: NonNullable<Subject['datasets']> = {
  attributes: {
    name: text('a.name'),
    version: numberAt('f.version::float8'),
    digest: text('f.digest'),
    context: text('e.role'),
  },
  exists: (condition) =>
    `EXISTS (SELECT FROM viewcast.event e JOIN viewcast.artifact f ON f.id = e.artifact_id
       JOIN viewcast.asset a ON a.id = f.asset_id
       WHERE e.execution_id = r.id AND e.direction = 'in' AND a.kind IN ('dataset', 'source') AND ${condition})`,
}

const base = {
  what: 'runs',
  from: 'viewcast.execution r',
  joins: {
    x: 'LEFT JOIN viewcast.context x ON x.id = r.experiment_id',
    j: 'LEFT JOIN viewcast.job j ON j.id = r.job_id',
  },
  id: 'r.id',
  keyed: keysOfRun('r.id'),
  datasets,
} as const satisfies Partial<Subject>

/** Words for runs: our own, with those of MLflow; or MLflow's alone. */
export const runSubjects: Readonly<Record<'viewcast' | 'mlflow', Subject>> = {
  viewcast: { ...base, attributes: { ...mlflowAttributes, ...attributes } },
  mlflow: { ...base, attributes: mlflowAttributes },
}

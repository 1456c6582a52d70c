/** Runs as something to search. */
import type { Field } from './filter.ts'
import type { Attribute, Operand, Statement, Subject } from './subject.ts'

const text = (sql: string): Attribute => ({ operand: { type: 'text', sql } })
const always = (attribute: Attribute): Attribute => ({ ...attribute, isNullable: false })
const id = (sql: string): Attribute => ({ operand: { type: 'id', sql } })
const instantAt = (sql: string): Attribute => ({ operand: { type: 'instant', sql } })
const milliseconds = (sql: string): Attribute => ({ operand: { type: 'milliseconds', sql } })

/** A key that no run has been given is the id of no row: the metric is NULL everywhere. */
function metric({ key, statistic }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `metric ${key}`,
    (m) =>
      `LEFT JOIN viewcast.metric_latest ${m} ON ${m}.execution_id = r.id
         AND ${m}.key_id = (SELECT id FROM viewcast.metric_key WHERE name = ${bind(key, 'text')})`,
  )
  const column = { latest: 'value', min: 'min', max: 'max', count: 'n::float8' }[statistic]
  return { type: 'number', sql: `${alias}.${column}` }
}

function param({ key }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `param ${key}`,
    (p) => `LEFT JOIN viewcast.param ${p} ON ${p}.execution_id = r.id AND ${p}.key = ${bind(key, 'text')}`,
  )
  return { type: 'either', sql: `${alias}.value`, number: `${alias}.num` }
}

function tag({ key }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `tag ${key}`,
    (t) => `LEFT JOIN viewcast.run_tag ${t} ON ${t}.execution_id = r.id AND ${t}.key = ${bind(key, 'text')}`,
  )
  return { type: 'text', sql: `${alias}.value` }
}

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
  experiment_id: text('x.seq::text'),
  status: always(text(mlflowStatus('r.state'))),
  start_time: always(started),
  created: always(started),
  end_time: milliseconds('r.ended_at'),
  user_id: text('r.user_name'),
  lifecycle_stage: always(text('r.lifecycle')),
  artifact_uri: text(`'mlflow-artifacts:/' || x.seq || '/' || replace(r.id::text, '-', '') || '/artifacts'`),
}

/** Ours; those of MLflow are understood, too. */
const attributes: Readonly<Record<string, Attribute>> = {
  id: runId,
  name: runName,
  kind: always(text('r.kind')),
  state: always(text('r.state')),
  experiment: text('x.name'),
  job: text('j.name'),
  parent: id('r.parent_id'),
  user: text('r.user_name'),
  started: always(instantAt('r.started_at')),
  ended: instantAt('r.ended_at'),
  seconds: { operand: { type: 'number', sql: 'extract(epoch FROM r.ended_at - r.started_at)::float8' } },
  commit: text('r.source_version'),
  dirty: { operand: { type: 'boolean', sql: 'r.source_dirty' } },
  note: text('r.note'),
  error: text(`r.error ->> 'message'`),
}

const datasets: NonNullable<Subject['datasets']> = {
  attributes: {
    name: text('a.name'),
    version: { operand: { type: 'number', sql: 'f.version::float8' } },
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
  from: `viewcast.execution r
    LEFT JOIN viewcast.context x ON x.id = r.experiment_id
    LEFT JOIN viewcast.job j ON j.id = r.job_id`,
  id: 'r.id',
  keyed: { metric, param, tag },
  datasets,
} as const satisfies Partial<Subject>

/** Words for runs: our own, with those of MLflow; or MLflow's alone. */
export const runSubjects: Readonly<Record<'viewcast' | 'mlflow', Subject>> = {
  viewcast: { ...base, attributes: { ...mlflowAttributes, ...attributes } },
  mlflow: { ...base, attributes: mlflowAttributes },
}

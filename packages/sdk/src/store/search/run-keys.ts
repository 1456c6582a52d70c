/** Metrics, params and tags of runs, as joins: one for each key that is asked for. */
import type { Field } from './filter.ts'
import type { Operand, Statement, Subject } from './subject.ts'

/** @param run SQL of the id of the run. */
export const keysOfRun = (run: string): Required<Subject['keyed']> => ({
  metric: (field, statement) => metric(run, field, statement),
  param: (field, statement) => param(run, field, statement),
  tag: (field, statement) => tag(run, field, statement),
})

/** A key that no run has been given is the id of no row: the metric is NULL everywhere. */
function metric(run: string, { key, statistic }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `metric ${key}`,
    (m) =>
      `LEFT JOIN viewcast.metric_latest ${m} ON ${m}.execution_id = ${run}
         AND ${m}.key_id = (SELECT id FROM viewcast.metric_key WHERE name = ${bind(key, 'text')})`,
  )
  const column = { latest: 'value', min: 'min', max: 'max', count: 'n::float8' }[statistic]
  return { type: 'number', sql: `${alias}.${column}` }
}

function param(run: string, { key }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `param ${key}`,
    (p) => `LEFT JOIN viewcast.param ${p} ON ${p}.execution_id = ${run} AND ${p}.key = ${bind(key, 'text')}`,
  )
  return { type: 'either', sql: `${alias}.value`, number: `${alias}.num` }
}

function tag(run: string, { key }: Field, { bind, join }: Statement): Operand {
  const alias = join(
    `tag ${key}`,
    (t) => `LEFT JOIN viewcast.run_tag ${t} ON ${t}.execution_id = ${run} AND ${t}.key = ${bind(key, 'text')}`,
  )
  return { type: 'text', sql: `${alias}.value` }
}

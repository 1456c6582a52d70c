/** What is logged to a run: one function for single values and for batches, so that both mean the same. */
import { isViewcastError } from '@viewcast/compiler'
import { logBatch } from '../store/runs/batch.ts'
import { atomically, type Store } from '../store/store.ts'
import { invalid, MlflowFailure } from './failure.ts'
import { hexOf } from './ids.ts'
import { checkCount, checkLength, checkName, checkParam, checkTag, limits } from './limits.ts'
import { activeRun } from './run-rows.ts'
import { setTagColumns, splitTags } from './run-tags.ts'

interface Pair {
  readonly key: string
  readonly value: string
}

export interface LogRequest {
  readonly metrics: readonly {
    readonly key: string
    readonly value: number
    readonly timestamp: number
    readonly step: number
  }[]
  readonly params: readonly Pair[]
  readonly tags: readonly Pair[]
}

export async function log(store: Store, id: string, { metrics, params, tags }: LogRequest): Promise<void> {
  for (const metric of metrics) {
    checkName('metric', metric.key)
    checkLength('Metric name', limits.key, metric.key)
    if (metric.timestamp < 0) {
      invalid(
        `Got invalid timestamp ${metric.timestamp} for metric '${metric.key}' (value=${metric.value}). Timestamp must be a nonnegative long (64-bit integer) `,
      )
    }
  }
  for (const param of params) checkParam(param)
  for (const tag of tags) checkTag(tag)
  checkCount('metrics', limits.metricsPerBatch, metrics.length)
  checkCount('params', limits.paramsPerBatch, params.length)
  checkCount('tags', limits.tagsPerBatch, tags.length)
  checkCount('metrics, params, and tags', limits.entitiesPerBatch, metrics.length + params.length + tags.length)
  const keys = params.map((p) => p.key)
  const twice = [...new Set(keys.filter((key, i) => keys.indexOf(key) !== i))]
  if (twice.length > 0) {
    invalid(
      `Duplicate parameter keys have been submitted: [${twice.map((k) => `'${k}'`).join(', ')}]. Please ensure the request contains only one param value per param key.`,
    )
  }
  try {
    await atomically(store, async (inside) => {
      const run = await activeRun(inside, id)
      const split = await splitTags(inside, tags)
      await setTagColumns(inside, run, split.columns)
      await logBatch(inside, run, {
        params: Object.fromEntries(params.map((p) => [p.key, p.value])),
        tags: split.tags,
        metrics: metrics.map((m) => ({ name: m.key, value: m.value, step: m.step, at: m.timestamp })),
      })
    })
  } catch (e) {
    if (e instanceof MlflowFailure || !isViewcastError(e)) throw e
    if (e.diagnostics.some((d) => d.code === 'run/param')) await tellChangedParam(store, id, params)
    // Deleted between the look and the write.
    if (e.diagnostics.some((d) => d.code === 'run/not-active')) await activeRun(store, id)
    throw e
  }
}

/** The batch was refused as a whole; which value was there is looked up for the message. */
async function tellChangedParam(store: Store, id: string, params: readonly Pair[]): Promise<void> {
  const run = await activeRun(store, id)
  const there = await store.db.rows<Pair>(
    'SELECT key, value FROM viewcast.param WHERE execution_id = $1 AND key = ANY ($2::text[]) ORDER BY key',
    [run, params.map((p) => p.key)],
  )
  const changed = there.flatMap(({ key, value: old }) => {
    const now = params.find((p) => p.key === key)?.value
    return now === undefined || now === old ? [] : [{ key, old, now }]
  })
  const [first] = changed
  if (params.length === 1 && first) {
    invalid(
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${first.old}' for run ID='${hexOf(run)}'. Attempted logging new value '${first.now}'.`,
    )
  }
  if (first) {
    const list = changed.map((c) => `{'key': '${c.key}', 'old_value': '${c.old}', 'new_value': '${c.now}'}`).join(', ')
    invalid(`Changing param values is not allowed. Params were already logged='[${list}]' for run ID='${hexOf(run)}'.`)
  }
}

import { type MeasuredPeriod, type MetricsOptions, predictionMetrics } from '../predict/replay/prediction-metrics.ts'
import { recordEvent } from '../store/graph/artifacts.ts'
import { versionId } from '../store/predictions/open-log.ts'
import { logBatch } from '../store/runs/batch.ts'
import { withRun } from '../store/runs/with-run.ts'
import type { Store } from '../store/store.ts'

/**
 * Measures logged predictions as {@link predictionMetrics} does, and keeps what was found: a run for each version, with the
 * metrics `live.auc`, `live.logLoss`, … as points at the start of each period, and `live.labelled`.
 *
 * @example
 * ```ts
 * await measurePredictions(store, 'delay15', { every: '1 week' })
 * ```
 */
export async function measurePredictions(
  store: Store,
  model: string,
  options: MetricsOptions = {},
): Promise<readonly MeasuredPeriod[]> {
  const found = await predictionMetrics(store, model, options)
  const { from, until, deployment, run: logged } = options
  const asked = Object.entries({ from, until, deployment, run: logged }).filter(([, value]) => value !== undefined)
  for (const version of new Set(found.map((f) => f.version))) {
    const periods = found.filter((f) => f.version === version && f.labelled > 0)
    await withRun(
      store,
      {
        kind: 'measure',
        name: model,
        job: `${model}.measure`,
        params: { model, version, every: options.every ?? '1 week', ...Object.fromEntries(asked) },
      },
      async (run) => {
        await recordEvent(store, run.id, await versionId(store, model, version), 'in', 'model')
        await logBatch(store, run.id, { metrics: periods.flatMap(pointsOf) })
      },
    )
  }
  return found
}

/** The step is the start of the period in seconds since 1970, so that runs over the same periods can be laid side by side. */
function pointsOf({ from, labelled, metrics }: MeasuredPeriod) {
  const at = Date.parse(from.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
  const known = Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]))
  return [...known, { name: 'labelled', value: labelled }].map(({ name, value }) => ({
    name: `live.${name}`,
    value,
    step: Math.floor(at / 1000),
    at,
  }))
}

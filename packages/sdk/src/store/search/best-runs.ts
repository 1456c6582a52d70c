/** The runs with the best value of a metric. */
import { fail, nearParameter } from '@viewcast/compiler'
import type { Store } from '../store.ts'
import { type FoundRun, type SearchRunsOptions, searchRuns } from './search-runs.ts'

export interface BestRunsOptions extends Omit<SearchRunsOptions, 'orderBy' | 'pageToken'> {
  readonly metric: string
  /** Which is better. Default by the name: less of a loss, an error, a deviance, …; more of everything else. */
  readonly better?: 'more' | 'less'
}

export interface BestRuns {
  readonly metric: string
  readonly better: 'more' | 'less'
  /** The best first. Runs without the metric are not among them, nor are those where it is NaN. */
  readonly runs: readonly FoundRun[]
}

const less = /(?:loss|error|deviance|perplexity|brier|ece|rmse|mse|mae|mape|aic|bic|seconds)$/i

/**
 * Finds the runs with the best latest value of a metric. Of equal ones the newer comes first.
 *
 * Costs the four statements of {@link searchRuns}, and one more when nothing is found.
 *
 * Errors: `search/metric` when no run has the metric; those of {@link searchRuns}.
 *
 * @param options.limit how many, default 10.
 *
 * @example
 * ```ts
 * const { runs: [best] } = await bestRuns(store, { metric: 'test.auc', experiments: ['delays'] })
 * ```
 */
export async function bestRuns(store: Store, options: BestRunsOptions): Promise<BestRuns> {
  const { metric, better = less.test(metric) ? 'less' : 'more', ...search } = options
  const key = `metrics.\`${metric.replaceAll('`', '``')}\``
  const { items } = await searchRuns(store, {
    limit: 10,
    ...search,
    orderBy: [`${key} ${better === 'more' ? 'DESC' : 'ASC'}`, 'started DESC'],
  })
  // They come last, whichever the direction.
  const runs = items.filter((run) => Object.hasOwn(run.metrics, metric) && !Number.isNaN(run.metrics[metric]?.value))
  if (runs.length === 0) {
    const names = await store.db.rows<{ name: string }>('SELECT name FROM viewcast.metric_key')
    const known = names.map((row) => row.name)
    // Where it is known, the runs that have it were not asked for.
    const near = known.includes(metric) ? {} : nearParameter(metric, known)
    fail('search/metric', { metric, ...near })
  }
  return { metric, better, runs }
}

/** `experiments/search`, and `experiments/list` of older clients. */
import { z } from 'zod'
import { searchExperiments } from '../store/search/search-experiments.ts'
import type { Store } from '../store/store.ts'
import { experimentJson, experimentOf, experimentsById } from './experiment-rows.ts'
import { checkPage } from './limits.ts'
import { int64, type JsonObject, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { lifecycleOf, viewType } from './view-type.ts'

const request = z.object({
  filter: text.default(''),
  max_results: int64.default(1000),
  order_by: repeated(text),
  page_token: text.default(''),
  view_type: viewType,
})

async function find(store: Store, asked: z.output<typeof request>): Promise<JsonObject> {
  // Default is there for whoever looks, as it is with MLflow.
  await experimentOf(store, '0')
  const { items, nextPageToken } = await searchExperiments(store, {
    words: 'mlflow',
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkPage(asked.max_results, 50_000),
    lifecycle: lifecycleOf(asked.view_type) ?? 'all',
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
  })
  const rows = await experimentsById(
    store,
    items.map((item) => item.id),
  )
  return {
    experiments: rows.map(experimentJson),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
}

export const searchExperimentRoutes: readonly Route[] = [
  route(['GET', 'POST'], 'experiments/search', request, find),
  route('GET', 'experiments/list', request, find),
]

/** `registered-models/search` and `model-versions/search`. */
import { z } from 'zod'
import { searchModels, searchModelVersions } from '../store/search/search-models.ts'
import { checkPage } from './limits.ts'
import { modelsById, modelsJson, versionJson, versionsById } from './model-rows.ts'
import { int64, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'

const request = (page: number) =>
  z.object({
    filter: text.default(''),
    max_results: int64.default(page),
    order_by: repeated(text),
    page_token: text.default(''),
  })

const models = route(['GET', 'POST'], 'registered-models/search', request(100), async (store, asked) => {
  const { items, nextPageToken } = await searchModels(store, {
    words: 'mlflow',
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkPage(asked.max_results, 1000),
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
  })
  const rows = await modelsById(
    store,
    items.map((item) => item.id),
  )
  return {
    registered_models: await modelsJson(store, rows),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
})

/** Clients ask for up to 200,000 and read on by the token; a page has no more than 50,000. */
const most = { asked: 200_000, page: 50_000 }

const versions = route(['GET', 'POST'], 'model-versions/search', request(10_000), async (store, asked) => {
  const { items, nextPageToken } = await searchModelVersions(store, {
    words: 'mlflow',
    filter: asked.filter,
    orderBy: asked.order_by.length > 0 ? asked.order_by : ['last_updated_timestamp DESC'],
    limit: Math.min(checkPage(asked.max_results, most.asked), most.page),
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
  })
  const rows = await versionsById(
    store,
    items.map((item) => item.id),
  )
  return {
    model_versions: rows.map(versionJson),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
})

export const searchModelRoutes: readonly Route[] = [models, versions]

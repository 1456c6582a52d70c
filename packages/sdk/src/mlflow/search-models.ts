/** `registered-models/search` and `model-versions/search`. */
import { z } from 'zod'
import { searchPage } from '../store/search/search.ts'
import type { Attribute, Subject } from '../store/search/subject.ts'
import { checkPage } from './limits.ts'
import {
  type ModelRow,
  modelColumns,
  modelsJson,
  type VersionRow,
  versionColumns,
  versionJson,
  versionRun,
  versionTables,
} from './model-rows.ts'
import { int64, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'

const always = (type: 'text' | 'milliseconds' | 'number', sql: string): Attribute => ({
  operand: { type, sql },
  isNullable: false,
})

const models: Subject = {
  what: 'registered models',
  from: 'viewcast.asset s',
  joins: {},
  id: 's.id',
  attributes: {
    name: always('text', 's.name'),
    creation_timestamp: always('milliseconds', 's.created_at'),
    last_updated_timestamp: always('milliseconds', 's.updated_at'),
    timestamp: always('milliseconds', 's.updated_at'),
  },
  keyed: { tag: ({ key }, { bind }) => ({ type: 'text', sql: `(s.props -> 'tags' ->> ${bind(key, 'text')})` }) },
}

const versions: Subject = {
  what: 'model versions',
  from: versionTables,
  joins: {},
  id: 'a.id',
  attributes: {
    name: always('text', 's.name'),
    version_number: always('number', 'a.version::float8'),
    version: always('number', 'a.version::float8'),
    run_id: { operand: { type: 'text', sql: `coalesce(replace(${versionRun}::text, '-', ''), a.props ->> 'runId')` } },
    source_path: { operand: { type: 'text', sql: 'a.uri' } },
    source: { operand: { type: 'text', sql: 'a.uri' } },
    creation_timestamp: always('milliseconds', 'a.created_at'),
    last_updated_timestamp: always('milliseconds', 'a.updated_at'),
  },
  keyed: { tag: ({ key }, { bind }) => ({ type: 'text', sql: `(a.tags ->> ${bind(key, 'text')})` }) },
}

const request = (page: number) =>
  z.object({
    filter: text.default(''),
    max_results: int64.default(page),
    order_by: repeated(text),
    page_token: text.default(''),
  })

const searchModels = route(['GET', 'POST'], 'registered-models/search', request(100), async (store, asked) => {
  const { items, nextPageToken } = await searchPage<ModelRow & Record<string, unknown>>(store.db, {
    subject: models,
    columns: modelColumns,
    defaultOrder: 'name',
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkPage(asked.max_results, 1000),
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
    asked: 'models',
    scope: ({ bind }) => [
      `s.kind = 'model'`,
      `s.lifecycle <> 'deleted'`,
      `s.namespace = ${bind(store.project, 'text')}`,
    ],
  })
  return {
    registered_models: await modelsJson(store, items),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
})

/** Clients ask for up to 200,000 and read on by the token; a page has no more than 50,000. */
const most = { asked: 200_000, page: 50_000 }

const searchVersions = route(['GET', 'POST'], 'model-versions/search', request(10_000), async (store, asked) => {
  const { items, nextPageToken } = await searchPage<VersionRow & Record<string, unknown>>(store.db, {
    subject: versions,
    columns: versionColumns,
    defaultOrder: 'last_updated_timestamp DESC',
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: Math.min(checkPage(asked.max_results, most.asked), most.page),
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
    asked: 'versions',
    scope: ({ bind }) => [
      `s.kind = 'model'`,
      `s.lifecycle <> 'deleted'`,
      `a.state <> 'deleted'`,
      `s.namespace = ${bind(store.project, 'text')}`,
    ],
  })
  return {
    model_versions: items.map(versionJson),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
})

export const searchModelRoutes: readonly Route[] = [searchModels, searchVersions]

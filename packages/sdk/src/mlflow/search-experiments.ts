/** `experiments/search`, and `experiments/list` of older clients. */
import { z } from 'zod'
import { searchPage } from '../store/search/search.ts'
import type { Subject } from '../store/search/subject.ts'
import type { Store } from '../store/store.ts'
import { type ExperimentRow, experimentColumns, experimentJson, experimentOf, noteTag } from './experiment-rows.ts'
import { checkPage } from './limits.ts'
import { int64, type JsonObject, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { lifecycleOf, viewType } from './view-type.ts'

const created = { operand: { type: 'milliseconds', sql: 'created_at' }, isNullable: false } as const
const updated = { operand: { type: 'milliseconds', sql: 'updated_at' }, isNullable: false } as const
const number = { operand: { type: 'number', sql: 'seq::float8' }, isNullable: false } as const

const subject: Subject = {
  what: 'experiments',
  from: 'viewcast.context',
  joins: {},
  id: 'id',
  attributes: {
    name: { operand: { type: 'text', sql: 'name' }, isNullable: false },
    experiment_id: number,
    creation_time: created,
    last_update_time: updated,
  },
  keyed: {
    tag: ({ key }, { bind }) => ({
      type: 'text',
      sql: key === noteTag ? 'description' : `(tags ->> ${bind(key, 'text')})`,
    }),
  },
}

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
  const lifecycle = lifecycleOf(asked.view_type)
  const { items, nextPageToken } = await searchPage<ExperimentRow & Record<string, unknown>>(store.db, {
    subject,
    columns: experimentColumns,
    defaultOrder: 'creation_time DESC',
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkPage(asked.max_results, 50_000),
    ...(asked.page_token === '' ? {} : { pageToken: asked.page_token }),
    asked: lifecycle ?? 'all',
    scope: ({ bind }) => [
      `kind = 'experiment'`,
      ...(lifecycle === undefined ? [] : [`lifecycle = ${bind(lifecycle, 'text')}`]),
    ],
  })
  return {
    experiments: items.map(experimentJson),
    ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
  }
}

export const searchExperimentRoutes: readonly Route[] = [
  route(['GET', 'POST'], 'experiments/search', request, find),
  route('GET', 'experiments/list', request, find),
]

/** `runs/search` */
import { z } from 'zod'
import { runSubjects } from '../store/search/run-subject.ts'
import { searchPage } from '../store/search/search.ts'
import type { Subject } from '../store/search/subject.ts'
import type { Store } from '../store/store.ts'
import { checkPage } from './limits.ts'
import { id, int64, repeated, text } from './proto-json.ts'
import { type Route, route } from './route.ts'
import { runsJson } from './run-rows.ts'
import { tagSql } from './run-tags.ts'
import { lifecycleOf, viewType } from './view-type.ts'

const { mlflow } = runSubjects

/** Tags that are columns are found by what clients call them. */
const subject: Subject = {
  ...mlflow,
  keyed: {
    ...mlflow.keyed,
    tag: (field, statement) => {
      const sql = tagSql(field.key)
      const kept = mlflow.keyed.tag?.(field, statement)
      if (sql === undefined) return kept as NonNullable<typeof kept>
      return { type: 'text', sql: kept === undefined ? sql : `coalesce(${sql}, ${kept.sql})` }
    },
  },
}

const search = route(
  'POST',
  'runs/search',
  z.object({
    experiment_ids: repeated(id),
    filter: text.default(''),
    run_view_type: viewType,
    max_results: int64.default(1000),
    order_by: repeated(text),
    page_token: text.default(''),
  }),
  async (store, request) => {
    const experiments = await experimentsOf(store, request.experiment_ids)
    // What is in no experiment is shown in Default.
    const isDefaultAsked = request.experiment_ids.includes('0')
    const lifecycle = lifecycleOf(request.run_view_type)
    const { items, nextPageToken } = await searchPage<{ id: string }>(store.db, {
      subject,
      columns: 'r.id',
      defaultOrder: 'attributes.start_time DESC',
      filter: request.filter,
      orderBy: request.order_by,
      limit: checkPage(request.max_results, 50_000),
      ...(request.page_token === '' ? {} : { pageToken: request.page_token }),
      asked: [request.experiment_ids, lifecycle],
      scope: ({ bind }) => {
        const inside = `r.experiment_id = ANY (${bind(experiments, 'uuid[]')})`
        return [
          isDefaultAsked ? `(${inside} OR r.experiment_id IS NULL)` : inside,
          ...(lifecycle === undefined ? [] : [`r.lifecycle = ${bind(lifecycle, 'text')}`]),
        ]
      },
    })
    return {
      runs: await runsJson(
        store,
        items.map((item) => item.id),
      ),
      ...(nextPageToken === undefined ? {} : { next_page_token: nextPageToken }),
    }
  },
)

/** Ids of experiments by their numbers; those that are not there have no runs. */
async function experimentsOf({ db }: Store, numbers: readonly string[]): Promise<readonly string[]> {
  const known = numbers.filter((number) => /^\d{1,18}$/.test(number))
  const rows = await db.rows<{ id: string }>(
    `SELECT id FROM viewcast.context WHERE kind = 'experiment' AND (seq = ANY ($1::bigint[])
       OR ($2 AND name = 'Default' AND lifecycle = 'active'
           AND NOT EXISTS (SELECT FROM viewcast.context WHERE kind = 'experiment' AND seq = 0)))`,
    [known, known.includes('0')],
  )
  return rows.map((row) => row.id)
}

export const searchRunRoutes: readonly Route[] = [search]

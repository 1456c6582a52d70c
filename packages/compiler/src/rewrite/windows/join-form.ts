import { quoteIdentifier } from '../../emit/identifier.ts'
import { eventSource, featureList, seen } from './events.ts'
import type { WindowRequest } from './feature.ts'

/** Range join and GROUP BY: the planner is free to read the events once or by index. */
export function joinSql(request: WindowRequest): string {
  const { view } = request
  const question = [...view.entity.keys.map((k) => `s.${quoteIdentifier(k.name)}`), 's.as_of']
  return (
    `SELECT ${[...question, ...featureList(request)].join(', ')} FROM spine AS s ` +
    `LEFT JOIN ${eventSource(view)} ON ${seen(request).join(' AND ')} GROUP BY ${question.join(', ')}`
  )
}

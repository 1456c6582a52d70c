import { quoteIdentifier } from '../../emit/identifier.ts'
import { eventSource, featureList, seen } from './events.ts'
import type { WindowRequest } from './feature.ts'

/** One aggregate scan per question: reads the events of its widest window and nothing else, where an index finds them. */
export function lateralSql(request: WindowRequest): string {
  const { view, features } = request
  const question = [...view.entity.keys.map((k) => `s.${quoteIdentifier(k.name)}`), 's.as_of']
  const columns = [...question, ...features.map((f) => `l.${quoteIdentifier(f.name)}`)]
  return (
    `SELECT ${columns.join(', ')} FROM spine AS s LEFT JOIN LATERAL (` +
    `SELECT ${featureList(request).join(', ')} FROM ${eventSource(view)} ` +
    `WHERE ${seen(request).join(' AND ')}) AS l ON true`
  )
}

/** Codes of searches; part of the list in `codes.ts`. */
import { type CodeEntry, entry, near } from './code-entry.ts'

export const searchCodes = {
  'search/filter': entry(
    (p) => `The filter cannot be read: ${p.detail}`,
    (p) => p.hint ?? `It is written like: metrics."test.auc" > 0.7 and (params.depth = 3 or tags.team LIKE 'ops%')`,
  ),
  'search/field': entry(
    (p) => `${p['subject']} have no "${p['field']}" to search by`,
    (p) => near(p) ?? p.hint,
  ),
  'search/value': entry(
    (p) => `"${p['field']}" ${p.detail}`,
    (p) => p.hint,
  ),
  'search/order': entry(
    (p) => `The order cannot be read: ${p.detail}`,
    (p) => p.hint ?? 'It is written like: metrics.loss DESC',
  ),
  'search/limit': entry(
    (p) => `A page cannot have ${p.limit} rows`,
    () => 'Ask for 1 to 50000.',
  ),
  'search/metric': entry(
    (p) => `None of the runs has a value of the metric "${p.metric}"`,
    (p) =>
      near(p) ?? 'Ask in another experiment or with another filter; viewcast runs show lists the metrics of a run.',
  ),
  'search/compare': entry(
    (p) => `Runs are compared with each other, 2 to 50 of them, not ${p['count']}`,
    () => 'Name each of them once; viewcast runs best finds one among many.',
  ),
  'search/page-token': entry(
    () => 'The page token does not belong to this query',
    () => 'Ask for all pages with the same filter, order and scope, or begin with the first page again.',
  ),
} as const satisfies Record<string, CodeEntry>

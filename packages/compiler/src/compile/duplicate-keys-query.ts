/** Does a static view return several rows for one key? The queries then take one of them, and the user should know. */
import type { Facts } from '../analyse/bind.ts'
import { isUniqueOn } from '../analyse/unique.ts'
import { quoteIdentifier } from '../emit/identifier.ts'
import { sqlFacts } from '../front/sql/facts.ts'
import { speakerOf, viewText } from '../front/sql/view-text.ts'
import type { StaticView } from '../ir/definition.ts'

/**
 * A query of one row and one boolean, `duplicates`; undefined when one row per key is proven without asking. Rows whose
 * key is NULL are joined to nothing and do not count.
 *
 * ```sql
 * SELECT EXISTS (SELECT FROM (…) AS q WHERE iata IS NOT NULL GROUP BY iata HAVING count(*) > 1) AS duplicates
 * ```
 */
export function duplicateKeysQuery(view: StaticView, { catalog }: Facts): string | undefined {
  const title = `view "${view.name}"`
  const { text, origin } = viewText(view.query, catalog, title)
  const facts = sqlFacts(text, speakerOf(title, origin))
  const keys = view.entity.keys.map((k) => k.name)
  if (isUniqueOn(facts, keys, catalog)) return undefined
  const quoted = keys.map(quoteIdentifier)
  const known = quoted.map((k) => `${k} IS NOT NULL`).join(' AND ')
  return `SELECT EXISTS (SELECT FROM (\n${facts.text}\n) AS q WHERE ${known} GROUP BY ${quoted.join(', ')} HAVING count(*) > 1) AS duplicates`
}

/** The text that creates an index, for a person to run. */

import { quoteIdentifier, quoteName } from '../emit/identifier.ts'
import { type Catalog, type CatalogRelation, columnType } from '../ir/catalog.ts'
import { isNumber, type SqlType } from '../ir/type.ts'

const maxBytes = 63
const encoder = new TextEncoder()
const bytes = (text: string): number => encoder.encode(text).length

/**
 * `CREATE INDEX CONCURRENTLY …` over `columns`.
 *
 * @param others columns that are read beside them; undefined stands for one that is computed. They are included when all
 * of them are short: a long value would make an INSERT fail that works without the index.
 *
 * ```sql
 * CREATE INDEX CONCURRENTLY plans_customer_id_valid_from_idx ON public.plans (customer_id, valid_from) INCLUDE (seats)
 * ```
 */
export function createIndex(
  relation: CatalogRelation,
  columns: readonly string[],
  others: readonly (string | undefined)[],
  catalog: Catalog,
): string {
  const taken = new Set(
    catalog.relations
      .filter((r) => r.schema === relation.schema)
      .flatMap((r) => [r.name, ...r.indexes.map((i) => i.name)]),
  )
  const name = indexName([relation.name, ...columns], taken)
  const included = [...new Set(others)].filter((c) => c === undefined || !columns.includes(c))
  const short = included.filter((c) => c !== undefined && isShort(columnType(relation, c) ?? ''))
  const covers = included.length > 0 && short.length === included.length && included.length <= mostIncluded
  return (
    `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${quoteName({ schema: relation.schema, name: relation.name })} ` +
    `(${columns.map(quoteIdentifier).join(', ')})` +
    (covers ? ` INCLUDE (${short.map((c) => quoteIdentifier(c ?? '')).join(', ')})` : '')
  )
}

/** With more the index is a second copy of the table. */
const mostIncluded = 8

const isShort = (type: SqlType): boolean =>
  isNumber(type) || ['bool', 'date', 'timestamp', 'timestamptz', 'time', 'uuid', 'interval'].includes(type)

/** `plans_customer_id_valid_from_idx`: PostgreSQL's own pattern; too long a name ends in a hash of what was cut. */
function indexName(parts: readonly string[], taken: ReadonlySet<string>): string {
  const whole = parts.join('_')
  let stem = whole
  const hash = fingerprint(whole)
  // Room for `_idx`, the hash and a number.
  if (bytes(`${whole}_idx_99`) > maxBytes) {
    const characters = [...whole]
    while (bytes(`${characters.join('')}_${hash}_idx_99`) > maxBytes) characters.pop()
    stem = `${characters.join('')}_${hash}`
  }
  let name = `${stem}_idx`
  for (let n = 2; taken.has(name); n++) name = `${stem}_idx_${n}`
  return name
}

/** FNV-1a, 32 bits, as base 36: stable, and it only has to tell apart names that begin alike. */
function fingerprint(text: string): string {
  let h = 0x811c9dc5
  for (const byte of encoder.encode(text)) h = Math.imul(h ^ byte, 0x01000193) >>> 0
  return h.toString(36)
}

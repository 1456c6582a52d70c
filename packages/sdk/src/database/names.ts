/** A name quoted for SQL. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * A relation as callers write it, quoted: `flights`, `public.flights`, `public."odd.name"`. Case is kept, so that a name
 * out of the catalog needs no quotes.
 */
export function qualifiedName(relation: string): string {
  const parts = relation.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []
  return parts.map((part) => (part.startsWith('"') ? part : quoteName(part))).join('.')
}

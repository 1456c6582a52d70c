/** dbt names relations with their database: `"shop"."analytics"."orders"`. Elsewhere the same SQL must do without. */
import { describeQuery, emptyCatalog, isViewcastError, quoteName } from '@viewcast/compiler'

/** The text with every three-part name written as `schema.name`; a text that does not parse comes back as it is. */
export function withoutDatabase(text: string, name: string): string {
  const entity = { kind: 'entity' as const, name: 'entity', keys: [] }
  const query = { kind: 'sql' as const, text, origin: { kind: 'generated' as const } }
  try {
    const { facts } = describeQuery({ kind: 'static', name, entity, query, features: {} }, emptyCatalog)
    let out = text
    for (const r of [...facts.references].reverse()) {
      const written = facts.text.slice(r.start, r.end)
      const threePart = /^(?:"(?:[^"]|"")*"|[^\s."]+)\s*\.\s*(?:"(?:[^"]|"")*"|[^\s."]+)\s*\./.test(written)
      if (!threePart || r.schema === undefined) continue
      out = out.slice(0, r.start) + quoteName({ schema: r.schema, name: r.name }) + out.slice(r.end)
    }
    return out
  } catch (e) {
    if (!isViewcastError(e)) throw e
    return text
  }
}

/** Replacing references in a user's text by location. */
import { quoteName } from '../../emit/identifier.ts'
import type { RelationName } from '../../ir/definition.ts'
import type { SqlFacts } from './facts.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies non-overlapping edits. */
export function splice(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  const parts: string[] = []
  let from = 0
  for (const e of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(text.slice(from, e.start), e.text)
    from = e.end
  }
  parts.push(text.slice(from))
  return parts.join('')
}

/** A name as written, as one text that no other name shares: `a.b` is b of schema a, `"a.b"` a name with a dot in it. */
export const referenceKey = (reference: RelationName): string => quoteName(reference)

/** What a mention is replaced with, ready to print: a stage, or the same relation by its full name. */
export interface Replacement {
  readonly sql: string
  readonly sameRelation: boolean
}

/**
 * The edits that make a text read other relations: `target` gives the replacement of a reference, or undefined to leave
 * it. A replaced relation keeps its old name as an alias, so that `flights.delay` still means what it meant.
 */
export function retarget(
  facts: SqlFacts,
  target: (reference: { schema?: string; name: string; sampled?: boolean }) => Replacement | undefined,
  quote: (name: string) => string,
): Edit[] {
  const edits: Edit[] = []
  // Two of one name in one FROM are only told apart by their schemas, which a stage does not have.
  const aliases = new Map<string, string>()
  for (const r of facts.references) {
    const to = target(r)
    if (to === undefined) continue
    const apart = r.namesake && !to.sameRelation
    const name = quote(apart ? `_${[...r.name].slice(0, 13).join('')}_${edits.length + 1}` : r.name)
    if (apart) aliases.set(to.sql, name)
    const alias = r.hasAlias || to.sameRelation || (to.sql === name && !apart) ? '' : ` as ${name}`
    edits.push({ start: r.start, end: r.end, text: `${to.sql}${alias}` })
  }
  for (const c of facts.qualifiedColumns) {
    const to = target({ schema: c.schema, name: c.relation })
    if (to === undefined || to.sameRelation) continue
    const alias = aliases.get(to.sql)
    if (alias === undefined) edits.push({ start: c.start, end: c.end, text: '' })
    else edits.push({ start: c.start, end: c.relationEnd, text: alias })
  }
  return edits
}

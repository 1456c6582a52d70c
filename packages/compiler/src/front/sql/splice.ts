/** Replacing references in a user's text by location. */
import type { SqlFacts } from './facts.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies non-overlapping edits, last first, so that earlier offsets stay true. */
export function splice(text: string, edits: readonly Edit[]): string {
  let out = text
  for (const e of [...edits].sort((a, b) => b.start - a.start)) out = out.slice(0, e.start) + e.text + out.slice(e.end)
  return out
}

/**
 * The edits that make a text read other relations: `target` gives the (quoted) replacement of a reference, or undefined
 * to leave it. A replaced relation keeps its old name as an alias, so that `flights.delay` still means what it meant.
 */
export function retarget(
  facts: SqlFacts,
  target: (reference: { schema?: string; name: string }) => string | undefined,
  quote: (name: string) => string,
): Edit[] {
  const edits: Edit[] = []
  for (const r of facts.references) {
    const to = target(r)
    if (to === undefined) continue
    const alias = r.hasAlias || to === quote(r.name) ? '' : ` as ${quote(r.name)}`
    edits.push({ start: r.start, end: r.end, text: `${to}${alias}` })
  }
  for (const c of facts.qualifiedColumns) {
    if (target({ schema: c.schema, name: c.relation }) !== undefined)
      edits.push({ start: c.start, end: c.end, text: '' })
  }
  return edits
}

/** Which columns of a source tell when one of its rows was there. Pure guesses are named as such, so that users can object. */
import type { CatalogRelation } from '../ir/catalog.ts'
import type { SourceTime } from '../ir/definition.ts'
import type { Column } from '../ir/type.ts'

export interface SourceInstants {
  readonly schema: string
  readonly name: string
  /** A row counts as there once all of these have passed; none when the rows are taken as there always. */
  readonly cutAt: readonly Column[]
  /** Instants left out, and why. */
  readonly ignored: readonly { readonly column: string; readonly why: 'planned' | 'declared' | 'key' }[]
}

const instants = new Set(['timestamptz', 'timestamp', 'date'])

/** Names of instants that are known before they come: the end of a validity, a deadline, a timetable. */
const planned =
  /^(valid|effective)_?(to|until|thru|through)$|^(scheduled|planned|due|expires?|expiry|renews?)(_|$)|_(due|expiry|until)(_|$)/i

/**
 * The instants of a source: the one declared; otherwise every column that holds one, except those that by their name are
 * known beforehand, and `keys`, which name what is asked about. A flight that has taken off and not landed is then not there yet, a contract that runs out next year is.
 */
export function sourceInstants(
  relation: CatalogRelation,
  declared?: SourceTime,
  keys: ReadonlySet<string> = new Set(),
): SourceInstants {
  const { schema, name } = relation
  const all = relation.columns.filter((c) => instants.has(c.type))
  const known = declared === 'always' ? undefined : declared?.knownAt
  if (declared === 'always' || known !== undefined) {
    const cutAt = all.filter((c) => c.name === known)
    const ignored = all.filter((c) => c.name !== known).map((c) => ({ column: c.name, why: 'declared' as const }))
    return { schema, name, cutAt, ignored }
  }
  const why = (c: Column) => (keys.has(c.name) ? 'key' : planned.test(c.name) ? 'planned' : undefined)
  const cutAt = all.filter((c) => why(c) === undefined)
  const ignored = all.flatMap((c) => {
    const reason = why(c)
    return reason === undefined ? [] : [{ column: c.name, why: reason } as const]
  })
  return { schema, name, cutAt, ignored }
}

/** Views of the same key columns and types are about one thing: an entity, with a name and the relation that lists it. */
import type { RelationName, SqlType } from '@viewcast/compiler'
import type { Candidate, KeyedRelation } from './candidate.ts'
import { type ChosenKey, needsSource } from './infer-keys.ts'
import { definitionName, freeName, singular, snakeCase, stemOf } from './infer-names.ts'
import type { InferredEntity } from './inferred.ts'

export interface Keyed {
  readonly candidate: Candidate
  readonly key: ChosenKey
}

/** Integers compare with each other, and so do texts; other types must be the same. */
function classOf(type: SqlType | undefined): string {
  if (type === undefined) return '?'
  if (/^int[248]$/.test(type)) return 'integer'
  return /^(text|varchar|bpchar|citext|name)$/.test(type) ? 'text' : type
}

/** Groups views into entities. The second value says which entity a view belongs to, by the view's name. */
export function inferEntities(
  keyed: readonly Keyed[],
  relations: readonly KeyedRelation[],
  taken: Set<string>,
): { entities: InferredEntity[]; entityOf: ReadonlyMap<string, string> } {
  const groups: Keyed[][] = []
  for (const one of keyed) {
    const group = groups.find((g) => sameThing(g[0] as Keyed, one))
    if (group) group.push(one)
    else groups.push([one])
  }
  const entityOf = new Map<string, string>()
  const entities = groups.map((group) => {
    const { candidate, key } = group[0] as Keyed
    const from = listOf(group, relations)
    const wanted = key.named?.name ?? nameOf(candidate, key, from, relations)
    const name = freeName(definitionName(taken.has(wanted) ? `${wanted}_entity` : wanted), taken)
    for (const { candidate: member } of group) entityOf.set(member.name, name)
    const keys = key.columns.map((column) => ({ name: column, type: typeFor(column, group, from) }))
    return { name, keys, ...(from === undefined ? {} : { from: from.relation }), checks: checksOf(keys, group, from) }
  })
  return { entities: entities.sort((a, b) => (a.name < b.name ? -1 : 1)), entityOf }
}

/** The type of a key column in a view: its own, or for a view over `spine` that of what it is compared with. */
const typeIn = ({ candidate, key }: Keyed, column: string): SqlType | undefined =>
  key.named?.keys.find((k) => k.name === column)?.type ??
  candidate.columns.find((c) => c.name === column)?.type ??
  candidate.spine?.find((c) => c.name === column)?.type

export const isTyped = (one: Keyed): boolean => one.key.columns.every((c) => typeIn(one, c) !== undefined)

function sameThing(a: Keyed, b: Keyed): boolean {
  if (a.key.named || b.key.named) return a.key.named === b.key.named
  if (a.key.columns.length !== b.key.columns.length) return false
  const same = a.key.columns.every((column) => {
    return b.key.columns.includes(column) && classOf(typeIn(a, column)) === classOf(typeIn(b, column))
  })
  return same && (!needsSource(a.key.columns) || sourceOf(a) === sourceOf(b))
}

const sourceOf = ({ candidate, key }: Keyed): string | undefined =>
  candidate.columns.find((c) => c.name === key.columns[0])?.source?.relation

/** The relation that lists the entity: unique on exactly its keys, told apart by name or by what the views read. */
function listOf(group: readonly Keyed[], relations: readonly KeyedRelation[]): KeyedRelation | undefined {
  const { key } = group[0] as Keyed
  const fit = relations.filter(
    (r) =>
      r.key.length === key.columns.length &&
      r.key.every(
        (k) => key.columns.includes(k.name) && group.some((g) => classOf(typeIn(g, k.name)) === classOf(k.type)),
      ),
  )
  const sources = new Set(group.map(sourceOf))
  if (needsSource(key.columns)) return fit.find((r) => sources.has(r.qualified))
  if (fit.length === 1) return fit[0]
  const stem = key.named?.name ?? stemOf(key.columns[0] ?? '')
  const table = (r: KeyedRelation) => singular(snakeCase(r.relation.name)).replace(/^(dim|stg|src|raw)_+/, '')
  return fit.find((r) => table(r) === stem) ?? fit.find((r) => sources.has(r.qualified))
}

function nameOf(
  candidate: Candidate,
  key: ChosenKey,
  from: KeyedRelation | undefined,
  relations: readonly KeyedRelation[],
): string {
  const [first = 'entity'] = key.columns
  const table = from ?? relations.find((r) => r.qualified === sourceOf({ candidate, key }))
  const listed = table && short(table.relation)
  if (key.columns.length > 1) return from ? short(from.relation) : key.columns.map((c) => stemOf(c) ?? c).join('_')
  return (needsSource(key.columns) ? listed : (stemOf(first) ?? listed)) ?? snakeCase(first)
}

const short = (r: RelationName): string => singular(snakeCase(r.name)).replace(/^(dim|stg|src|raw)_+/, '')

function typeFor(column: string, group: readonly Keyed[], from: KeyedRelation | undefined): SqlType {
  const listed = from?.key.find((k) => k.name === column)?.type
  return listed ?? group.map((g) => typeIn(g, column)).find((t) => t !== undefined) ?? 'text'
}

function checksOf(keys: InferredEntity['keys'], group: readonly Keyed[], from: KeyedRelation | undefined): string[] {
  const other = keys.flatMap(({ name, type }) =>
    group.flatMap((g) => {
      const own = typeIn(g, name)
      return own === undefined || own === type ? [] : [`${name} is ${own} in ${g.candidate.place}`]
    }),
  )
  const columns = keys.map((k) => k.name).join(', ')
  return [
    ...other,
    ...(from
      ? []
      : [`no table is unique on ${columns}: add { from: … }, the relation that lists them, to predict for all`]),
  ]
}

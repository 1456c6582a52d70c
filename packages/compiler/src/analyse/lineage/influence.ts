/**
 * How a source column enters an output column, and the sums of such ways.
 *
 * The words are those of OpenLineage's columnLineage facet (version 1-2-0), in lower case ({@link openLineage} spells them out): DIRECT identity, transformation,
 * aggregation; INDIRECT join, group by, filter, sort, window, condition.
 */

export const influences = [
  'identity',
  'transformation',
  'aggregation',
  'join',
  'filter',
  'group by',
  'window',
  'condition',
  'sort',
] as const

/** How a source column enters an output column; the first three make up its value, the others decide about it. */
export type Influence = (typeof influences)[number]

/** OpenLineage's words (columnLineage facet 1-2-0, `transformations`) for each influence. */
export const openLineage: Readonly<
  Record<Influence, { readonly type: 'DIRECT' | 'INDIRECT'; readonly subtype: string }>
> = {
  identity: { type: 'DIRECT', subtype: 'IDENTITY' },
  transformation: { type: 'DIRECT', subtype: 'TRANSFORMATION' },
  aggregation: { type: 'DIRECT', subtype: 'AGGREGATION' },
  join: { type: 'INDIRECT', subtype: 'JOIN' },
  filter: { type: 'INDIRECT', subtype: 'FILTER' },
  'group by': { type: 'INDIRECT', subtype: 'GROUP_BY' },
  window: { type: 'INDIRECT', subtype: 'WINDOW' },
  condition: { type: 'INDIRECT', subtype: 'CONDITIONAL' },
  sort: { type: 'INDIRECT', subtype: 'SORT' },
}

const bit = (i: Influence): number => 1 << influences.indexOf(i)
const direct = bit('identity') | bit('transformation') | bit('aggregation')

/** True for the ways in which a source column makes up a value. */
export const isDirect = (i: Influence): boolean => (bit(i) & direct) !== 0

/** Source columns with the ways they enter, as bits; a thousand views are traced in a second. */
export interface Traced {
  readonly sources: ReadonlyMap<string, number>
  /** True when some reference could not be resolved. */
  readonly unknown: boolean
}

export const nothing: Traced = { sources: new Map(), unknown: false }
export const lost: Traced = { sources: new Map(), unknown: true }

// Names may hold any character but NUL.
const separator = '\0'

export const sourceKey = (relation: string, column: string): string => relation + separator + column

export const sourceOf = (relation: string, column: string): Traced => ({
  sources: new Map([[sourceKey(relation, column), bit('identity')]]),
  unknown: false,
})

export function merge(parts: Iterable<Traced>): Traced {
  const all = [...parts].filter((p) => p.unknown || p.sources.size > 0)
  if (all.length <= 1) return all[0] ?? nothing
  const sources = new Map<string, number>()
  for (const p of all) for (const [key, ways] of p.sources) sources.set(key, (sources.get(key) ?? 0) | ways)
  return { sources, unknown: all.some((p) => p.unknown) }
}

/** The same sources behind one more step: what made up a value is transformed, aggregated, or only decides from here on. */
export function through(step: Influence, t: Traced): Traced {
  if (step === 'identity' || t.sources.size === 0) return t
  const behind = (ways: number): number => {
    if (!isDirect(step)) return bit(step)
    const own = ways & direct
    if (own === 0) return ways
    const kept =
      step === 'aggregation' ? bit('aggregation') : (own & ~bit('identity') || bit('transformation')) | transformed(own)
    return (ways & ~direct) | kept
  }
  return { sources: new Map([...t.sources].map(([key, ways]) => [key, behind(ways)])), unknown: t.unknown }
}

const transformed = (own: number): number => ((own & bit('identity')) !== 0 ? bit('transformation') : 0)

export interface SourceColumn {
  /** `public.flights`, or `spine` for what the question brings. */
  readonly relation: string
  readonly column: string
  readonly influence: Influence
}

/** One entry per source column and way: the most direct way that makes up the value, and each way that decides about it. */
export function listed(t: Traced): SourceColumn[] {
  return [...t.sources].flatMap(([key, ways]) => {
    const [relation = '', column = ''] = key.split(separator)
    const found = influences.filter((i) => (ways & bit(i)) !== 0)
    const value = found.filter(isDirect).slice(0, 1)
    return [...value, ...found.filter((i) => !isDirect(i))].map((influence) => ({ relation, column, influence }))
  })
}

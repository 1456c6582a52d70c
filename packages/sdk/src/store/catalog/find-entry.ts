/** Which asset, and which of its columns, a user's text names. */
import { fail, nearParameter } from '@viewcast/compiler'
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'

export interface EntryName {
  readonly id: string
  readonly kind: AssetKind
  readonly namespace: string
  readonly name: string
  /** Absent when the asset itself is meant. */
  readonly column?: string
}

/** Of things of one name the earlier kind is meant; the other is written `prediction:delay15`. */
const kinds: readonly AssetKind[] = [
  'feature_view',
  'sample',
  'target',
  'dataset',
  'model',
  'source',
  'deployment',
  'prediction',
  'consumer',
]

/** Kind as it is written before a name. */
const written: Readonly<Record<string, AssetKind>> = {
  ...Object.fromEntries(kinds.map((k) => [k, k])),
  view: 'feature_view',
  table: 'source',
}

interface Candidate extends EntryName {
  readonly matched: string
  readonly whole: boolean
  readonly gone: boolean
}

/**
 * Finds an asset or a column of one: `delay15`, `public.flights`, `flights` where one schema has it, `late.delay_7d`,
 * `prediction:delay15`.
 *
 * Errors: `catalog/unknown` with the nearest name, `catalog/unknown-column`, `catalog/ambiguous`.
 */
export async function findEntry(store: Store, text: string): Promise<EntryName> {
  const [, prefix = '', rest = ''] = /^(?:([a-z_]+):)?(.*)$/s.exec(text.trim()) ?? []
  const kind = prefix === '' ? undefined : written[prefix]
  const name = prefix !== '' && kind === undefined ? text.trim() : rest
  const dots = [...name.matchAll(/\./g)].map((m) => m.index)
  const heads = [name, ...dots.map((i) => name.slice(0, i))]
  const found = await store.db.rows<Candidate>(
    `SELECT a.id, a.kind, a.namespace, a.name, u.name AS matched, a.name = u.name AS whole, a.gone_at IS NOT NULL AS gone
     FROM unnest($1::text[]) AS u(name)
     JOIN viewcast.asset a ON a.name = u.name
       OR a.kind IN ('source', 'deployment') AND substr(a.name, strpos(a.name, '.') + 1) = u.name
     WHERE a.lifecycle <> 'deleted' AND a.namespace = CASE
         WHEN a.kind IN ('source', 'deployment', 'consumer') THEN 'database' ELSE $2 END
       AND a.kind = coalesce($3, a.kind)`,
    [heads, store.project, kind ?? null],
  )
  if (found.length === 0) return unknown(store, text)
  // The longest name wins: the rest of the text is a column.
  const longest = Math.max(...found.map((c) => c.matched.length))
  const best = mostLikely(found.filter((c) => c.matched.length === longest))
  const [one, other] = best
  if (one === undefined) return unknown(store, text)
  if (other !== undefined) {
    const candidates = best.map((c) => `${c.kind}:${c.name}`).sort()
    fail('catalog/ambiguous', { name: text, candidates: candidates.join(', ') })
  }
  const { id, namespace } = one
  const entry = { id, kind: one.kind, namespace, name: one.name }
  return longest === name.length ? entry : { ...entry, column: await columnOf(store, entry, name.slice(longest + 1)) }
}

/** Those of the best rank: there rather than gone, named whole rather than without the schema, then by kind. */
function mostLikely(candidates: readonly Candidate[]): readonly Candidate[] {
  const rank = (c: Candidate): number => (c.gone ? 1000 : 0) + (c.whole ? 0 : 100) + kinds.indexOf(c.kind)
  const least = Math.min(...candidates.map(rank))
  return candidates.filter((c) => rank(c) === least)
}

/** A column of an asset, also one that is gone. Errors: `catalog/unknown-column`. */
export async function columnOf(store: Store, asset: Omit<EntryName, 'column'>, column: string): Promise<string> {
  const rows = await store.db.rows<{ name: string }>(
    'SELECT name FROM viewcast.asset_column WHERE asset_id = $1 ORDER BY ordinal',
    [asset.id],
  )
  const names = rows.map((r) => r.name)
  if (names.includes(column)) return column
  return fail('catalog/unknown-column', {
    asset: titleOf(asset),
    column,
    ...nearParameter(column, names),
  })
}

async function unknown(store: Store, text: string): Promise<never> {
  const rows = await store.db.rows<{ name: string }>(
    `SELECT name FROM viewcast.asset WHERE gone_at IS NULL AND namespace IN ('database', $1) ORDER BY name`,
    [store.project],
  )
  return fail('catalog/unknown', {
    name: text,
    ...nearParameter(
      text,
      rows.map((r) => r.name),
    ),
  })
}

/** `feature view late`, for messages and pages. */
export const titleOf = (a: { readonly kind: AssetKind; readonly name: string }): string =>
  `${a.kind.replace('_', ' ')} ${a.name}`

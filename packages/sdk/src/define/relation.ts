import type { RelationName } from '@viewcast/compiler'

/**
 * A relation as the catalog writes it: `'public.vw_TrainSample'` (split at the first dot), `'vw_TrainSample'` (found
 * along the search path), or `{ schema, name }` when a name holds a dot. Upper and lower case count; no quotes.
 */
export type Relation = string | { readonly schema?: string; readonly name: string }

/** `'public.flights'` → `{ schema: 'public', name: 'flights' }`. */
export function relationName(relation: Relation): RelationName {
  if (typeof relation !== 'string') return { ...relation }
  const dot = relation.indexOf('.')
  return dot === -1 ? { name: relation } : { schema: relation.slice(0, dot), name: relation.slice(dot + 1) }
}

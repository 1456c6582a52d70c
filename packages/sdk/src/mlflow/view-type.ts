/** Whether what was deleted is meant, too. */
import { z } from 'zod'

const names = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const

/** By name, or by its number in the protocol, which a query string has as text. */
export const viewType = z
  .union([
    z.enum(names),
    z.union([z.literal(1), z.literal(2), z.literal(3)]).transform((n) => names[n - 1] as (typeof names)[number]),
    z.enum(['1', '2', '3']).transform((n) => names[Number(n) - 1] as (typeof names)[number]),
  ])
  .default('ACTIVE_ONLY')

/** Undefined for both. */
export const lifecycleOf = (view: (typeof names)[number]): 'active' | 'deleted' | undefined =>
  view === 'ALL' ? undefined : view === 'DELETED_ONLY' ? 'deleted' : 'active'

import type { EventTarget } from '@viewcast/sdk'
import type { EventDestination } from './open-lineage.ts'
import type { Setting } from './resolve.ts'

/** Opens a destination. Errors: `events/no-target`, `events/target`. */
export async function eventTarget(to: Setting<EventDestination | undefined>): Promise<EventTarget> {
  const { fail, fileTarget, httpTarget } = await import('@viewcast/sdk')
  const { value, origin } = to
  if (value === undefined) return fail('events/no-target', { detail: 'openLineage is not configured' })
  if (value.kind === 'unset') {
    return fail('events/no-target', { detail: `${value.variable}, named in ${origin}, is not set` })
  }
  return value.kind === 'file' ? fileTarget(value.path) : httpTarget(value)
}

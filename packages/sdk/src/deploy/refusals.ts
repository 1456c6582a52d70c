/** Why a plan is not applied, before anything is asked of the database. */
import { type Diagnostic, diagnostic, ViewcastError } from '@viewcast/compiler'
import { assetName } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'

export interface Allowances {
  /** Columns may go, or change their type. Default false. */
  readonly allowBreaking?: boolean
  /** Objects that are declared no more may be put aside. Default false. */
  readonly allowRemove?: boolean
  /** What was edited by hand may be overwritten. Default false. */
  readonly overwriteEdited?: boolean
}

/** Everything at once. Errors: the blockers of the plan, `deploy/breaking`, `deploy/removal`. */
export function refusePlan(changes: readonly PlannedChange[], allowed: Allowances): void {
  const found = changes.flatMap((change) => {
    const blockers = blocking(change, allowed)
    // Of what belongs to somebody else it is of no interest what else it would lose.
    const conflicts = blockers.filter((d) => d.code === 'deploy/conflict')
    if (conflicts.length > 0) return conflicts
    return blockers.length > 0 ? blockers : unasked(change, allowed)
  })
  if (found.length > 0) throw new ViewcastError(found)
}

const blocking = ({ blockers }: PlannedChange, { overwriteEdited }: Allowances): Diagnostic[] =>
  blockers.filter((d) => !(overwriteEdited && isEdit(d)))

const isEdit = (d: Diagnostic): boolean => d.code === 'deploy/edited'

function unasked(change: PlannedChange, { allowBreaking, allowRemove }: Allowances): Diagnostic[] {
  const object = assetName(change.object)
  if (change.class === 'remove' && !allowRemove) return [diagnostic('deploy/removal', { object })]
  if (change.class !== 'breaking' || allowBreaking) return []
  const columns = change.columns.filter(
    (c) => c.change === 'removed' || c.change === 'retyped' || c.change === 'renamed',
  )
  return [diagnostic('deploy/breaking', { object, columns: columns.map((c) => c.name).join(', ') })]
}

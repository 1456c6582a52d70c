/** The change that makes an object what it should be, whatever it is and was. */
import { createFunction, functionSignature } from '@viewcast/compiler'
import type { Database } from '../database/database.ts'
import { buildingPlace } from './building-place.ts'
import type { Desired } from './desired.ts'
import type { DryRun } from './dry-run.ts'
import type { FunctionDryRun } from './dry-run-function.ts'
import { functionChange } from './function-change.ts'
import { type ObjectName, quoted } from './object-name.ts'
import type { PlannedChange } from './plan-data.ts'
import { swap } from './swap.ts'
import { tableChange } from './table-change.ts'
import type { TableQuery } from './table-query.ts'
import { type Known, viewChange } from './view-change.ts'

export interface ChangeOptions {
  /** Exactly the columns that are declared, in their order, by a swap if need be: no tombstones. Default false. */
  readonly isExact?: boolean
  /** Whether what others made of an object that is exchanged may stay with the old one, which is kept. Default false. */
  readonly leaveDependents?: boolean
}

/** What the engine says of what is wanted. */
export type Made =
  | { readonly as: 'view'; readonly dry: DryRun }
  | { readonly as: 'function'; readonly dry: FunctionDryRun }
  | { readonly as: 'table'; readonly dry: DryRun; readonly query: TableQuery }

export async function changeTo(
  db: Database,
  target: Desired,
  made: Made,
  known: Known,
  { leaveDependents = false }: ChangeOptions,
): Promise<PlannedChange> {
  const change = changeOf(target, made, known)
  const { present, live } = known
  if (change.strategy !== 'swap' || !present) return change
  const built = await buildingPlace(db, target.object)
  const beside = placed(target, built)
  const swapped = await swap(db, change, {
    present,
    version: live?.version ?? 0,
    built,
    building: changeOf(beside, made, { ...known, present: undefined, live: undefined }).statements,
    name: beside.routine ? functionSignature(beside.routine.callable) : quoted(beside.object),
    comment: target.comment,
    leaveDependents,
  })
  const { exchange } = swapped
  // What the old one had is carried over by then; what is declared otherwise comes after it.
  return exchange && change.statements.length > 0
    ? { ...swapped, exchange: { ...exchange, statements: [...exchange.statements, ...change.statements] } }
    : swapped
}

function changeOf(target: Desired, made: Made, known: Known): PlannedChange {
  if (made.as === 'view') return viewChange(target, made.dry, known)
  if (made.as === 'function') return functionChange(target, made.dry, known)
  return tableChange(target, made.dry, made.query, known)
}

/** The same under another name. */
function placed(target: Desired, object: ObjectName): Desired {
  const { routine } = target
  if (!routine) return { ...target, object }
  const callable = { ...routine.callable, name: object }
  return { ...target, object, routine: { ...routine, callable }, query: createFunction(callable) }
}

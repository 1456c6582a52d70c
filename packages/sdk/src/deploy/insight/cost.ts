/** What the planner expects a deployment to cost, beside what is deployed now. */
import type { Database } from '../../database/database.ts'
import { isDatabaseError } from '../../database/database-error.ts'
import { serverWords } from '../../database/server-words.ts'
import { type DryRun, plannedQuery } from '../dry-run.ts'
import type { PlanCost, PlannedChange } from '../plan-data.ts'
import type { LiveDeployment } from '../state.ts'

/** Costs are estimates: what differs by less is not told of. */
const manifold = 2
/** The planner's units below which a query takes milliseconds, whatever the ratio. */
const noticeable = 1000

export interface CostQuestion {
  readonly change: Pick<PlannedChange, 'as'>
  readonly dry: Pick<DryRun, 'planned'>
  readonly live: Pick<LiveDeployment, 'kind' | 'query'> | undefined
  /** Whether the model is one of trees. */
  readonly isTrees: boolean
  readonly timeout: number
}

export interface Expected {
  readonly cost?: PlanCost
  readonly notes: readonly string[]
  /** Whether what is deployed now cannot be asked any more: a table or a column of it is gone. */
  readonly isBroken: boolean
}

export async function costOf(db: Database, { change, dry, live, isTrees, timeout }: CostQuestion): Promise<Expected> {
  const { planned } = dry
  const notes: string[] = []
  // The query of a function is its whole statement: there is no plan of it.
  const isComparable = live !== undefined && live.kind !== 'function' && change.as !== 'function'
  const before = isComparable ? await plannedBefore(db, live.query, timeout) : undefined
  if (before !== undefined && 'why' in before)
    notes.push(`what is deployed now cannot be planned any more: ${before.why}`)
  const isBroken = before !== undefined && 'why' in before
  if (!planned) return { notes, isBroken }
  const was = before !== undefined && 'total' in before ? before.total : undefined
  if (was !== undefined && planned.total > manifold * was && planned.total - was > noticeable)
    notes.push(
      `the planner expects ${times(planned.total / was)} the cost: ${rounded(was)} before, ${rounded(planned.total)} after`,
    )
  if (planned.isJit) {
    const slow = isTrees ? ', which for trees has taken 9 times as long' : ''
    notes.push(
      `at this cost the server compiles the query just in time${slow}: compare with SET jit = off in a session that reads it`,
    )
  }
  return {
    cost: { rows: planned.rows, total: planned.total, ...(was === undefined ? {} : { before: was }) },
    notes,
    isBroken,
  }
}

async function plannedBefore(
  db: Database,
  query: string,
  timeout: number,
): Promise<{ readonly total: number } | { readonly why: string } | undefined> {
  try {
    return await db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL statement_timeout = ${Math.round(timeout)}`)
      return plannedQuery(tx, query)
    })
  } catch (e) {
    if (isDatabaseError(e)) return { why: serverWords(e) }
    throw e
  }
}

const rounded = (cost: number): string => Math.round(cost).toLocaleString('en')
const times = (ratio: number): string => `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)} times`

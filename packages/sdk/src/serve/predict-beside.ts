/** A prediction whose challengers are scored by the same statement, and which does not depend on them. */
import type { Database } from '../database/database.ts'
import { isDatabaseError } from '../database/database-error.ts'
import { type PredictedRows, predictRows } from './predict-rows.ts'
import type { Asked } from './question-schema.ts'
import type { ServedVersion } from './served-version.ts'

export interface BesideOptions {
  /** Ends everything. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that the statement with the challengers may take. */
  readonly patience: number
}

/** What became of the challengers: `none` there, `scored`, left out by a `pause`, or `failed` and `slow`, so that the champion was asked again. */
export type BesideOutcome =
  | { readonly kind: 'none' | 'scored' | 'paused' }
  | { readonly kind: 'failed' | 'slow'; readonly error: unknown; readonly isFirst: boolean }

export interface PredictedBeside extends PredictedRows {
  readonly beside: BesideOutcome
}

/**
 * Asks the statement of all. When that fails, or takes too long, the champion's own is asked, and if it answers, the
 * challengers were the reason: then they are left out of the next requests, of more the longer it goes on.
 *
 * The embedded engine has one session, whose statement cannot be stopped: there nobody is too slow.
 *
 * Errors: those of the champion's own statement.
 */
export async function predictBeside(
  db: Database,
  version: ServedVersion,
  asked: Asked,
  { signal, patience }: BesideOptions,
): Promise<PredictedBeside> {
  const { challenged } = version
  if (!challenged) return { ...(await predictRows(db, version, asked, signal)), beside: { kind: 'none' } }
  if (!challenged.pauses.tries()) {
    return { ...(await predictRows(db, version, asked, signal)), beside: { kind: 'paused' } }
  }
  let failure: { readonly kind: 'failed' | 'slow'; readonly error: unknown }
  try {
    const all = await within(patience, signal, (own) => predictRows(db, challenged, asked, own))
    if (all !== late) {
      challenged.pauses.answered()
      return { ...all, beside: { kind: 'scored' } }
    }
    failure = { kind: 'slow', error: undefined }
  } catch (error) {
    if (signal?.aborted || isNobodysFault(error)) throw error
    failure = { kind: 'failed', error }
  }
  const alone = await predictRows(db, version, asked, signal)
  return { ...alone, beside: { ...failure, isFirst: challenged.pauses.failed() } }
}

/** The connection, the server: the champion would have no other answer. */
const isNobodysFault = (error: unknown): boolean => !isDatabaseError(error) || /^(08|57P|40)/.test(error.sqlState)

const late = Symbol('late')

/** Does not wait for the statement to end over there: the champion is asked in another session meanwhile. */
async function within<T>(
  patience: number,
  outer: AbortSignal | undefined,
  body: (signal?: AbortSignal) => Promise<T>,
): Promise<T | typeof late> {
  if (outer === undefined) return body()
  const own = new AbortController()
  const end = () => own.abort(outer.reason)
  outer.addEventListener('abort', end, { once: true })
  let timer: NodeJS.Timeout | undefined
  const work = body(own.signal)
  try {
    return await Promise.race([
      work,
      new Promise<typeof late>((resolve) => {
        timer = setTimeout(resolve, patience, late)
      }),
    ]).then((found) => {
      if (found === late) {
        work.catch(() => {})
        own.abort()
      }
      return found
    })
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', end)
  }
}

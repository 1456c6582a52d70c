/** What the server said about a statement it refused; the same shape on every engine. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /** SQLSTATE, five characters, such as `42703`. */
  readonly sqlState: string
  /** Where in the statement the problem is: an index into the JavaScript string, counted from 1. */
  readonly position: number | undefined
  /** May hold row values: never put it into a message. */
  readonly detail: string | undefined
  readonly hint: string | undefined
  /** The server's CONTEXT lines; may hold row values as well. */
  readonly context: string | undefined

  constructor(
    message: string,
    fields: {
      sqlState: string
      position?: number | undefined
      detail?: string | undefined
      hint?: string | undefined
      context?: string | undefined
    },
  ) {
    super(message)
    this.sqlState = fields.sqlState
    this.position = fields.position
    this.detail = fields.detail
    this.hint = fields.hint
    this.context = fields.context
  }
}

/** Recognises a {@link DatabaseError} of any copy of the package. */
export const isDatabaseError = (e: unknown): e is DatabaseError =>
  e instanceof Error && e.name === 'DatabaseError' && 'sqlState' in e

interface WireError {
  readonly message: string
  readonly severity: string
  readonly code: string
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly routine?: string
}

/** An ErrorResponse of the wire protocol, as the driver gives it. */
export const isWireError = (e: unknown): e is WireError & Error =>
  e instanceof Error && 'severity' in e && 'code' in e && typeof e.code === 'string'

/**
 * The driver's error as ours; other errors come back unchanged.
 *
 * @param prefix characters that were put before the user's text; the position counts from after them.
 */
export function databaseError(e: unknown, sql: string, prefix = 0): unknown {
  if (!isWireError(e)) return e
  return new DatabaseError(e.message, {
    sqlState: e.code,
    position: e.position === undefined ? undefined : textPosition(sql, Number(e.position) - prefix),
    detail: e.detail,
    hint: e.hint ?? (isRecoveryConflict(e) ? recoveryConflict : undefined),
    context: e.where,
  })
}

/** It shares its state with transactions that cannot be serialized; those are told where rows are read and written. */
const isRecoveryConflict = (e: WireError): boolean => e.code === '40001' && /^Process/.test(e.routine ?? '')

const recoveryConflict =
  'The standby had to go on with what the primary did to what was read. Try again; its max_standby_streaming_delay gives reads more time, and hot_standby_feedback spares them the vacuums.'

/** Awaits a statement of `sql`; its refusal becomes a {@link DatabaseError}. */
export async function wrapped<T>(sql: string, result: Promise<T>, prefix = 0): Promise<T> {
  try {
    return await result
  } catch (e) {
    throw databaseError(e, sql, prefix)
  }
}

/** The server counts code points, JavaScript strings count UTF-16 units. */
function textPosition(sql: string, position: number): number | undefined {
  if (!(position >= 1)) return undefined
  let index = 0
  for (let n = 1; n < position && index < sql.length; n++) index += (sql.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
  return index + 1
}

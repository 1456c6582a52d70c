/** What goes wrong with a request, as problem details (RFC 9457): codes and sentences as elsewhere, never a value of a row. */
import { type Code, diagnostic, isViewcastError } from '@viewcast/compiler'
import { isDatabaseError } from '../database/database-error.ts'

export interface FieldProblem {
  /** JSON pointer into the body, or `/name` of a query parameter. */
  readonly pointer: string
  readonly detail: string
}

/** A request that is refused, or fails in a way that can be told. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  readonly errors: readonly FieldProblem[]
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    code: Code,
    parameters: Readonly<Record<string, string>>,
    more: { readonly errors?: readonly FieldProblem[]; readonly retryAfter?: number } = {},
  ) {
    const { message, hint } = diagnostic(code, parameters)
    super(message)
    this.code = code
    this.status = status
    this.hint = hint
    this.errors = more.errors ?? []
    this.retryAfter = more.retryAfter
  }
}

export function refuse(...given: ConstructorParameters<typeof Refusal>): never {
  throw new Refusal(...given)
}

/** The body that tells a refusal. */
export const problemBody = ({ code, status, message, hint, errors }: Refusal): Record<string, unknown> => ({
  type: `urn:viewcast:error:${code}`,
  title: message,
  status,
  code,
  ...(hint === undefined ? {} : { detail: hint }),
  ...(errors.length === 0 ? {} : { errors }),
})

/** Whether it was told by the database that the statement does not fit what is there any more. */
export const isOutdated = (error: unknown): boolean =>
  isDatabaseError(error) && (/^42[^5]/.test(error.sqlState) || error.sqlState === '0A000')

/** Whether the session has lost the prepared statement, as behind some poolers, or cannot use it after a change of a table. */
export const isUnprepared = (error: unknown): boolean =>
  isDatabaseError(error) && (error.sqlState === '26000' || error.sqlState === '42P05' || error.sqlState === '0A000')

/** What is refused is told in the words it was refused with; of anything else only that it happened. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (isDatabaseError(error)) {
    // Class 22 is about values: a label that an enum does not have, a time out of range. The sentence would quote them.
    if (error.sqlState.startsWith('22')) return new Refusal(422, 'serve/request', { detail: 'a value cannot be used' })
    if (error.sqlState === '57014') return new Refusal(504, 'serve/timeout', {})
    if (/^(40|08|57P|53)/.test(error.sqlState)) return unavailable()
  }
  if (isViewcastError(error) && error.diagnostics.every((d) => d.code.startsWith('engine/'))) {
    return error.diagnostics.some((d) => d.code === 'engine/interrupted')
      ? new Refusal(504, 'serve/timeout', {})
      : unavailable()
  }
  return new Refusal(500, 'serve/failed', {})
}

const unavailable = () => new Refusal(503, 'serve/unavailable', {}, { retryAfter: 1 })

/** Errors as MLflow names them: a code, the status that goes with it, a sentence. */

const statuses = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const

export type MlflowCode = keyof typeof statuses

export class MlflowFailure extends Error {
  override readonly name = 'MlflowFailure'
  readonly code: MlflowCode
  readonly status: number
  constructor(code: MlflowCode, message: string, status: number = statuses[code]) {
    super(message)
    this.code = code
    this.status = status
  }
}

/**
 * Clients try again on 429 and on 5xx, with growing pauses: what another try cannot mend is a 4xx, also where MLflow's own
 * server says 500 (`INVALID_STATE`).
 */
export function refuse(code: MlflowCode, message: string, status?: number): never {
  throw new MlflowFailure(code, message, status)
}

export const invalid = (message: string): never => refuse('INVALID_PARAMETER_VALUE', message)

export const absent = (message: string): never => refuse('RESOURCE_DOES_NOT_EXIST', message)

/** What is kept of the error that ended a run. */
import { isViewcastError } from '@viewcast/compiler'
import { redact } from '../../database/redact.ts'

export interface RunError {
  readonly message: string
  /** Of our own errors, in order. */
  readonly codes?: readonly string[]
}

/** Without secrets and without values of rows: of an error that is not ours only the name. A text is the user's own. */
export function runError(error: unknown): RunError {
  if (isViewcastError(error)) {
    return {
      message: withoutSecrets(error.diagnostics.map((d) => d.message).join('\n')),
      codes: error.diagnostics.map((d) => d.code),
    }
  }
  if (typeof error === 'string') return { message: withoutSecrets(error.replaceAll('\0', '')).slice(0, 10_000) }
  return { message: error instanceof Error ? error.name : 'failed' }
}

/** Every address in a text, and what is written `password=…`, without its password. */
const withoutSecrets = (text: string): string => redact(text.replace(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, redact))

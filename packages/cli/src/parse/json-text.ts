import { UsageError } from './usage.ts'

/**
 * Text as JSON. Errors: `UsageError`, with the place of the mistake where the parser tells it: its own sentence quotes what
 * stands there, which is of rows.
 *
 * @param what the file, or the option, for the message.
 */
export function jsonText(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const place = /at position \d+/.exec((error as Error).message)?.[0]
    throw new UsageError(`${what} is not JSON${place === undefined ? '' : `: there is a mistake ${place}`}`)
  }
}

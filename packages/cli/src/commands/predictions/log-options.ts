/** What is kept of a prediction, as options of commands that log. */
import type { InputPolicy, LogOptions } from '@viewcast/sdk'
import { z } from 'zod'
import { UsageError } from '../../parse/usage.ts'

export const keptInputOptions = {
  inputs: z.string().optional().meta({
    value: 'list',
    description: 'Inputs to keep beside each prediction: none (default), all, or names with commas between them',
  }),
  redact: z.array(z.string()).optional().meta({
    value: 'name',
    description: 'Input to leave out; name=hash keeps a digest keyed with VIEWCAST_HASH_KEY; may be repeated',
  }),
}

export const logOptions = {
  ...keptInputOptions,
  'request-id': z.string().optional().meta({
    value: 'text',
    description: 'Tells these predictions from others of the same questions, which are else logged once',
  }),
}

type Environment = Readonly<Record<string, string | undefined>>

interface GivenInputs {
  readonly inputs?: string | undefined
  readonly redact?: readonly string[] | undefined
}

/** Reads the options of {@link logOptions}. Errors: `UsageError`. */
export function readLogOptions(
  given: GivenInputs & { readonly 'request-id'?: string | undefined },
  environment: Environment,
): LogOptions {
  const { 'request-id': requestId } = given
  return { ...readInputOptions(given, environment), ...(requestId === undefined ? {} : { requestId }) }
}

/** Reads the options of {@link keptInputOptions}. Errors: `UsageError`. */
export function readInputOptions(given: GivenInputs, environment: Environment): InputPolicy {
  const redact = Object.fromEntries((given.redact ?? []).map(redaction))
  const hashKey = environment['VIEWCAST_HASH_KEY']
  if (Object.values(redact).includes('hash') && !hashKey) {
    throw new UsageError('--redact name=hash needs a secret in the variable VIEWCAST_HASH_KEY')
  }
  return {
    ...(given.inputs === undefined ? {} : { inputs: inputsOf(given.inputs) }),
    redact,
    ...(hashKey ? { hashKey } : {}),
  }
}

const inputsOf = (text: string): NonNullable<LogOptions['inputs']> =>
  text === 'none' || text === 'all' ? text : text.split(',').map((name) => name.trim())

function redaction(text: string): [string, 'absent' | 'hash'] {
  const [, name = '', how = 'absent'] = /^(.*?)(?:=(hash|absent))?$/s.exec(text) ?? []
  return [name, how as 'absent' | 'hash']
}

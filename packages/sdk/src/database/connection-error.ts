import { type Code, diagnostic, ViewcastError } from '@viewcast/compiler/diagnostics'
import { isWireError } from './database-error.ts'
import { redact } from './redact.ts'

/** Why no session could be opened, without anything secret: the driver's errors may carry the whole URL. */
export function connectionError(e: unknown, url: string, user: string, database: string): unknown {
  const target = redact(url)
  if (!(e instanceof Error)) return e
  const code = errorCode(e)
  if (code === '28P01' || code === '28000' || /^SASL/.test(e.message))
    return made('engine/authentication', { target, user })
  // PgBouncer says so in the server's words, by a code of its own.
  if (code === '3D000' || (code === ofPooler && /^(no such database|database ".*" does not exist)/.test(e.message))) {
    return made('engine/no-database', { target, database })
  }
  const refused = poolerRefusal(e, target)
  if (refused) return refused
  return made('engine/unreachable', { target, detail: isWireError(e) ? e.message : network(e, code) })
}

/** The error for a statement whose connection ended under it; undefined for any other error. */
export function lostConnection(e: unknown, url: string): unknown {
  if (!(e instanceof Error)) return undefined
  const refused = poolerRefusal(e, redact(url))
  if (refused) return refused
  const lost =
    /^(Connection terminated|Client (has encountered|was closed))/.test(e.message) || errorCode(e) in networkErrors
  return lost ? made('engine/unreachable', { target: redact(url), detail: 'the connection was lost' }) : undefined
}

/** All errors of PgBouncer's own have it. */
const ofPooler = '08P01'

/** What a pooler refuses by itself, for reasons that a server does not have. */
function poolerRefusal(e: Error, target: string): ViewcastError | undefined {
  if (errorCode(e) !== ofPooler) return undefined
  const [, parameter] = /^unsupported startup parameter(?: in options)?: (\w+)/.exec(e.message) ?? []
  if (parameter !== undefined) {
    return made('engine/pooler', {
      target,
      detail: `does not take "${parameter}" in a connection`,
      hint: 'Leave it out of the URL and give it to the role: ALTER ROLE … SET …; or connect to the server itself.',
    })
  }
  if (!/^(query_wait_timeout|no more connections allowed)/.test(e.message)) return undefined
  return made('engine/pooler', {
    target,
    detail: `has no session to give (${e.message})`,
    hint: 'Raise default_pool_size and max_client_conn of PgBouncer: a command of viewcast uses up to four sessions at once.',
  })
}

const networkErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket is not accessible',
}

const errorCode = (e: Error): string => ('code' in e ? String(e.code) : '')

function network(e: Error, code: string): string {
  const known = networkErrors[code]
  if (known) return `${known} (${code})`
  if (/time(d )?out/i.test(e.message)) return 'no answer in time'
  // The driver's own words about TLS; other texts are not passed on, because they may quote the URL.
  if (/SSL connection/.test(e.message)) return e.message
  return code || 'the connection was closed'
}

const made = (code: Code, parameters: Record<string, string>): ViewcastError =>
  new ViewcastError([diagnostic(code, parameters)])

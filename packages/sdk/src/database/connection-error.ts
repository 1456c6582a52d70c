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
  if (code === '3D000') return made('engine/no-database', { target, database })
  return made('engine/unreachable', { target, detail: isWireError(e) ? e.message : network(e, code) })
}

/** The error for a statement whose connection ended under it; undefined for any other error. */
export function lostConnection(e: unknown, url: string): unknown {
  if (!(e instanceof Error)) return undefined
  const lost =
    /^(Connection terminated|Client (has encountered|was closed))/.test(e.message) || errorCode(e) in networkErrors
  return lost ? made('engine/unreachable', { target: redact(url), detail: 'the connection was lost' }) : undefined
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

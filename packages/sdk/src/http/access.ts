/** Who may ask: a token where one is set, and no page of a browser that somebody else wrote. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

export interface AccessRule {
  /** Whether only this machine can reach the server. */
  readonly isLocal: boolean
  readonly token?: string | undefined
}

/** `host`: a name that is not this machine's. `origin`: a page of another origin. `token`: none, or another. */
export type AccessProblem = 'host' | 'origin' | 'token'

/**
 * Why a request may not ask; undefined when it may.
 *
 * A page that a browser shows can reach a server on the same machine: by a name of its own that it lets point here, which
 * the Host header gives away, or across origins, which Origin gives away. Programs send no Origin.
 *
 * @param isOpen whether the path needs no secret: what probes if the server is up has none.
 */
export function accessProblem(
  headers: IncomingHttpHeaders,
  isOpen: boolean,
  rule: AccessRule,
): AccessProblem | undefined {
  const host = headers.host ?? ''
  if (rule.isLocal && !isLoopback(hostName(host))) return 'host'
  const { origin } = headers
  if (origin !== undefined && originHost(origin) !== host) return 'origin'
  if (rule.token === undefined || isOpen) return undefined
  return isSame(tokenOf(headers.authorization ?? ''), rule.token) ? undefined : 'token'
}

const hostName = (host: string): string => host.replace(/:\d*$/, '').toLowerCase()

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}

/** `Bearer <token>`, or `Basic` with the token as the password. */
function tokenOf(authorization: string): string {
  const [scheme = '', value = ''] = authorization.trim().split(/\s+/)
  if (/^bearer$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) return ''
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

// Digests have one length, so that the comparison tells nothing of the token's.
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

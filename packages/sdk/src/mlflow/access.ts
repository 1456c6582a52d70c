/** Who may ask: a token where one is set, and no page of a browser that somebody else wrote. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { refuse } from './failure.ts'

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

export interface AccessRule {
  /** Whether only this machine can reach the server. */
  readonly isLocal: boolean
  readonly token?: string | undefined
}

/**
 * Refuses what may not ask.
 *
 * A page that a browser shows can reach a server on the same machine: by a name of its own that it lets point here, which
 * the Host header gives away, or across origins, which Origin gives away. Clients of MLflow send no Origin.
 */
export function checkAccess(headers: IncomingHttpHeaders, path: string, rule: AccessRule): void {
  const host = headers.host ?? ''
  if (rule.isLocal && !isLoopback(hostName(host)))
    refuse('PERMISSION_DENIED', 'Invalid Host header: this server is local.')
  const { origin } = headers
  if (origin !== undefined && originHost(origin) !== host) {
    refuse('PERMISSION_DENIED', 'Requests of pages of another origin are refused.')
  }
  // What probes whether the server is up needs no secret.
  if (rule.token === undefined || path === '/health') return
  if (!isSame(tokenOf(headers.authorization ?? ''), rule.token)) {
    refuse(
      'UNAUTHENTICATED',
      'A token is needed: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_PASSWORD with any user name.',
    )
  }
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

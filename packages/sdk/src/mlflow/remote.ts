/** A server of MLflow somewhere else: requests to it, tried again where that can help. */
import { setTimeout as pause } from 'node:timers/promises'
import { fail } from '@viewcast/compiler'
import { redact } from '../database/redact.ts'
import type { JsonObject } from './proto-json.ts'

export interface RemoteOptions {
  /** `http://host:5000`, with a path where a proxy wants one; user and password may be part of it. */
  readonly uri: string
  /** For `Authorization: Bearer`; goes before user and password. */
  readonly token?: string
  readonly username?: string
  readonly password?: string
  /** How often a request is tried, in all; default 6. */
  readonly attempts?: number
  /** Pause before the second try, in milliseconds; each is twice the one before, up to 30 s. Default 500. */
  readonly pauseMs?: number
  readonly signal?: AbortSignal
}

export interface Remote {
  /** Without secrets. */
  readonly description: string
  /**
   * Answers of a route below `/api/2.0/mlflow`; what MLflow names as missing or as being there already is `undefined`.
   */
  call(method: 'GET' | 'POST', path: string, fields: JsonObject): Promise<JsonObject | undefined>
  /**
   * Creates what would be there twice if it were asked for twice: after a try whose answer is lost, `find` says whether it
   * has come through.
   */
  create<T>(path: string, fields: JsonObject, find: () => Promise<T | undefined>): Promise<JsonObject | T>
  put(path: string, content: Uint8Array, mediaType: string): Promise<void>
}

/** What may be over by itself; other answers would be the same again. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504])

const known = new Set(['RESOURCE_DOES_NOT_EXIST', 'RESOURCE_ALREADY_EXISTS'])

/** Errors: `export/remote`, here for an address that is none, and of every request for what the server refuses. */
export function remoteOf(options: RemoteOptions): Remote {
  const { base, authorization } = addressOf(options)
  const description = redact(base)
  const { attempts = 6, pauseMs = 500, signal } = options

  const send = async (
    method: string,
    url: URL,
    body?: string | Uint8Array<ArrayBuffer>,
    mediaType?: string,
  ): Promise<Response | string> => {
    try {
      return await fetch(url, {
        method,
        headers: {
          Accept: 'application/json',
          ...(authorization === undefined ? {} : { Authorization: authorization }),
          ...(mediaType === undefined ? {} : { 'Content-Type': mediaType }),
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([AbortSignal.timeout(120_000), ...(signal ? [signal] : [])]),
      })
    } catch (e) {
      signal?.throwIfAborted()
      return reasonOf(e)
    }
  }

  const refused = (detail: string): never => fail('export/remote', { server: description, detail })

  /** The answer, or why it may come at another try. */
  const read = async (response: Response | string): Promise<JsonObject | string | undefined> => {
    if (typeof response === 'string') return response
    const text = await response.text().catch(() => '')
    const answer = parsed(text)
    if (response.ok) return answer ?? refused('does not answer as MLflow does: it sent no JSON')
    if (passing.has(response.status)) return `answers ${response.status}`
    const code = answer?.['error_code']
    if (typeof code === 'string' && known.has(code)) return undefined
    const message = answer?.['message']
    return refused(`answers ${response.status}${typeof message === 'string' ? `: ${message.slice(0, 500)}` : ''}`)
  }

  const again = async (ask: () => Promise<Response | string>): Promise<JsonObject | undefined> => {
    for (let attempt = 1; ; attempt++) {
      const response = await ask()
      const answer = await read(response)
      if (typeof answer !== 'string') return answer
      if (attempt >= attempts) refused(`${answer}, ${attempts} times`)
      await pause(waitOf(response, attempt, pauseMs), undefined, signal ? { signal } : {})
    }
  }

  const url = (path: string): URL => new URL(`${base}/api/2.0/${path}`)

  return {
    description,
    call: (method, path, fields) => {
      const target = url(`mlflow/${path}`)
      if (method === 'POST') return again(() => send('POST', target, JSON.stringify(fields), 'application/json'))
      for (const [key, value] of Object.entries(fields)) target.searchParams.set(key, String(value))
      return again(() => send('GET', target))
    },
    create: async (path, fields, find) => {
      for (let attempt = 1; ; attempt++) {
        const response = await send('POST', url(`mlflow/${path}`), JSON.stringify(fields), 'application/json')
        const answer = await read(response)
        if (typeof answer === 'object') return answer
        if (typeof answer === 'string')
          await pause(waitOf(response, attempt, pauseMs), undefined, signal ? { signal } : {})
        // What was refused for coming too fast was not done.
        const found = typeof response === 'object' && response.status === 429 ? undefined : await find()
        if (found !== undefined) return found
        if (attempt >= attempts || answer === undefined) refused(`${answer ?? 'does not create it'}, ${attempt} times`)
      }
    },
    put: async (path, content, mediaType) => {
      const encoded = path.split('/').map(encodeURIComponent).join('/')
      await again(() => send('PUT', url(`mlflow-artifacts/artifacts/${encoded}`), new Uint8Array(content), mediaType))
    },
  }
}

/** As long as the server asks for, or twice as long each time. */
function waitOf(response: Response | string, attempt: number, first: number): number {
  const asked = typeof response === 'string' ? Number.NaN : Number(response.headers.get('retry-after') ?? Number.NaN)
  return Math.min(Number.isFinite(asked) && asked >= 0 ? asked * 1000 : first * 2 ** (attempt - 1), 30_000)
}

function addressOf({ uri, token, username, password }: RemoteOptions) {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    return fail('export/remote', { server: redact(uri), detail: 'is no address: write http://host:5000' })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    fail('export/remote', { server: redact(uri), detail: 'is not reached by HTTP' })
  }
  const user = username ?? decodeURIComponent(url.username)
  const secret = password ?? decodeURIComponent(url.password)
  const basic = Buffer.from(`${user}:${secret}`).toString('base64')
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    authorization: token ? `Bearer ${token}` : user !== '' || secret !== '' ? `Basic ${basic}` : undefined,
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

function reasonOf(e: unknown): string {
  const cause = e instanceof Error ? (e.cause as { code?: string } | undefined) : undefined
  if (e instanceof Error && e.name === 'TimeoutError') return 'does not answer within two minutes'
  return `cannot be reached${cause?.code === undefined ? '' : ` (${cause.code})`}`
}

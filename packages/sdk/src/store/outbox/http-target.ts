/** A service that takes OpenLineage over HTTP: Marquez, DataHub, Google's, … */
import { fail } from '@viewcast/compiler'
import { type Delivery, type EventTarget, released } from './target.ts'

export interface HttpTargetOptions {
  /** `https://lineage.example.com`; without user and password. */
  readonly url: string
  /** Path of the service below the URL. Default `api/v1/lineage`. */
  readonly endpoint?: string
  /** Sent as `Authorization: Bearer …`; never shown and never stored. */
  readonly apiKey?: string
  /** How long one request may take, in milliseconds. Default 10,000. */
  readonly timeout?: number
}

/** Requests at once; the events of one claim are of different runs, so their order does not matter. */
const atOnce = 4
const defaultTimeout = 10_000
const mostRead = 64 * 1024
const mostReason = 300

/** These are about the event; other answers are about the target, or about who asks it. */
const aboutTheEvent: ReadonlySet<number> = new Set([400, 406, 409, 413, 415, 422])

/**
 * A target that events are posted to, one by one.
 *
 * Errors: `events/target` for a URL that is none, that holds a password, or a key that no header can hold.
 *
 * @example
 * ```ts
 * httpTarget({ url: 'http://localhost:5000', apiKey: process.env.LINEAGE_KEY }) // POST /api/v1/lineage
 * ```
 */
export function httpTarget(options: HttpTargetOptions): EventTarget {
  const url = addressOf(options)
  const shown = `${url.origin}${url.pathname}`
  if (options.apiKey !== undefined && !/^[\x21-\x7e]+$/.test(options.apiKey)) {
    fail('events/target', { target: shown, detail: 'the API key is empty, or holds characters that no header may' })
  }
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  }

  const post = async (event: string, signal: AbortSignal): Promise<Delivery> => {
    const limit = AbortSignal.timeout(options.timeout ?? defaultTimeout)
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: event,
        headers,
        // Another place would get the key, too.
        redirect: 'manual',
        signal: AbortSignal.any([signal, limit]),
      })
      // An answer that breaks off is none: the event is sent again.
      const text = await startOf(response)
      return judged(response, options.apiKey === undefined ? text : text.replaceAll(options.apiKey, '…'))
    } catch (e) {
      if (signal.aborted) return released
      return { kind: 'failed', reason: limit.aborted ? 'no answer in time' : reasonOf(e) }
    }
  }

  return {
    description: shown,
    async deliver(events, { signal, patience }) {
      const deliveries: Delivery[] = events.map(() => released)
      let next = 0
      let failures = 0
      const work = async (): Promise<void> => {
        while (next < events.length && failures < patience && !signal.aborted) {
          const i = next++
          const delivery = await post(events[i] ?? '', signal)
          deliveries[i] = delivery
          failures = delivery.kind === 'failed' ? failures + 1 : 0
        }
      }
      await Promise.all(Array.from({ length: Math.min(atOnce, patience) }, work))
      return deliveries
    },
  }
}

function addressOf({ url: given, endpoint }: HttpTargetOptions): URL {
  // A URL that does not parse may still hold a password.
  if (!URL.canParse(given)) fail('events/target', { target: 'the URL', detail: 'does not parse' })
  const base = new URL(given)
  const target = `${base.origin}${base.pathname}`
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    fail('events/target', { target: base.protocol, detail: 'is neither http nor https' })
  }
  if (base.username !== '' || base.password !== '') {
    fail('events/target', { target, detail: 'holds a user or a password; give an API key by the environment' })
  }
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${(endpoint ?? 'api/v1/lineage').replace(/^\/+/, '')}`
  return base
}

function judged(response: Response, text: string): Delivery {
  if (response.ok) return { kind: 'sent' }
  const said = `HTTP ${response.status}`
  if (aboutTheEvent.has(response.status)) {
    const words = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
    return { kind: 'refused', reason: words === '' ? said : `${said}: ${[...words].slice(0, mostReason).join('')}` }
  }
  const wait = secondsOf(response.headers.get('retry-after'))
  return { kind: 'failed', reason: said, ...(wait === undefined ? {} : { retryAfter: wait }) }
}

/** The beginning of an answer; all of it is read, and what is very long is left. */
async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let read = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    read += chunk.length
    if (read > mostRead) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** `Retry-After` is seconds or a date. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

/** The kind of failure; messages name addresses, and may name more. */
function reasonOf(e: unknown): string {
  const codeOf = (error: unknown): string | undefined => {
    const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
    return typeof code === 'string' ? code : cause === undefined ? undefined : codeOf(cause)
  }
  return codeOf(e) ?? (e instanceof Error ? e.name : 'failed')
}

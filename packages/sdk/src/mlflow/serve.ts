/** MLflow's REST API over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail } from '@viewcast/compiler'
import { type AccessRule, isLoopback } from '../http/access.ts'
import { listening } from '../http/listening.ts'
import type { Listening } from '../http/open-server.ts'
import { readBody } from '../http/read-body.ts'
import { requestUrl } from '../http/request-url.ts'
import type { Store } from '../store/store.ts'
import { checkAccess } from './access.ts'
import { MlflowFailure, refuse } from './failure.ts'
import { json, type MlflowResponse, type RespondOptions, respond } from './respond.ts'

export interface ServeMlflowOptions extends RespondOptions {
  /** Where to listen; default `127.0.0.1`, which only this machine reaches. */
  readonly host?: string
  /** Default 5000; 0 takes any that is free. */
  readonly port?: number
  /** Asked of clients when given, as a bearer token or as the password; needed for hosts that others reach. */
  readonly token?: string
  /** Largest body, in bytes: a file that is uploaded. Default 64 MiB. */
  readonly bodyLimit?: number
  /** Called after each answer. */
  readonly onRequest?: (method: string, path: string, status: number) => void
}

/** Its URL is what clients are told as their tracking URI. */
export type MlflowServer = Listening

/**
 * Serves the store to clients of MLflow: what they log is in the store, and what is in the store they read.
 *
 * Errors: `serve/token` for a host that others reach, without a token; `serve/address` when it cannot be listened on.
 *
 * @example
 * ```ts
 * const server = await serveMlflow(store)
 * server.url // 'http://127.0.0.1:5000', for mlflow.set_tracking_uri
 * await server.close()
 * ```
 */
export async function serveMlflow(store: Store, options: ServeMlflowOptions = {}): Promise<MlflowServer> {
  const host = options.host ?? '127.0.0.1'
  const isLocal = isLoopback(host)
  if (!isLocal && !options.token) fail('serve/token', { host, variable: 'VIEWCAST_MLFLOW_TOKEN' })
  const rule = { isLocal, token: options.token || undefined }
  const how = { ...options, rule, limit: options.bodyLimit ?? 64 * 2 ** 20 }
  return listening((incoming, outgoing) => void handle(store, incoming, outgoing, how), {
    host,
    port: options.port ?? 5000,
  })
}

interface Handling extends ServeMlflowOptions {
  readonly rule: AccessRule
  readonly limit: number
}

async function handle(store: Store, incoming: IncomingMessage, outgoing: ServerResponse, how: Handling): Promise<void> {
  const method = incoming.method ?? 'GET'
  let path = '/'
  let response: MlflowResponse
  try {
    const url = requestUrl(incoming)
    path = decoded(url.pathname)
    checkAccess(incoming.headers, path, how.rule)
    const body = (await readBody(incoming, how.limit)) ?? tooLarge(how.limit)
    const mediaType = incoming.headers['content-type']
    response = await respond(store, { method, path, query: url.searchParams, body, mediaType }, how)
  } catch (error) {
    // The client has gone, in the middle of its request: nothing was begun, nobody is left to tell.
    if (!(error instanceof MlflowFailure)) {
      outgoing.destroy()
      return
    }
    // What it still sends is not read, so that the connection cannot be used again.
    outgoing.setHeader('Connection', 'close')
    if (error.status === 401) outgoing.setHeader('WWW-Authenticate', 'Basic realm="viewcast"')
    response = json({ error_code: error.code, message: error.message }, error.status)
  }
  send(outgoing, method, response)
  how.onRequest?.(method, path, response.status)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return refuse('INVALID_PARAMETER_VALUE', 'The path of the request is not percent-encoded UTF-8.')
  }
}

const tooLarge = (limit: number): never =>
  refuse('INVALID_PARAMETER_VALUE', `The body of a request may have ${limit} bytes.`, 413)

function send(outgoing: ServerResponse, method: string, { status, mediaType, body }: MlflowResponse): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  outgoing.writeHead(status, {
    'Content-Type': mediaType,
    'Content-Length': bytes.byteLength,
    'Cache-Control': 'no-store',
    // Files hold what somebody uploaded: they are saved, never shown or run.
    'X-Content-Type-Options': 'nosniff',
    ...(typeof body === 'string' ? {} : { 'Content-Disposition': 'attachment', 'Content-Security-Policy': 'sandbox' }),
  })
  outgoing.end(method === 'HEAD' ? undefined : bytes)
}

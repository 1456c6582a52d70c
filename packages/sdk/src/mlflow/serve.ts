/** MLflow's REST API over HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fail } from '@viewcast/compiler'
import type { Store } from '../store/store.ts'
import { checkAccess, isLoopback } from './access.ts'
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

export interface MlflowServer {
  /** What clients are told as their tracking URI. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Takes no more requests, answers those under way, and ends. */
  close(): Promise<void>
}

const timeouts = { headers: 10_000, request: 120_000, keepAlive: 5_000, close: 5_000 }

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
  if (!isLocal && !options.token) fail('serve/token', { host })
  const rule = { isLocal, token: options.token || undefined }
  const server = createServer({ requestTimeout: timeouts.request, headersTimeout: timeouts.headers })
  server.keepAliveTimeout = timeouts.keepAlive
  server.on('request', (incoming, outgoing) => {
    void handle(store, incoming, outgoing, { ...options, rule, limit: options.bodyLimit ?? 64 * 2 ** 20 })
  })
  await listen(server, host, options.port ?? 5000)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    close: () => close(server),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      try {
        fail('serve/address', {
          address: `${host}:${port}`,
          detail: reasons[error.code ?? ''] ?? error.code ?? 'failed',
        })
      } catch (told) {
        reject(told)
      }
    })
    server.listen(port, host, resolve)
  })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), timeouts.close)
    server.close(() => {
      clearTimeout(last)
      resolve()
    })
    server.closeIdleConnections()
  })
}

interface Handling extends ServeMlflowOptions {
  readonly rule: { readonly isLocal: boolean; readonly token?: string | undefined }
  readonly limit: number
}

async function handle(store: Store, incoming: IncomingMessage, outgoing: ServerResponse, how: Handling): Promise<void> {
  const method = incoming.method ?? 'GET'
  let path = '/'
  let response: MlflowResponse
  try {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    path = decoded(url.pathname)
    checkAccess(incoming.headers, path, how.rule)
    const body = await readBody(incoming, how.limit)
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

async function readBody(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = (): never => refuse('INVALID_PARAMETER_VALUE', `The body of a request may have ${limit} bytes.`, 413)
  if (Number(incoming.headers['content-length'] ?? 0) > limit) tooLarge()
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    size += piece.byteLength
    if (size > limit) tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

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

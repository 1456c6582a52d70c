/** A server of HTTP that listens, until it is closed. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fail } from '@viewcast/compiler'
import type { Listening } from './open-server.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 takes any that is free. */
  readonly port: number
  /** How long a request may take to arrive whole, in milliseconds; default 120,000. */
  readonly requestTimeout?: number
  /** How long requests under way have to end when the server is closed, in milliseconds; default 5,000. */
  readonly grace?: number
}

const timeouts = { headers: 10_000, request: 120_000, keepAlive: 5_000, close: 5_000 }

/** Errors: `serve/address` when it cannot be listened on. */
export async function listening(handle: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host } = options
  const requestTimeout = options.requestTimeout ?? timeouts.request
  const server = createServer({ requestTimeout, headersTimeout: Math.min(timeouts.headers, requestTimeout) })
  server.keepAliveTimeout = timeouts.keepAlive
  server.on('request', handle)
  await listen(server, host, options.port)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    close: () => close(server, options.grace ?? timeouts.close),
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

function close(server: Server, grace: number): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), grace)
    server.close(() => {
      clearTimeout(last)
      resolve()
    })
  })
}

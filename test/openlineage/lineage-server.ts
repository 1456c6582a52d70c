/** A real HTTP server in the place of a lineage service, that can be told to misbehave. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ToldEvent } from './told.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly event: ToldEvent
}

/** What is done with a request, once it has been read. */
export type Manner = (response: ServerResponse, received: Received) => void

export const answers =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Manner =>
  (response) =>
    void response.writeHead(status, headers).end(body)
/** The head of an answer, a part of its body, and no more. */
export const diesInMidAnswer: Manner = (response) => {
  response.writeHead(200, { 'content-length': '100' })
  response.write('half of ', () => response.destroy())
}
export const hangs: Manner = () => undefined
export const hangsUp: Manner = (response) => void response.socket?.destroy()

export interface LineageServer {
  readonly url: string
  /** All requests that came in whole. */
  readonly received: Received[]
  /** Those that were answered in whole with 200 or 201. */
  readonly taken: Received[]
  manner: Manner
  close(): Promise<void>
}

export async function lineageServer(port = 0): Promise<LineageServer> {
  const received: Received[] = []
  const taken: Received[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const one: Received = {
        path: `${request.method} ${request.url}`,
        headers: request.headers,
        event: JSON.parse(Buffer.concat(chunks).toString('utf8')) as ToldEvent,
      }
      received.push(one)
      response.on('finish', () => {
        if (response.statusCode < 300 && self.manner !== diesInMidAnswer) taken.push(one)
      })
      self.manner(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const self: LineageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    taken,
    manner: answers(201),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}

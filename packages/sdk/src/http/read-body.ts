import type { IncomingMessage } from 'node:http'

/** The body of a request; undefined where it is larger than `limit` bytes, and then it is not read to its end. */
export async function readBody(incoming: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  if (Number(incoming.headers['content-length'] ?? 0) > limit) return undefined
  const pieces: Buffer[] = []
  let size = 0
  // Left in the middle it would else be destroyed, and with it the connection that the refusal is told over.
  for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.byteLength
    if (size > limit) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

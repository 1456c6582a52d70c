/**
 * The bytes of a `COPY … TO STDOUT`.
 *
 * The server sends a message per row. The driver would make an object of each and pg-copy-streams a buffer of each; here
 * the socket's own buffers are used, with the rows moved together over the headings between them. That is what makes
 * reading a million rows cheaper for this process than writing them is for the server.
 */
import type { Readable } from 'node:stream'
import { InternalError } from '@viewcast/compiler/diagnostics'

const copyData = 'd'.charCodeAt(0)
const readyForQuery = 'Z'.charCodeAt(0)
const headingLength = 5
const none: Buffer = Buffer.alloc(0)

/** Chunks that wait for the consumer before the server is held back. */
const mostWaiting = 16

/** What belongs to the COPY, and what the driver has to see. */
interface Framed {
  /** Shares the chunk's memory. */
  readonly data: Buffer
  readonly messages: readonly Buffer[]
}

/** Takes the bytes of a connection as they come, cut anywhere. */
export function deframer(): (chunk: Buffer) => Framed {
  /** A heading, or a message that is not data, of which the end has not come. */
  let begun = none
  /** Bytes of a data message still to come. */
  let open = 0
  return (chunk) => {
    const messages: Buffer[] = []
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
    begun = none
    let end = 0
    let at = 0
    while (at < bytes.length) {
      if (open > 0) {
        const length = Math.min(open, bytes.length - at)
        if (at !== end) bytes.copyWithin(end, at, at + length)
        end += length
        at += length
        open -= length
        continue
      }
      if (at + headingLength > bytes.length) {
        begun = Buffer.from(bytes.subarray(at))
        break
      }
      const length = bytes.readUInt32BE(at + 1) + 1
      if (bytes[at] === copyData) {
        open = length - headingLength
        at += headingLength
      } else if (at + length > bytes.length) {
        begun = Buffer.from(bytes.subarray(at))
        break
      } else {
        messages.push(Buffer.from(bytes.subarray(at, at + length)))
        at += length
      }
    }
    return { data: bytes.subarray(0, end), messages }
  }
}

/** What is used here of the driver's connection. */
interface Connection {
  readonly stream: Pick<Readable, 'listeners' | 'on' | 'removeListener' | 'pause' | 'resume'>
  query(sql: string): void
}

/** What is used here of the client. */
interface Client {
  query(submittable: object): unknown
}

/** Ends when the session is free again. Whoever leaves early has to interrupt the session, which goes on sending. */
export async function* copyOut(client: Client, sql: string): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = []
  let error: Error | undefined
  let isFree = false
  let isLeft = false
  let wake = (): void => undefined
  let flow = (_: boolean): void => undefined
  client.query({
    submit(connection: Connection) {
      const { stream } = connection
      const [theirs] = stream.listeners('data') as ((chunk: Buffer) => void)[]
      if (theirs === undefined) throw new InternalError('The driver does not read its connection')
      const split = deframer()
      const ours = (chunk: Buffer): void => {
        const { data, messages } = split(chunk)
        if (data.length > 0 && !isLeft) {
          waiting.push(data)
          if (waiting.length >= mostWaiting) stream.pause()
          wake()
        }
        for (const message of messages) {
          // First, because the driver submits the next statement while it takes this message.
          if (message[0] === readyForQuery) {
            stream.removeListener('data', ours)
            stream.on('data', theirs)
            stream.resume()
          }
          theirs(message)
        }
      }
      flow = (yes) => void (yes ? stream.resume() : stream.pause())
      stream.removeListener('data', theirs)
      stream.on('data', ours)
      connection.query(sql)
    },
    handleError(e: Error) {
      error = e
      wake()
    },
    handleReadyForQuery() {
      isFree = true
      wake()
    },
    handleCommandComplete() {},
  })
  try {
    for (;;) {
      for (let data = waiting.shift(); data !== undefined; data = waiting.shift()) {
        yield data
        if (!isFree && waiting.length <= 1) flow(true)
      }
      if (error !== undefined) throw error
      if (isFree) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    isLeft = true
    waiting.length = 0
    if (!isFree) flow(true)
  }
}
